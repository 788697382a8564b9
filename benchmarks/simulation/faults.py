"""What can go wrong at a vendor, as data: the faults of the sandbox with the same names, those that a batch meets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from tarash.tarash_gateway.errors import ConnectionFailedError, ContentPolicyError, TarashError
from tarash.tarash_gateway.plugins import error_for_status

Kind = Literal["image", "video"]
Moment = Literal["refused", "lost", "made", "silent", "job", "poll", "download"]
"""When a fault strikes:

- `refused`: before any work is done, and the vendor says so;
- `lost`: nothing is made, and nobody can tell from the answer;
- `made`: it is made and paid, and the answer is lost;
- `silent`: it is made and paid, and no answer ever comes;
- `job`: the job comes to nothing, and is paid;
- `poll`, `download`: at a request that costs nothing.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        name: the sandbox's name of it.
        at: when it strikes.
        error: makes the error that a plugin raises; None where there is none to raise.
        kinds: the rows that can meet it.
        times: how often a row meets it; None is every time.
    """

    name: str
    at: Moment
    error: Callable[[], TarashError] | None = None
    kinds: tuple[Kind, ...] = ("image", "video")
    times: int | None = 1


def status(number: int, wait: float | None = None) -> Callable[[], TarashError]:
    """An answer with that HTTP status; `wait` is what it says in Retry-After, in seconds."""
    headers = None if wait is None else {"retry-after": str(wait)}
    return lambda: error_for_status(number, f"the vendor answered {number}", headers=headers)


def lost() -> TarashError:
    """The connection broke after the request had gone out."""
    return ConnectionFailedError("the connection broke before an answer came", retryable=True, billable="unknown")


def not_reached() -> TarashError:
    """No connection came about."""
    return ConnectionFailedError("the vendor cannot be reached", retryable=True, billable="no")


def moderated() -> TarashError:
    """The vendor does not make that."""
    return ContentPolicyError("the vendor refused the prompt")


VIDEO: Final[tuple[Kind, ...]] = ("video",)

FAULTS: Final = (
    Fault("rate_limited_once", "refused", status(429, 0.05)),
    Fault("unavailable_once", "refused", status(503)),
    Fault("moderation_blocked", "refused", moderated, times=None),
    Fault("dropped_once", "lost", lost),
    Fault("server_error", "lost", status(500), times=None),
    Fault("dropped_after_creation_once", "made", lost),
    Fault("server_error_after_creation_once", "made", status(500)),
    Fault("never_answers_after_creation_once", "silent", lost),
    Fault("job_failed", "job", kinds=VIDEO),
    Fault("poll_500*3", "poll", status(500), VIDEO, times=3),
    Fault("poll_dropped_once", "poll", lost, VIDEO),
    Fault("content_cut_once", "download", None, VIDEO),
    Fault("content_500_once", "download", status(500), VIDEO),
)

BY_NAME: Final = {fault.name: fault for fault in FAULTS}


def faults_of(kind: Kind, names: tuple[str, ...] | None = None) -> tuple[Fault, ...]:
    """The faults that a row of that kind can meet; of these names only, where some are given."""
    return tuple(fault for fault in FAULTS if kind in fault.kinds and (names is None or fault.name in names))
