"""What a fake vendor does instead of answering well.

An `Answer` is a fault too: it is given in place of the real one, and nothing was made. With every other fault but
`Redirected` the vendor has done what it was asked, and its answer goes wrong on the way.
"""

from __future__ import annotations

from dataclasses import dataclass

from tarash_gateway_testing.fake.answers import Answer
from tarash_gateway_testing.fake.forms import Form

__all__ = ["Changed", "Cut", "Drips", "Dropped", "Fault", "Hangs", "Redirected", "Stalls"]

LONGEST = 2.0
"""Seconds after which a silent server ends the connection by itself: a client that ignores its deadline goes on."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection ends before the answer."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Half of the answer comes, then the connection ends."""

    orderly: bool = False
    """Whether a stream ends as if it were whole."""


@dataclass(frozen=True, slots=True)
class Hangs:
    """No answer comes."""

    seconds: float = LONGEST


@dataclass(frozen=True, slots=True)
class Stalls:
    """Half of the answer comes, and then nothing."""

    seconds: float = LONGEST


@dataclass(frozen=True, slots=True)
class Drips:
    """The answer comes a byte at a time, each in time for a client that only limits its single reads."""

    seconds: float = LONGEST
    pause: float = 0.05
    """Seconds between two bytes."""


@dataclass(frozen=True, slots=True)
class Redirected:
    """The client is sent to the same path at another origin."""

    origin: str
    status: int = 307


@dataclass(frozen=True, slots=True)
class Changed:
    """The answer comes in another form."""

    form: Form


Fault = Changed | Answer | Dropped | Cut | Hangs | Stalls | Drips | Redirected
