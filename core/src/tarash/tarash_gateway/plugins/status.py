"""What an HTTP status means, the same for every vendor: a help for plugins, which know their vendor's own codes."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    InvalidRequestError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
)

_KINDS: dict[int, type[ProviderError]] = {
    401: AuthenticationError,
    402: QuotaExceededError,
    403: PermissionDeniedError,
    404: ModelNotFoundError,
    410: ModelNotFoundError,
    429: RateLimitError,
}

REFUSED = (429, 503, 529)
"""Statuses with which a vendor says that it did not take the request: waiting helps, and nothing was created."""


def error_for_status(
    status: int, message: str, *, headers: Mapping[str, str] | None = None, **known: Any
) -> ProviderError:
    """The error that an HTTP status means on its own.

    Args:
        status: the HTTP status, 400 or above.
        message: the text of the error, secrets masked.
        headers: the answer's headers, for the time to wait.
        known: what else the error carries, such as `code` and `raw`.

    Returns:
        An error whose `retryable` and `billable` follow the status: 429 and 503 created nothing; with any other 5xx,
        and with 408, it is not known whether the vendor went on.
    """
    kind = _KINDS.get(status)
    if kind is None:
        kind = ProviderUnavailableError if status >= 500 or status == 408 else InvalidRequestError
    lost = kind is ProviderUnavailableError and status not in REFUSED
    error = kind(
        message,
        status_code=status,
        retryable=status in REFUSED or lost,
        retry_after=seconds_to_wait(headers or {}),
        **known,
    )
    error.billable = "unknown" if lost else "no"
    return error


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of `retry-after-ms` or `Retry-After`, which is a number or a date; None where there is neither."""
    lowered = {name.lower(): value for name, value in headers.items()}
    milliseconds = lowered.get("retry-after-ms")
    if milliseconds is not None and _number(milliseconds) is not None:
        return max(float(milliseconds) / 1000, 0.0)
    text = lowered.get("retry-after")
    if text is None:
        return None
    seconds = _number(text)
    if seconds is not None:
        return max(seconds, 0.0)
    try:
        then = email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    # A date far away says more about a clock than about the vendor.
    return min(max(then - time.time(), 0.0), 86_400.0)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None  # noqa: PLR0124 # NaN is the one value unlike itself
