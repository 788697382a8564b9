"""What the line of a call says."""

from __future__ import annotations

import os
from datetime import UTC
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.errors import Billable, TarashError

if TYPE_CHECKING:
    from tarash.tarash_gateway.models.response import GenerationResponse
    from tarash.tarash_gateway.plugins import CallContext, CallOutcome

VERSION = 1
"""Of the lines; a reader leaves out what it does not know."""

TAG = "TARASH_TAG"
"""The environment variable that holds the project, or whatever the costs are to be told apart by."""


def entry_of(context: CallContext, outcome: CallOutcome, job_id: str | None = None) -> dict[str, Any]:
    """Makes the ledger's line of one call.

    Args:
        context: which call it was.
        outcome: what became of it.
        job_id: its job, where one was told before the end.
    """
    response, error, job = outcome.response, outcome.error, outcome.job
    named = response or (error if isinstance(error, TarashError) else None)
    return {
        "v": VERSION,
        "time": context.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "tag": os.environ.get(TAG, "").strip() or None,
        "request_id": context.request_id,
        "provider_request_id": _first(response, job, name="provider_request_id"),
        "kind": context.kind,
        "operation": context.operation,
        # Of a chain the one that made it, or failed last; of the first, where nothing is known.
        "provider": _first(named, job, context, name="provider"),
        "model": _first(named, job, context, name="model"),
        "cost": outcome.cost,
        "cost_source": outcome.cost_source,
        "usage": None if response is None else response.usage,
        **_counts(context, response),
        "billable": _billable(context, outcome, known_job=job is not None or job_id is not None),
        "error": None if error is None else type(error).__name__,
        "job_id": job.id if job is not None else job_id,
        "elapsed_seconds": round(outcome.seconds, 3),
    }


def _counts(context: CallContext, response: GenerationResponse | None) -> dict[str, Any]:
    """Counts the images or videos, and the seconds of all videos together where each is known."""
    media = [] if response is None else response.media
    lengths = [video.duration_seconds for video in media] if context.kind == "video" else []
    measured = [length for length in lengths if length is not None]
    return {
        "images": len(media) if context.kind == "image" else 0,
        "videos": len(media) if context.kind == "video" else 0,
        "video_seconds": round(sum(measured), 3) if measured and len(measured) == len(lengths) else None,
    }


def _billable(context: CallContext, outcome: CallOutcome, *, known_job: bool) -> Billable:
    """Whether this call may appear on a bill; a job that several calls are about appears once."""
    if isinstance(outcome.error, TarashError):
        return outcome.error.billable
    if outcome.error is not None:  # broken off: nobody waited for the answer
        return "unknown"
    if context.operation == "cancel":
        return "unknown"
    return "yes" if outcome.response is not None or known_job else "no"


def _first(*sources: object, name: str) -> Any:
    return next((value for value in (getattr(source, name, None) for source in sources) if value is not None), None)
