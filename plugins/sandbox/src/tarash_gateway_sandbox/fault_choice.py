"""Which fault a request is to meet, of those that were asked for by name."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tarash_gateway_sandbox.faults import FAULTS
from tarash_gateway_sandbox.faults.fault import Course
from tarash_gateway_sandbox.memory import BoundedDict
from tarash_gateway_sandbox.openrouter.faults import FAULTS as OPENROUTER_FAULTS

if TYPE_CHECKING:
    from tarash_gateway_sandbox.faults import Fault
    from tarash_gateway_sandbox.operations import RequestFacts

HEADER = "x-sandbox-fault"
KNOWN = {**FAULTS, **OPENROUTER_FAULTS}
"""The common catalogue, and what single vendors have besides."""
NAME = re.compile(r"(\w+?)(?:\*([1-9][0-9]{0,5}))?")
MOST_COUNTED = 200_000
"""Subjects whose counted faults are remembered."""
FOLLOWING = frozenset({"status", "content", "list", "cancel"})
"""Operations whose faults a job keeps when it is created with them."""


class UnknownFaultError(ValueError):
    """A fault that is not in the catalogue."""


@dataclass(frozen=True)
class CountedFault:
    """A fault that was asked for."""

    fault: Fault
    times: int | None = None
    """How many requests of one subject it hits; None is every one."""

    @property
    def follows(self) -> bool:
        """Whether a job keeps it for its later requests."""
        return bool(FOLLOWING.intersection(self.fault.on)) or self.fault.of_a_job


def fault_named(name: str) -> CountedFault:
    """Returns a fault by its name, `NAME*3` for three times, `NAME_once` for once.

    Args:
        name: The name.

    Returns:
        The fault, and how often.

    Raises:
        UnknownFaultError: There is none of that name.
    """
    found = NAME.fullmatch(name.strip())
    plain, count = (found[1], found[2]) if found else (name, None)
    if plain in KNOWN:
        fault = KNOWN[plain]
        return CountedFault(fault, int(count) if count else fault.times)
    base = plain.removesuffix("_once")
    if base in KNOWN and base != plain and count is None:
        return CountedFault(KNOWN[base], 1)
    msg = f"There is no sandbox fault '{name.strip()}'. There are: {', '.join(FAULTS)}."
    raise UnknownFaultError(msg)


def faults_named(names: str | Iterable[str]) -> tuple[CountedFault, ...]:
    """Returns faults by their names.

    Args:
        names: The names, or one text with commas between them.

    Returns:
        The faults, in order.

    Raises:
        UnknownFaultError: There is no fault of such a name.
    """
    listed = names.split(",") if isinstance(names, str) else [part for name in names for part in name.split(",")]
    return tuple(fault_named(name) for name in listed if name.strip())


class Tally:
    """How often each counted fault was played, by subject. Safe to use from any thread."""

    def __init__(self) -> None:
        self._played: BoundedDict[tuple[str, ...], int] = BoundedDict(MOST_COUNTED)
        self._lock = threading.Lock()

    def due(self, wanted: CountedFault, subject: tuple[str, ...]) -> bool:
        """Tells whether a fault is to be played once more; it is counted as played.

        Args:
            wanted: The fault.
            subject: What it is counted by: a job, a model and a prompt, or a path.
        """
        if wanted.times is None:
            return True
        key = (wanted.fault.name, *subject)
        with self._lock:
            played = self._played.get(key, 0)
            if played >= wanted.times:
                return False
            self._played.keep(key, played + 1, sum(map(len, key)))
        return True

    def clear(self) -> None:
        """Forgets what was played."""
        with self._lock:
            self._played.clear()


@dataclass(frozen=True)
class Choice:
    """What a request is to meet."""

    fault: Fault | None = None
    """What its answer meets."""
    job: tuple[CountedFault, ...] = ()
    """What the job meets that it creates."""


def choose(wanted: Iterable[CountedFault], facts: RequestFacts, tally: Tally, scripted: Fault | None = None) -> Choice:
    """Chooses among the faults that were asked for: the first that hits the request and is not used up.

    Args:
        wanted: The faults, in order; of several with one name the first counts.
        facts: The request.
        tally: What was played so far.
        scripted: A fault that its answer meets in any case.

    Returns:
        The choice.
    """
    named: dict[str, CountedFault] = {}
    for counted in wanted:
        named.setdefault(counted.fault.name, counted)
    job: list[CountedFault] = []
    chosen = scripted
    for counted in named.values():
        fault = counted.fault
        if facts.operation == "video" and counted.follows:
            # A course is counted by the jobs that take it, everything else by the job's later requests.
            if not isinstance(fault.effect, Course) or tally.due(counted, facts.subject):
                job.append(counted)
        elif chosen is None and not fault.of_a_job and fault.hits(facts) and tally.due(counted, facts.subject):
            chosen = fault
    return Choice(chosen, tuple(job))
