"""What a test has scripted: the answers and faults that wait for the next matching requests."""

from __future__ import annotations

import fnmatch
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tarash_gateway_sandbox.faults import Fault
    from tarash_gateway_sandbox.operations import RequestFacts
    from tarash_gateway_sandbox.replies import Reply


@dataclass
class _Scripted:
    played: Reply | Fault
    method: str | None
    path: str | None
    times: int | None

    def fits(self, facts: RequestFacts, method: str, path: str) -> bool:
        if self.method not in (None, method):
            return False
        if self.path is not None:
            return fnmatch.fnmatchcase(path, self.path)
        # A fault knows which requests it is for; a path that was given says it better.
        return not hasattr(self.played, "hits") or self.played.hits(facts)


class Script:
    """The answers that wait to be played, first come first served. Safe to use from any thread."""

    def __init__(self) -> None:
        self._waiting: list[_Scripted] = []
        self._lock = threading.Lock()

    def add(self, played: Reply | Fault, *, method: str | None, path: str | None, times: int | None) -> None:
        """Let the next matching requests get a reply instead of the real answer, or meet a fault.

        Args:
            played: What they get.
            method: Only requests with this method; None is any.
            path: Only requests with this path, `*` and `?` being wildcards; None is any, and for a fault those
                that it is for.
            times: How many requests; None is every one from now on.
        """
        with self._lock:
            self._waiting.append(_Scripted(played, method.upper() if method else None, path, times))

    def take(self, facts: RequestFacts, method: str, path: str) -> list[Reply | Fault]:
        """What is scripted for a request, counted down: every fault of a job, and the first of anything else."""
        taken: list[Reply | Fault] = []
        answered = False
        with self._lock:
            for scripted in list(self._waiting):
                of_a_job = getattr(scripted.played, "of_a_job", False)
                if (answered and not of_a_job) or not scripted.fits(facts, method, path):
                    continue
                answered = answered or not of_a_job
                if scripted.times is not None:
                    scripted.times -= 1
                    if scripted.times <= 0:
                        self._waiting.remove(scripted)
                taken.append(scripted.played)
        return taken

    def awaits(self, method: str, path: str) -> bool:
        """Whether something is scripted that may be for a request, as far as its head tells."""
        with self._lock:
            return any(
                scripted.method in (None, method)
                and (scripted.path is None or fnmatch.fnmatchcase(path, scripted.path))
                for scripted in self._waiting
            )

    def clear(self) -> None:
        """Forget everything scripted."""
        with self._lock:
            self._waiting.clear()
