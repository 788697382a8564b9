"""What a flow can ask its driver for."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

ReturnT = TypeVar("ReturnT")


@dataclass(frozen=True, slots=True)
class Call:
    """Call `target.name(*args, **options)`, or its `_async` twin; gives what it returns, raises what it raises."""

    target: Any
    name: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Open:
    """Call `target.name(*args, **options)`, or its `_async` twin, which gives a stream that is not yet read."""

    target: Any
    name: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Next:
    """The next item of a stream, or `END`. The driver closes every stream when the flow ends or is left."""

    stream: Any
    timeout: float | None = None
    """Seconds that it may take."""


END = object()
"""What `Next` gives when there is no more."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait that many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    """Gives seconds on a clock that only goes forward."""


@dataclass(frozen=True, slots=True)
class Today:
    """Gives the date and time, UTC: to be written down or compared with a vendor's, never to measure with."""


@dataclass(frozen=True, slots=True)
class Random:
    """Gives a number from 0 up to 1."""


@dataclass(frozen=True, slots=True)
class Emit:
    """Tell the caller's progress callback; whatever the callback raises does not reach the flow."""

    update: Any


@dataclass(frozen=True, slots=True)
class Observe:
    """Tell the observers; whatever one raises does not reach the flow."""

    hook: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one child of a `Gather`: a value or an error."""

    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Gather:
    """Run these flows side by side; gives an `Outcome` for each, in order. One that fails cancels no other."""

    flows: tuple[Flow[Any], ...]


Command = Call | Open | Next | Sleep | Now | Today | Random | Emit | Observe | Gather
Flow = Generator[Command, Any, ReturnT]
