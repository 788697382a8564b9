"""A job in the words of Kiln: what is sent for one, and what an answer says of it. Nothing here sends anything."""

from __future__ import annotations

from typing import Any

from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError, TarashError
from tarash.tarash_gateway.models import VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import PreparedRequest, VideoStatus
from tarash.tarash_gateway.plugins.http import Answer, error_of, read_error, read_error_body, read_id, read_number

MODERATION = "not_allowed"
"""The vendor's word for a refusal by moderation."""

MEANS = {"busy": 429, "no_credit": 402, "unknown_model": 404}
"""Kiln's word to the status that says the same everywhere else; Kiln sends 409 for all of them."""


def error_in(answer: Answer) -> TarashError:
    """Returns what an answer with a status of 300 or above means."""
    body = read_error_body(answer.body)
    found = _error(body.body if isinstance(body.body, dict) else {})
    if answer.status < 400 or found is None:
        return read_error(answer)
    error = error_of(answer, read_error_body(found), status=MEANS.get(found["kind"]))
    error.status_code = answer.status
    return error


def body_of(prepared: PreparedRequest[VideoGenerationRequest], upload: str | None) -> dict[str, Any]:
    """Returns the body of the request, without the fields that the caller left out."""
    request = prepared.request
    body = {
        "model": prepared.model,
        "prompt": request.prompt,
        "seconds": request.duration_seconds,
        "ratio": request.aspect_ratio,
        "resolution": request.resolution,
        "count": request.n,
        "upload": upload,
        **request.extra_params,
    }
    return {name: value for name, value in body.items() if value is not None}


def id_in(answer: Answer, name: str) -> str:
    """Reads an id, such as that of a job.

    Raises:
        InvalidResponseError: there is none.
    """
    found = read_id(answer.object().get(name))
    if found is None:
        msg = f"the answer names no {name}"
        raise InvalidResponseError(msg, raw=answer.shown(answer.object()))
    return found


def addresses_in(answer: Answer) -> list[str]:
    """Reads where the videos of a finished job are."""
    videos = objects_in(answer, "videos")
    return [video["at"] for video in videos if isinstance(video.get("at"), str)]


def objects_in(answer: Answer, name: str) -> list[dict[str, Any]]:
    """Reads a list of objects; what is none is left out."""
    value = answer.object().get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def status_in(answer: Answer, job: VideoJob) -> VideoStatus:
    """Reads the state of the job from an answer."""
    parsed = answer.object()
    error, progress = _error(parsed), read_number(parsed.get("progress"))
    made, wanted = len(addresses_in(answer)), int(job.request.get("n") or 1)
    failed = f"{wanted - made} of {wanted} videos failed"
    status = VideoStatus.of(
        job,
        status=_state(parsed),
        progress=None if progress is None else progress * 100,
        error=error or parsed.get("error"),
        outputs=made or None,
        redaction=answer.redaction,
        raw=answer.shown(parsed),
        warnings=[failed] if 0 < made < wanted else [],
    )
    if error is not None and error["kind"] == MODERATION:
        msg = f"moderation ended job {job.id}: {status.job.error_message}"
        raise ContentPolicyError(msg, stage="output", job=status.job, raw=status.raw, billable="unknown")
    return status


def listed_in(answer: Answer, job: VideoJob) -> list[VideoJob]:
    """Reads the jobs of a list, over what all of them have."""
    return [
        VideoStatus.of(
            job.model_copy(update={"model": str(item.get("model")), "request": {"prompt": item.get("prompt")}}),
            id=item.get("job"),
            status=_state(item),
            created_at=item.get("created"),
        ).job
        for item in objects_in(answer, "jobs")
        if read_id(item.get("job")) is not None
    ]


def _state(parsed: dict[str, Any]) -> object:
    """Returns the vendor's word; the kit knows all of them but one."""
    return "expired" if parsed.get("state") == "deleted" else parsed.get("state")


def _error(parsed: dict[str, Any]) -> dict[str, str] | None:
    """Reads Kiln's shape of an error, in names that the kit knows; None where it has another one."""
    error = parsed.get("error")
    if not isinstance(error, dict) or "kind" not in error:
        return None
    kind = str(error["kind"])
    code = "content_policy" if kind == MODERATION else kind
    return {"kind": kind, "code": code, "message": str(error.get("text"))}
