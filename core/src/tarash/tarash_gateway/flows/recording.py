"""What a flow writes into the journal: the intent before it is sent, then what became of it.

The intent must be on the disk before a request goes out. Whatever is written later harms no job when it fails: a full
disk is a line in the log.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Any

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.commands import Either, Flow
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.models.job import GenerationJob, MediaKind, VideoJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import GenerationRequest
from tarash.tarash_gateway.plugins.exchange import InputFile, PreparedRequest
from tarash.tarash_gateway.plugins.provider import Provider

_OUTCOMES = {"no": "refused", "unknown": "unconfirmed", "yes": "failed"}
"""What an error of a creating request means, by what it says of the bill."""


def record_request(
    context: Context, kind: MediaKind, provider: Provider, prepared: PreparedRequest[Any]
) -> Flow[str | None]:
    """Writes that a request is about to be sent; returns the intent's id, where there is a journal.

    Raises:
        SaveError: it could not be written, so nothing is sent.
    """
    journal = context.journal
    if journal is None:
        return None
    facts = {
        "provider": context.config.provider,
        "model": context.model,
        "request_id": context.request_id,
        "endpoint": provider.endpoint,
        "asked": snapshot_of(prepared),
    }
    intent: str = yield Either(journal.record_request, journal.record_request_async, (kind,), facts)
    return intent


def record(
    context: Context,
    event: str,
    *,
    intent: str | None = None,
    result_of: GenerationJob | None = None,
    error: BaseException | None = None,
    **facts: Any,
) -> Flow[None]:
    """Writes what became of an intent or of a job, where there is a journal.

    Args:
        context: the call.
        event: the journal's word for it.
        intent: the intent's id.
        result_of: the job whose result it is.
        error: why there is no result.
        facts: what else there is to know.
    """
    journal = context.journal
    if journal is None:
        return
    if result_of is not None:
        facts |= {"endpoint": result_of.endpoint, "job_id": result_of.id}
    if error is not None:
        facts["error"] = f"{type(error).__name__}: {error}"
    try:
        yield Either(journal.write, journal.write_async, (event,), {"intent": intent, **facts})
    except TarashError as failure:
        context.log(logging.WARNING, "the journal could not be written (%s); the call goes on", failure)


def record_error(context: Context, intent: str | None, error: TarashError) -> Flow[None]:
    """Writes what an error means for the intent."""
    yield from record(context, _OUTCOMES[error.billable], intent=intent, error=error)


def record_job(context: Context, job: GenerationJob, intent: str | None = None) -> Flow[None]:
    """Writes which job the intent became; or, without an intent, that a job is resumed."""
    if context.journal is not None:
        yield from record(context, "job", intent=intent, job=job.model_dump(mode="json"))


def record_video(context: Context, job: GenerationJob, video: Media) -> Flow[None]:
    """Writes that a video came, and the file that it is in where it was saved."""
    if context.journal is not None:  # a digest of many bytes is made when it is asked for
        path = None if video.path is None else str(video.path.absolute())
        event = "made" if path is None else "saved"
        yield from record(context, event, result_of=job, path=path, sha256=video.sha256)


def snapshot_of(prepared: PreparedRequest[Any]) -> dict[str, Any]:
    """Describes a request as it is sent."""
    return request_snapshot(prepared.request, prepared.images, prepared.mask)


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
