"""What a flow writes into the journal: the intent before it is sent, then what became of it.

The intent must be on the disk before a request goes out. Whatever is written later harms no job when it fails: a full
disk is told in the log.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Any, Literal

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.commands import Call, Flow
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import GenerationRequest
from tarash.tarash_gateway.plugins.provider import InputFile

_OUTCOMES = {"no": "refused", "unknown": "unconfirmed", "yes": "failed"}
"""What an error of a creating request means, by what it says of the bill."""


def intend(context: Context, kind: Literal["image", "video"], endpoint: str, asked: dict[str, Any]) -> Flow[str | None]:
    """Writes that a request is about to be sent; gives the intent's id, where there is a journal.

    Raises:
        SaveError: it could not be written, so nothing is sent.
    """
    if context.journal is None:
        return None
    facts = {**context.known(), "endpoint": endpoint, "asked": asked}
    intent: str = yield Call(context.journal, "intend", (kind,), facts)
    return intent


def note_outcome(context: Context, intent: str | None, error: TarashError) -> Flow[None]:
    """Writes what an error means for the intent."""
    told = f"{type(error).__name__}: {error}"
    yield from _note(context, _OUTCOMES[error.billable], intent=intent, error=told)


def note_job(context: Context, job: VideoJob, intent: str | None = None) -> Flow[None]:
    """Writes which job the intent became; or, without an intent, that a job is taken up again."""
    yield from _note(context, "job", intent=intent, job=job)


def note_end(context: Context, job: VideoJob, error: TarashError) -> Flow[None]:
    """Writes that a job came to nothing."""
    told = f"{type(error).__name__}: {error}"
    yield from _note(context, "failed", endpoint=job.endpoint, job_id=job.id, error=told)


def note_video(context: Context, job: VideoJob, video: Media) -> Flow[None]:
    """Writes that a clip came, and the file that it is in where it was saved."""
    if context.journal is None:
        return
    path = None if video.path is None else str(video.path.absolute())
    event = "made" if path is None else "saved"
    yield from _note(context, event, endpoint=job.endpoint, job_id=job.id, path=path, sha256=video.sha256)


def note_pictures(context: Context, intent: str | None, count: int) -> Flow[None]:
    """Writes that pictures came."""
    yield from _note(context, "made", intent=intent, count=count)


def _note(context: Context, event: str, **facts: Any) -> Flow[None]:
    if context.journal is None:
        return
    job = facts.get("job")
    if job is not None:
        facts["job"] = job.model_dump(mode="json")
    try:
        yield Call(context.journal, "write", (event,), facts)
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
