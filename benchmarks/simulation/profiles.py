"""The vendors that are simulated: invented, with figures of the size that real ones have."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

SIZE: Final = "1024x1024"
CLIP_SECONDS: Final = 8
"""How long a clip is."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Durations in seconds: measured ones drawn again, or a log-normal distribution.

    Attributes:
        median: half of them are shorter.
        sigma: the spread of their logarithm; 0 is always the median.
        measured: durations that were measured; they are drawn from instead.
    """

    median: float
    sigma: float = 0.0
    measured: Sequence[float] = ()

    def draw(self, chance: random.Random) -> float:
        """One of them."""
        if self.measured:
            return chance.choice(self.measured)
        return self.median if self.sigma == 0 else self.median * chance.lognormvariate(0.0, self.sigma)


@dataclass(frozen=True, slots=True)
class Profile:
    """How a vendor behaves. Times are seconds, prices US dollars."""

    name: str
    picture: Spread
    """From the arrival of a request to its picture."""

    job: Spread
    """From the creation of a job to its clip."""

    picture_price: float
    second_price: float
    """Of a second of video."""

    creating_a_minute: float | None = None
    """Creating requests that it takes in a minute; more are answered with 429."""

    burst: float = 10.0
    """Seconds of that rate that it takes at once, when it had nothing to do before."""

    at_once: int | None = None
    """Pictures and jobs that it works on at the same time; more are answered with 429."""

    tells_when: bool = True
    """Whether its 429 says when to come again."""

    lists_jobs: bool = True
    """Whether its jobs can be listed, so that a lost answer can be looked up."""

    shows_after: float = 1.0
    """How long a new job takes to show in that list."""

    reach: Spread = field(default_factory=lambda: Spread(0.05, 0.3))
    """From a request's sending to its arrival, and back again."""

    reading: Spread = field(default_factory=lambda: Spread(0.06, 0.4))
    """What a status request takes at the vendor."""

    accepting: Spread = field(default_factory=lambda: Spread(0.4, 0.4))
    """What the creation of a job takes at the vendor."""

    download: Spread = field(default_factory=lambda: Spread(1.5, 0.5))

    poll_after: float | None = None
    """When it asks a client to look at a job again."""

    gone: tuple[tuple[float, float], ...] = ()
    """Spans of time in which it is away, from and to, in seconds since the beginning."""

    gone_as: str = "unavailable"
    """How it is away: `unavailable` answers 503, `unreachable` takes no connection."""


PROFILES: Final = (
    Profile("studio", Spread(14.0, 0.35), Spread(95.0, 0.35), 0.04, 0.10, creating_a_minute=600, at_once=500),
    Profile(
        "flash",
        Spread(4.0, 0.4),
        Spread(45.0, 0.3),
        0.02,
        0.05,
        creating_a_minute=2400,
        at_once=800,
        lists_jobs=False,
    ),
    Profile(
        "atelier",
        Spread(25.0, 0.5),
        Spread(180.0, 0.4),
        0.08,
        0.20,
        creating_a_minute=300,
        at_once=400,
        tells_when=False,
        shows_after=5.0,
    ),
)


def profiles(count: int, rate: float = 1.0) -> tuple[Profile, ...]:
    """So many vendors, in turns of these kinds; `rate` multiplies what they take in a minute, and at once."""
    return tuple(
        replace(
            kind,
            name=kind.name if number < len(PROFILES) else f"{kind.name}-{number // len(PROFILES) + 1}",
            creating_a_minute=None if kind.creating_a_minute is None else kind.creating_a_minute * rate,
            at_once=None if kind.at_once is None else max(round(kind.at_once * rate), 1),
        )
        for number, kind in ((number, PROFILES[number % len(PROFILES)]) for number in range(count))
    )
