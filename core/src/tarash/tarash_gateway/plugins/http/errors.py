"""What an answer with an error in it means, in the gateway's errors; and what a look at a job may run into. Pure."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ContentPolicyError,
    DownloadError,
    InvalidRequestError,
    InvalidResponseError,
    JobExpiredError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    TarashError,
)
from tarash.tarash_gateway.plugins.http.answer import Answer
from tarash.tarash_gateway.plugins.http.error_body import ErrorBody, read_error_body
from tarash.tarash_gateway.plugins.http.values import read_number

if TYPE_CHECKING:
    from tarash.tarash_gateway.models.job import GenerationJob
    from tarash.tarash_gateway.plugins.exchange import Sink

LONGEST_CODE = 200
"""Characters of a vendor's code that an error keeps."""

_NOT_READY = re.compile(
    r"not (yet )?(completed?|ready|finished|available|done|generated)|(still|currently) (being )?"
    r"(processing|running|generat|in progress|queued|processed|rendered)|in progress|try again (later|in)",
    re.IGNORECASE,
)
"""How a server says that a result is made and cannot be fetched for a moment."""

_NOT_READY_STATUSES = (400, 404, 409, 422, 423, 425)


def read_error(
    answer: Answer, *, hints: Mapping[int, str] | None = None, creating: bool | None = None, at: str = ""
) -> TarashError:
    """Makes the error of an answer with a status of 300 or above.

    Args:
        answer: the answer; its body may be JSON in any shape, text, a page or nothing.
        hints: what a caller should look at, by status.
        creating: whether something was to be made, rather than a known job asked about: then a 404 says something
            about the model's name. By default, whether a POST was answered.
        at: what the message says behind the status, such as the vendor behind a gateway.

    Returns:
        A `ContentPolicyError` where moderation refused, by code or by sentence, whatever the status; a
        `QuotaExceededError` where the money is used up; else what the status means.
    """
    if answer.status < 400:
        return _redirect(answer)
    return error_of(answer, read_error_body(answer.body), hints=hints, creating=creating, at=at)


def error_of(
    answer: Answer,
    body: ErrorBody,
    *,
    status: int | None = None,
    hints: Mapping[int, str] | None = None,
    creating: bool | None = None,
    at: str = "",
) -> TarashError:
    """Makes the error of a body that was read already; `status` is what counts where it is not the answer's."""
    status = status or answer.status
    words = answer.text(body.words).rstrip()
    details = _details(answer, body)
    if body.is_refusal:
        return _refusal(answer, body, status=status)
    creating = answer.method == "POST" if creating is None else creating
    hint = "" if status == 404 and not creating else (hints or {}).get(status, "")
    behind = "".join(f", {part}" for part in (details["code"] or "", at) if part and part != str(status))
    text = f"{words} (HTTP {status}{behind})" + (f". {hint}" if hint else "")
    if body.is_out_of_money:
        msg = f"{text}. Waiting does not help: look at the account's billing."
        return QuotaExceededError(msg, status_code=status, **details)
    error = error_for_status(status, text, headers=answer.headers, **details)
    if error.retry_after is None:
        error.retry_after = _retry_after(body.details)
    return error


def embedded_error(answer: Answer, value: Any, **options: Any) -> TarashError:
    """Makes the error of a good answer that is an error: its code is what the status would have been."""
    body = read_error_body(value)
    number = body.details.get("code")
    if not body.is_refusal and isinstance(number, int) and 400 <= number < 600:
        return error_of(answer, body, status=number, **options)
    if body.is_refusal:
        return _refusal(answer, body, status=answer.status)
    msg = f"the vendor answered {answer.status} with an error in it: {answer.text(body.words)}"
    return InvalidResponseError(msg, status_code=answer.status, billable="unknown", **_details(answer, body))


def event_error(answer: Answer, event: Mapping[str, Any]) -> TarashError:
    """Makes the error of an event in a stream: the answer had begun, so that something may have been made."""
    body = read_error_body(event)
    details = {**_details(answer, body), "billable": "unknown"}
    words = answer.text(body.words)
    if body.is_refusal:
        msg = f"moderation ended the stream: {words}"
        categories = [answer.text(category) for category in body.categories]
        return ContentPolicyError(msg, stage="output", categories=categories, **details)
    return ProviderUnavailableError(f"the stream ended with an error: {words}", **details)


def job_refusal(answer: Answer, body: ErrorBody, job: GenerationJob, **details: Any) -> ContentPolicyError:
    """Makes the error of a job that moderation ended."""
    msg = f"job {job.id} was ended by moderation: {job.error_message or job.error_code}"
    categories = [answer.text(category) for category in body.categories]
    return ContentPolicyError(
        msg, stage="output", categories=categories, job=job, code=job.error_code, **{"billable": "unknown", **details}
    )


@contextmanager
def creation_errors() -> Iterator[None]:
    """Marks an unreadable answer to a submit as one that may stand for a job."""
    try:
        yield
    except InvalidResponseError as error:
        if error.billable == "yes" and error.job is None:
            error.billable = "unknown"
        raise


@contextmanager
def job_errors(job: GenerationJob) -> Iterator[None]:
    """Words the errors of a poll: the job exists and is paid for, so what is not final may pass."""
    try:
        yield
    except ModelNotFoundError as error:
        # A job that was just made may not be known everywhere yet.
        raise job_gone(job, error, retryable=error.status_code == 404) from error
    except InvalidResponseError as error:
        error.retryable = error.retryable or error.job is None
        raise


def job_gone(job: GenerationJob, error: TarashError, *, retryable: bool) -> JobExpiredError:
    """Makes the error of a job that the vendor does not know; `retryable` where it may know it a moment later."""
    msg = f"the vendor does not know job {job.id} (any more): {error}"
    return JobExpiredError(msg, status_code=error.status_code, code=error.code, raw=error.raw, retryable=retryable)


@contextmanager
def download_errors(job: GenerationJob, sink: Sink) -> Iterator[None]:
    """Words the errors of a download: the video is paid for, and exists unless the vendor says that it is gone.

    A refusal that says "not completed yet", or with a status that means it, is asked again.
    """
    try:
        yield
    except ModelNotFoundError as error:
        msg = f"the video of job {job.id} is not there (any more): {error}"
        gone = error.status_code == 410
        raise JobExpiredError(msg, status_code=error.status_code, raw=error.raw, retryable=not gone) from error
    except (InvalidRequestError, DownloadError) as error:
        if error.status_code == 416:
            sink.restart()  # what is there is no beginning of what the vendor has
            why = "does not go on where it was cut"
        elif is_not_ready(error):
            why = "is not ready yet"
        else:
            raise
        msg = f"the video of job {job.id} {why}: {error}"
        raise DownloadError(msg, status_code=error.status_code, raw=error.raw, retryable=True) from error


def is_not_ready(error: TarashError) -> bool:
    """Whether a refusal to hand out a result means that it is there a moment later."""
    if error.status_code in (409, 423, 425):
        return True
    return error.status_code in _NOT_READY_STATUSES and _NOT_READY.search(error.message) is not None


def _redirect(answer: Answer) -> TarashError:
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname or "another address"
    except ValueError:
        host = "another address"
    msg = (
        f"the server redirects to {answer.text(host)}, which is not followed so that the key stays at its host; "
        "set base_url to it if you trust it"
    )
    return InvalidResponseError(msg, status_code=answer.status, billable="no")


def _refusal(answer: Answer, body: ErrorBody, *, status: int) -> ContentPolicyError:
    stage = body.stage
    msg = f"moderation {'withheld the result' if stage == 'output' else 'refused the request'}: "
    categories = [answer.text(category) for category in body.categories]
    error = ContentPolicyError(
        msg + answer.text(body.words), stage=stage, categories=categories, status_code=status, **_details(answer, body)
    )
    if answer.status < 300 and stage == "output":
        error.billable = "unknown"
    return error


def _details(answer: Answer, body: ErrorBody) -> dict[str, Any]:
    code = None if body.code is None else answer.text(body.code)[:LONGEST_CODE]
    return {"code": code, "raw": answer.redaction.shown(body.body)}


def _retry_after(details: Mapping[str, Any]) -> float | None:
    """Seconds to wait that stand in the body: `retry_after`, or `retryDelay` of `RetryInfo` of gRPC, as in `34.5s`."""
    listed = details.get("details")
    tables = [details, *(item for item in (listed if isinstance(listed, list) else []) if isinstance(item, Mapping))]
    for table in tables:
        for name in ("retry_after", "retryAfter", "retryDelay", "retry_delay"):
            value = table.get(name)
            seconds = read_number(value.strip().removesuffix("s") if isinstance(value, str) else value)
            if seconds is not None and 0 <= seconds <= 86_400:
                return seconds
    return None


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
    status: int, message: str, *, headers: Mapping[str, str] | None = None, **details: Any
) -> ProviderError:
    """Returns the error that an HTTP status means on its own.

    Args:
        status: the HTTP status, 400 or above.
        message: the text of the error, secrets masked.
        headers: the answer's headers, for the time to wait.
        details: what else the error carries, such as `code` and `raw`.

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
        **details,
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
