"""How fast a vendor may be asked, as its refusals tell."""

from __future__ import annotations

from collections import deque
from typing import Final

FASTER: Final = 1.005
"""Times the pace, with each request that is sent."""

QUIET: Final = 60.0
"""Seconds without a refusal after which it has doubled besides; after twice as many it is sixteen times as fast."""

REMEMBERED: Final = 20.0
"""Requests from which the pace is told; what was before them weighs half."""

ENOUGH: Final = 4.0
"""Requests that must have been taken before they tell a pace. A few rows of a model, one of which was refused by
chance, tell how many there were to send, and not how many the vendor takes."""

ALIKE: Final = 4
"""Refusals with as many requests on their way, give or take one, after which it is that number which counts."""

LATE: Final = 0.1
"""Seconds by which a timer may be late, so that the next request is sent as if it had not been."""


class Pace:
    """When the next request may be sent.

    A vendor is at its limit whenever it refuses one for the rate. So what it took between two refusals, over the time
    between them, is what it takes, whatever it counts and however long its answers take.
    A vendor that counts what it works on takes another one as soon as it has less to do than at any refusal of late.

    Args:
        rate: requests a minute at the most; None for as many as the vendor takes.
    """

    def __init__(self, rate: float | None = None) -> None:
        self._spacing = 60.0 / rate if rate else 0.0
        self._own = self._learned = 0.0
        """When the next request may go by `rate`, and when by what the vendor takes."""

        self._a_second: float | None = None
        """What the vendor takes; None until it refuses something."""

        self._took = self._seconds = 0.0
        self._sent = 0
        self._since: float | None = None
        """When it was refused last, or when the first request went out."""

        self._beside: deque[int] = deque(maxlen=ALIKE)
        """How many were on their way when one was refused."""

    def opens(self, inside: int) -> float:
        """When the next request may go, with so many on their way."""
        least = min(self._beside, default=0)
        counted = len(self._beside) == ALIKE and max(self._beside) - least <= 1
        return self._own if counted and inside < least else max(self._own, self._learned)

    def sent(self, now: float, *, waited: bool) -> None:
        """A request goes out. It counts as taken until it is refused.

        Args:
            now: the time.
            waited: whether it was waiting already when it became due.
        """
        earliest = now - LATE if waited else now
        self._own = max(self._own, earliest) + self._spacing
        if self._since is None:
            self._since = now
        if self._a_second is not None:
            quiet = (now - self._since) / QUIET
            faster = FASTER ** min(self._sent, 1000) * 2.0 ** min(quiet * quiet, 60.0)
            self._learned = max(self._learned, earliest) + 1.0 / (self._a_second * faster)
        self._took += 1
        self._sent += 1

    def refused(self, now: float, beside: int, *, again: bool, away: bool) -> None:
        """A request was refused.

        Args:
            now: the time.
            beside: how many others are on their way.
            again: whether this refusal is new: the request was sent after the last one was heard of.
            away: whether the vendor takes nothing at all, which does not tell how much it would take.
        """
        self._took = max(self._took - 1, 0.0)
        if again and self._since is not None:
            self._beside.append(beside)
            self._sent = 0
            if not away:
                self._seconds += now - self._since
            self._since = now
        self._beside[-1] = min(self._beside[-1], beside)
        if self._seconds > 0.0 and self._took >= ENOUGH:
            self._a_second = self._took / self._seconds
        if again and self._took > REMEMBERED:
            self._took, self._seconds = self._took / 2, self._seconds / 2
