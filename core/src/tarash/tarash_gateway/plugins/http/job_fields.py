"""The fields of a job, from the vendor's own values: decided on the raw answer, masked where they are shown. Pure."""

from __future__ import annotations

from typing import Any

from tarash.tarash_gateway._redaction import Redaction
from tarash.tarash_gateway.models.job import GenerationJob
from tarash.tarash_gateway.plugins.http.error_body import read_error_body
from tarash.tarash_gateway.plugins.http.status_words import read_status, says_something
from tarash.tarash_gateway.plugins.http.values import read_id, read_number, read_time

LONGEST_WORD = 100
"""Characters of a vendor's status word or error code that a job keeps."""


def job_fields(
    job: GenerationJob,
    *,
    id: object = None,  # noqa: A002 # the job's own name for it
    status: object = None,
    progress: object = None,
    error: object = None,
    created_at: object = None,
    completed_at: object = None,
    expires_at: object = None,
    duration_seconds: object = None,
    redaction: Redaction | None = None,
) -> dict[str, Any]:
    """Reads what changes of `job`; `VideoStatus.of` documents the arguments."""
    redaction = redaction or Redaction()
    known = {"error": error, "completed_at": completed_at, "progress": progress}
    meaning = read_status(status, known) or ("queued" if status is None and not job.id else "in_progress")
    word = None if status is None or status == meaning else redaction.text(status)[:LONGEST_WORD]
    percent = read_number(progress.rstrip("% ") if isinstance(progress, str) else progress)
    body = read_error_body(error if says_something(error) else None)
    news: dict[str, Any] = {
        "id": read_id(id),
        "status": meaning,
        "progress": None if percent is None else min(max(percent, 0.0), 100.0),
        "created_at": read_time(created_at),
        "completed_at": read_time(completed_at),
        "expires_at": read_time(expires_at),
        "duration_seconds": read_number(duration_seconds),
        "error_code": None if body.code is None else redaction.text(body.code)[:LONGEST_WORD],
        "error_message": None if body.message is None else redaction.text(body.message),
    }
    # A word that the vendor said of an earlier status is not kept; whatever else it does not repeat is.
    return {**{name: value for name, value in news.items() if value is not None}, "vendor_status": word}
