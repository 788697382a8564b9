"""When a job is looked at next.

A job that is done is known to be done within a second while it is younger than half a minute, and within a
twentieth of its age after that. Each look costs a request, so an older job is looked at less often.
"""

from __future__ import annotations

from typing import Any

from tarash.tarash_gateway.plugins.exchange import JobReport

SOONEST_LOOK = 0.5
"""Seconds between two looks at a job that was just made."""

YOUNG = 30.0
"""Seconds of age up to which a job is looked at every tenth of its age, and never later than `YOUNG_LOOK`."""

YOUNG_LOOK = 0.75
"""Seconds between two looks at a young job at the most; the rest of the second is left to the request itself."""

LATEST_LOOK = 20.0
"""Seconds between two looks at the most, whatever the vendor asks for."""

SHORTEST_WAIT = 0.05
"""Seconds between two looks at the least, whatever the vendor allows."""

SPREAD = 0.1
"""The share of a pause that chance may take away: jobs that were submitted together are not asked for together."""


def pause_before(report: JobReport[Any], age: float, chance: float, *, interval: float | None, first: bool) -> float:
    """Seconds until the next look.

    Args:
        report: the vendor's last answer.
        age: seconds since the wait began.
        chance: a number from 0 up to 1.
        interval: seconds that the caller wants between two looks.
        first: whether the job was not looked at yet. It may have failed or be done at once, so that this look is soon,
            whatever the interval.
    """
    if interval is not None:
        pause = interval
    elif report.poll_after is not None:
        pause = min(max(report.poll_after, SHORTEST_WAIT), LATEST_LOOK)
    else:
        pause = pause_at(age) * (1 - SPREAD * chance)
    return min(pause, SOONEST_LOOK) if first else pause


def pause_at(age: float) -> float:
    """Seconds between two looks at a job of this age, in seconds."""
    if age < YOUNG:
        return min(max(SOONEST_LOOK, age / 10), YOUNG_LOOK)
    return min(age / 25, LATEST_LOOK)
