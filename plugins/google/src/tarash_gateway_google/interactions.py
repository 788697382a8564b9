"""What an interaction says of a job. "completed" is not success: a refusal comes so, too. Pure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import VideoStatus
from tarash.tarash_gateway.plugins.http import (
    Answer,
    job_object,
    job_refusal,
    read_count,
    read_error_body,
    read_job_id,
    read_status,
    read_text,
    read_time,
)
from tarash_gateway_google.urls import Urls

logger = logging.getLogger("tarash.google")

_ENDS_WITHOUT_AN_ERROR = ("incomplete", "budget_exceeded")
"""States that say themselves why there is no video."""

_IDLE = "idle"
"""The model waits for the next input: its turn is over."""


@dataclass(frozen=True, slots=True)
class Video:
    """A video that was made: where it is, or what it is."""

    uri: str | None = None
    base64: str | None = field(default=None, repr=False)


def read_interaction(answer: Answer, before: VideoJob, urls: Urls) -> tuple[VideoStatus, list[Video]]:
    """Returns what an answer says of a job, over what is known of it, and the videos that are in it.

    Raises:
        InvalidResponseError: it is no interaction, or a finished one whose video cannot be found.
        ContentPolicyError: it is "completed" and made no video: the model wrote why, and `error.raw` has it.
    """
    parsed = dict(job_object(answer.object()))
    # Every poll gives the input back: prompt and images are the caller's, and stay out of what is kept.
    kept = _without_input(parsed)
    raw = answer.shown(kept)
    videos = list(_videos(parsed))
    status = _status(parsed, answer, before, videos, raw)
    job = status.job
    if files := _files(videos, urls):
        job = job.model_copy(update={"provider_data": {**job.provider_data, "files": files}})
    if job.status == "completed" and not videos:
        raise _without_a_video(parsed, job, answer.redaction.shown(kept))
    usage = raw.get("usage")
    notes = job.provider_data.get("notes", []) if job.finished else []
    return replace(status, job=job, usage=usage if isinstance(usage, dict) else None, warnings=tuple(notes)), videos


def _status(
    parsed: dict[str, Any], answer: Answer, before: VideoJob, videos: list[Video], raw: dict[str, Any]
) -> VideoStatus:
    job_id = before.id or read_job_id(parsed)
    if not job_id:
        msg = "the vendor's answer holds no job id"
        raise InvalidResponseError(msg, status_code=answer.status, raw=answer.redaction.shown(parsed))
    word, failure = parsed.get("status", parsed.get("state")), parsed.get("errors") or parsed.get("error")
    if word in _ENDS_WITHOUT_AN_ERROR and not failure:
        failure = {"code": word}
    meaning: Any = word
    if word == _IDLE:
        meaning = "completed" if videos or _outputs(parsed) else "in_progress"
    elif read_status(word) == "failed" and videos:
        meaning = "completed"  # cut short, and there is something to fetch
    status = VideoStatus.of(
        before,
        id=job_id,
        status=meaning or "in_progress",
        error=failure,
        completed_at=parsed.get("completed_at"),
        # It changes with every poll: the first one is nearest to the truth.
        created_at=before.created_at.timestamp() if before.created_at else parsed.get("created"),
        outputs=len(videos) or None,
        redaction=answer.redaction,
        raw=raw,
    )
    job, odd = status.job, status.job.vendor_status
    if odd and odd != before.vendor_status and read_status(meaning) is None:
        logger.warning("job %s has a status %r that is not known; it is taken as %s", job.id, odd, job.status)
    if job.status == "failed" and (body := read_error_body(failure)).is_refusal:
        raise job_refusal(answer, body, job)
    if job.status == "completed" and job.completed_at is None:
        return replace(status, job=job.model_copy(update={"completed_at": read_time(parsed.get("updated"))}))
    return status


def _without_a_video(parsed: dict[str, Any], job: VideoJob, raw: Any) -> InvalidResponseError | ContentPolicyError:
    if _video_tokens(parsed):
        msg = f"job {job.id} is completed and was counted as a video, and its answer holds none"
        return InvalidResponseError(msg, job=job, raw=raw, billable="yes")
    msg = (
        f"job {job.id} was refused: it is completed, and the model wrote a text instead of a video. "
        "What it wrote may quote the prompt; it is in error.raw only."
    )
    return ContentPolicyError(msg, stage="output", job=job, raw=raw, billable="unknown")


def _without_input(parsed: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in parsed.items() if name not in ("input", "system_instruction", "steps")}
    outputs = _outputs(parsed)
    return {**kept, "steps": outputs} if outputs else kept


def _outputs(parsed: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in _list(parsed.get("steps")) if step.get("type") == "model_output"]


def _videos(parsed: dict[str, Any]) -> Iterator[Video]:
    parts: list[Any] = [part for step in _outputs(parsed) for part in _list(step.get("content"))]
    if not any(_is_video(part) for part in parts):
        parts = [*_list(parsed.get("outputs")), parsed.get("output_video"), parsed.get("video")]
    for part in parts:
        if isinstance(part, dict) and (_is_video(part) or part.get("type") is None):
            video = Video(
                next(
                    (uri for name in ("uri", "url", "file_uri", "fileUri") if (uri := read_text(part.get(name)))), None
                ),
                read_text(part.get("data")),
            )
            if video.uri or video.base64:
                yield video


def _is_video(part: dict[str, Any]) -> bool:
    kind = part.get("mime_type", part.get("mimeType"))
    return part.get("type") == "video" or (isinstance(kind, str) and kind.startswith("video/"))


def _video_tokens(parsed: dict[str, Any]) -> int:
    usage = parsed.get("usage")
    counts = _list(usage.get("output_tokens_by_modality")) if isinstance(usage, dict) else []
    return sum(read_count(item.get("tokens")) or 0 for item in counts if str(item.get("modality")).lower() == "video")


def _files(videos: list[Video], urls: Urls) -> list[str]:
    """Returns the vendor's own files, which the key opens; another address may be signed, and is not kept."""
    names = [urls.file_of(video.uri) if video.uri else None for video in videos]
    return [name for name in names if name is not None] if all(names) else []


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
