"""What an interaction says of a job. "completed" is not success: a refusal comes so, too. Pure."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.models.job import JobStatus
from tarash.tarash_gateway.plugins import VideoStatus
from tarash_gateway_google.exchange import Incoming
from tarash_gateway_google.places import Places

logger = logging.getLogger("tarash.google")

_STATUSES: dict[str, JobStatus] = {
    "queued": "queued",
    "in_progress": "in_progress",
    "requires_action": "in_progress",
    "requires_continuation": "in_progress",
    "completed": "completed",
    "failed": "failed",
    "incomplete": "failed",
    "budget_exceeded": "failed",
    "cancelled": "cancelled",
}
_ENDS_WITHOUT_AN_ERROR = ("incomplete", "budget_exceeded")
"""States that say themselves why there is no video."""

LONGEST_ID = 1000
"""Characters of a job's id; what is longer fits into no address."""


@dataclass(frozen=True, slots=True)
class Video:
    """A video that was made: where it is, or what it is."""

    uri: str | None = None
    base64: str | None = field(default=None, repr=False)


def read_interaction(incoming: Incoming, known: VideoJob, places: Places) -> tuple[VideoStatus, list[Video]]:
    """What an answer says of a job, over what is known of it, and the videos that are in it.

    Raises:
        InvalidResponseError: it is no interaction, or a finished one whose video cannot be found.
        ContentPolicyError: it is "completed" and made no video: the model wrote why, and `error.raw` has it.
    """
    parsed = incoming.parsed()
    # Every look gives the input back: prompt and pictures are the caller's, and stay out of what is kept.
    raw = incoming.shown(_told(parsed))
    videos = _videos(parsed)
    job = _job(parsed, incoming, known, videos)
    if files := _files(videos, places):
        job = job.model_copy(update={"provider_data": {**job.provider_data, "files": files}})
    if job.status == "completed" and not videos:
        _raise_without_a_video(parsed, job, raw)
    usage = raw.get("usage")
    notes = job.provider_data.get("notes", []) if job.finished else []
    return VideoStatus(job, usage=usage if isinstance(usage, dict) else None, raw=raw, warnings=tuple(notes)), videos


def _raise_without_a_video(parsed: dict[str, Any], job: VideoJob, raw: dict[str, Any]) -> None:
    if _video_tokens(parsed):
        msg = f"job {job.id} is completed and was counted as a video, and its answer holds none"
        raise InvalidResponseError(msg, job=job, raw=raw, billable="yes")
    msg = (
        f"job {job.id} was refused: it is completed, and the model wrote a text instead of a video. "
        "What it wrote may quote the prompt; it is in error.raw only."
    )
    raise ContentPolicyError(msg, stage="output", job=job, raw=raw, billable="unknown")


def _told(parsed: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in parsed.items() if name not in ("input", "system_instruction", "steps")}
    steps = [step for step in _list(parsed.get("steps")) if step.get("type") == "model_output"]
    return {**kept, "steps": steps} if steps else kept


def _videos(parsed: dict[str, Any]) -> list[Video]:
    found = []
    for step in _list(parsed.get("steps")):
        if step.get("type") != "model_output":
            continue
        found += [_video(part) for part in _list(step.get("content")) if part.get("type") == "video"]
    output = parsed.get("output_video")
    if not found and isinstance(output, dict):
        found.append(_video(output))
    return [video for video in found if video.uri or video.base64]


def _video(part: dict[str, Any]) -> Video:
    uri, data = part.get("uri"), part.get("data")
    return Video(uri if isinstance(uri, str) else None, data if isinstance(data, str) else None)


def _video_tokens(parsed: dict[str, Any]) -> int:
    usage = parsed.get("usage")
    counts = _list(usage.get("output_tokens_by_modality")) if isinstance(usage, dict) else []
    tokens = [item.get("tokens") for item in counts if str(item.get("modality")).lower() == "video"]
    return sum(count for count in tokens if isinstance(count, int))


def _job(parsed: dict[str, Any], incoming: Incoming, known: VideoJob, videos: list[Video]) -> VideoJob:
    job_id = known.id or parsed.get("id")
    if not isinstance(job_id, str) or not 0 < len(job_id) <= LONGEST_ID:
        msg = "the vendor's answer holds no job id"
        raise InvalidResponseError(msg, status_code=incoming.status)
    word = incoming.told(parsed.get("status") or "in_progress")[:100]
    status = _STATUSES.get(word.lower())
    if status is None and known.vendor_status != word:
        logger.warning("job %s has a status %r that is not known; it is taken as running", job_id, word)
    if status == "failed" and videos:
        status = "completed"  # cut short, and there is something to fetch
    code, message = _fault(parsed, incoming)
    if status == "failed" and code is None and word in _ENDS_WITHOUT_AN_ERROR:
        code = word
    seen: dict[str, Any] = {
        "id": job_id,
        "status": status or "in_progress",
        "vendor_status": None if status == word else word,
        # It changes with every look: the first one is nearest to the truth.
        "created_at": known.created_at or _time(parsed.get("created")),
        "completed_at": _time(parsed.get("updated")) if status == "completed" else None,
        "outputs": len(videos) or None,
        "error_code": code,
        "error_message": message,
    }
    return known.model_copy(update={name: value for name, value in seen.items() if value is not None})


def _files(videos: list[Video], places: Places) -> list[str]:
    """The vendor's own files, which the key opens; another address may be a signed one, and is not kept."""
    names = [places.file_of(video.uri) if video.uri else None for video in videos]
    return [name for name in names if name is not None] if all(names) else []


def _fault(parsed: dict[str, Any], incoming: Incoming) -> tuple[str | None, str | None]:
    """The vendor's first error: in a list, or by itself."""
    single = parsed.get("error")
    found = [*_list(parsed.get("errors")), *([single] if isinstance(single, dict) else [])]
    if not found:
        return None, None
    code, message = found[0].get("code"), found[0].get("message")
    return incoming.told(code) if code else None, incoming.told(message) if message else None


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _time(value: Any) -> datetime | None:
    try:
        seen = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return seen if seen is not None and seen.tzinfo is not None else None
