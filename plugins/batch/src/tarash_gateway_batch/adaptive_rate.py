"""How fast a vendor may be asked, learned from its refusals."""

from __future__ import annotations

from collections import deque
from typing import Final

GROWTH: Final = 1.005
"""Factor by which the rate grows with each request that is sent."""

QUIET: Final = 60.0
"""Seconds without a refusal after which the rate has doubled; after twice as long it is sixteen times as high."""

WINDOW: Final = 20.0
"""Requests from which the rate is learned; those before them count half."""

MIN_REQUESTS: Final = 4.0
"""Requests that the vendor must have accepted before a rate is learned. A few rows of a model, one of which was refused
by chance, show how many rows there were, and not how many the vendor accepts."""

MATCHING_REFUSALS: Final = 4
"""Refusals with the same number of requests in flight, give or take one, after which the vendor limits that number."""

TIMER_SLACK: Final = 0.1
"""Seconds by which a timer may be late without delaying the next request."""


class AdaptiveRate:
    """Decides when the next request may be sent.

    A vendor is at its limit whenever it refuses a request for the rate. So the requests that it accepted between two
    refusals, divided by the time between them, are its rate, whatever it counts and however long its answers take.
    A vendor that limits the requests in flight accepts the next one as soon as fewer are in flight than at its last
    refusals.

    Args:
        rate: maximum requests a minute; None for as many as the vendor accepts.
    """

    def __init__(self, rate: float | None = None) -> None:
        self._spacing = 60.0 / rate if rate else 0.0
        self._next_by_rate = self._next_by_vendor = 0.0
        self._per_second: float | None = None
        """The vendor's rate; None until it refuses a request."""

        self._accepted = self._seconds = 0.0
        self._sent_since_refusal = 0
        self._last_refusal: float | None = None
        """Time of the last refusal, or of the first request."""

        self._in_flight_at_refusals: deque[int] = deque(maxlen=MATCHING_REFUSALS)

    def next_time(self, in_flight: int) -> float:
        """Returns when the next request may be sent, with `in_flight` requests in flight."""
        least = min(self._in_flight_at_refusals, default=0)
        limits_in_flight = (
            len(self._in_flight_at_refusals) == MATCHING_REFUSALS and max(self._in_flight_at_refusals) - least <= 1
        )
        if limits_in_flight and in_flight < least:
            return self._next_by_rate
        return max(self._next_by_rate, self._next_by_vendor)

    def sent(self, now: float, *, waited: bool) -> None:
        """Records that a request is sent. It counts as accepted until it is refused.

        Args:
            now: the time, in seconds.
            waited: whether it was waiting already when it became due.
        """
        earliest = now - TIMER_SLACK if waited else now
        self._next_by_rate = max(self._next_by_rate, earliest) + self._spacing
        if self._last_refusal is None:
            self._last_refusal = now
        if self._per_second is not None:
            quiet = (now - self._last_refusal) / QUIET
            factor = GROWTH ** min(self._sent_since_refusal, 1000) * 2.0 ** min(quiet * quiet, 60.0)
            self._next_by_vendor = max(self._next_by_vendor, earliest) + 1.0 / (self._per_second * factor)
        self._accepted += 1
        self._sent_since_refusal += 1

    def refused(self, now: float, others: int, *, is_new: bool, is_outage: bool) -> None:
        """Records that a request was refused.

        Args:
            now: the time, in seconds.
            others: how many other requests are in flight.
            is_new: whether the request was sent after the previous refusal was received.
            is_outage: whether the vendor accepts nothing at all, which does not show its rate.
        """
        self._accepted = max(self._accepted - 1, 0.0)
        counts = self._in_flight_at_refusals
        if is_new and self._last_refusal is not None:
            counts.append(others)
            self._sent_since_refusal = 0
            if not is_outage:
                self._seconds += now - self._last_refusal
            self._last_refusal = now
        counts[-1] = min(counts[-1], others)
        if self._seconds > 0.0 and self._accepted >= MIN_REQUESTS:
            self._per_second = self._accepted / self._seconds
        if is_new and self._accepted > WINDOW:
            self._accepted, self._seconds = self._accepted / 2, self._seconds / 2
