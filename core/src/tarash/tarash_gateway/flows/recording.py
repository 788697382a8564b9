"""What a flow writes into the journal: the intent before it is sent, then what became of it.

The intent must be on the disk before a request goes out. Whatever is written later harms no job when it fails: a full
disk is told in the log.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Any, Literal

from tarash.tarash_gateway.errors import (
    ContentPolicyError,
    GenerationFailedError,
    JobExpiredError,
    TarashError,
)
from tarash.tarash_gateway.flows.commands import Either, Flow
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.models.job import GenerationJob, VideoJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import GenerationRequest
from tarash.tarash_gateway.plugins.exchange import InputFile

_OUTCOMES = {"no": "refused", "unknown": "unconfirmed", "yes": "failed"}
"""What an error of a creating request means, by what it says of the bill."""


def record_request(
    context: Context, kind: Literal["image", "video"], endpoint: str, request: dict[str, Any]
) -> Flow[str | None]:
    """Writes that a request is about to be sent; returns the intent's id, where there is a journal.

    Raises:
        SaveError: it could not be written, so nothing is sent.
    """
    if context.journal is None:
        return None
    journal = context.journal
    facts = {
        "provider": context.config.provider,
        "model": context.model,
        "request_id": context.request_id,
        "endpoint": endpoint,
        "asked": request,
    }
    intent: str = yield Either(journal.record_request, journal.record_request_async, (kind,), facts)
    return intent


def record_error(context: Context, intent: str | None, error: TarashError) -> Flow[None]:
    """Writes what an error means for the intent."""
    yield from _record(context, _OUTCOMES[error.billable], {"intent": intent, "error": _text_of(error)})


def record_job(context: Context, job: GenerationJob, intent: str | None = None) -> Flow[None]:
    """Writes which job the intent became; or, without an intent, that a job is taken up again."""
    if context.journal is not None:
        yield from _record(context, "job", {"intent": intent, "job": job.model_dump(mode="json")})


def record_created_job(
    context: Context, job: GenerationJob, intent: str | None, error: BaseException, *, resumable: bool
) -> Flow[None]:
    """Writes of a job that a plugin told of, and whose result did not come, what became of it."""
    over = isinstance(error, (ContentPolicyError, GenerationFailedError, JobExpiredError))
    facts = {"intent": intent, "job": job.model_dump(mode="json"), "error": f"{type(error).__name__}: {error}"}
    yield from _record(context, "failed" if over else "job" if resumable else "unconfirmed", facts)


def record_failed_job(context: Context, job: GenerationJob, error: TarashError) -> Flow[None]:
    """Writes that a job came to nothing."""
    facts = {"endpoint": job.endpoint, "job_id": job.id, "error": _text_of(error)}
    yield from _record(context, "failed", facts)


def record_video(context: Context, job: GenerationJob, video: Media) -> Flow[None]:
    """Writes that a clip came, and the file that it is in where it was saved."""
    path = None if video.path is None else str(video.path.absolute())
    event = "made" if path is None else "saved"
    if context.journal is not None:  # a digest of many bytes is made when it is asked for
        facts = {"endpoint": job.endpoint, "job_id": job.id, "path": path, "sha256": video.sha256}
        yield from _record(context, event, facts)


def record_images(
    context: Context, count: int, *, intent: str | None = None, job: GenerationJob | None = None
) -> Flow[None]:
    """Writes that images came: of an intent, or of a job."""
    facts: dict[str, Any] = {"intent": intent, "count": count}
    if job is not None:
        facts |= {"endpoint": job.endpoint, "job_id": job.id}
    yield from _record(context, "made", facts)


def record_not_found(context: Context, intent: str) -> Flow[None]:
    """Writes that the vendor's job list, read to its end, does not show what an intent asked for."""
    yield from _record(context, "absent", {"intent": intent})


def _text_of(error: TarashError) -> str:
    return f"{type(error).__name__}: {error}"


def _record(context: Context, event: str, facts: dict[str, Any]) -> Flow[None]:
    journal = context.journal
    if journal is None:
        return
    try:
        yield Either(journal.write, journal.write_async, (event,), facts)
    except TarashError as error:
        context.log(logging.WARNING, "the journal could not be written (%s); the call goes on", error)


def request_snapshot(
    request: GenerationRequest, images: Sequence[InputFile] = (), mask: InputFile | None = None
) -> dict[str, Any]:
    """Describes `request` as plain JSON, with digests in place of media: for jobs, responses and the journal.

    Args:
        request: the request, checked and converted.
        images: its input images, fetched.
        mask: its mask, fetched.
    """
    snapshot: dict[str, Any] = request.model_dump(
        mode="json", exclude_none=True, exclude_defaults=True, exclude={"image_list", "mask_image", "video"}
    )
    if images:
        snapshot["image_list"] = [{"type": file.role, "sha256": _digest(file)} for file in images]
    if mask is not None:
        snapshot["mask_image"] = {"sha256": _digest(mask)}
    video = getattr(request, "video", None)
    if isinstance(video, (VideoJob, str)):
        snapshot["video"] = video.id if isinstance(video, VideoJob) else video
    return snapshot


def _digest(file: InputFile) -> str:
    return hashlib.sha256(file.content).hexdigest()
