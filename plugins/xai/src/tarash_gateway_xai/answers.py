"""What comes back: images, jobs, costs in ticks, and refusals in this vendor's three shapes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ContentPolicyError,
    InvalidResponseError,
    ProviderError,
    QuotaExceededError,
    TarashError,
)
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, VideoStatus
from tarash.tarash_gateway.plugins.http import (
    Answer,
    read_count,
    read_error,
    read_error_body,
    read_id,
    read_image,
    read_job_id,
)

TICKS = 10_000_000_000
"""Ticks of one US dollar, in which the vendor tells what a call cost."""

_IDS = re.compile(rb"(?i)((?:team|api[ _]?key|key)(?:[ _]?id)?\s*[:=]?\s*)[`'\"]?[0-9a-f]{8}-?[0-9a-f-]{8,}[`'\"]?")
_WRONG_KEY = re.compile(r"incorrect api key|invalid api key", re.IGNORECASE)
_NO_MONEY = re.compile(r"\bcredits?\b|spending limit", re.IGNORECASE)
_WITHHELD = "moderation withheld it (respect_moderation is false)"


def read_failure(answer: Answer) -> TarashError:
    """Reads an answer with a status of 300 or above.

    A refusal names the team and the key: they are taken out. A wrong key comes as 400 in places.
    """
    error = read_error(replace(answer, body=_IDS.sub(rb"\1[id]", answer.body)))
    if isinstance(error, ContentPolicyError):
        return error
    kind: type[ProviderError] | None = None
    if error.status_code == 400 and _WRONG_KEY.search(error.message):
        kind = AuthenticationError
    elif error.status_code in (402, 403, 429) and _NO_MONEY.search(error.message):
        kind = QuotaExceededError
    if kind is None:
        return error
    return kind(error.message, status_code=error.status_code, code=error.code, raw=error.raw, billable="no")


def read_images(answer: Answer, model: str) -> ImageAnswer:
    """Reads the images of an answer.

    Args:
        answer: the answer.
        model: the model of the request; a warning names another one that served.

    Raises:
        ContentPolicyError: no image came, or moderation withheld all of them.
        InvalidResponseError: the answer holds no list of images.
    """
    parsed = answer.object()
    items = parsed.get("data")
    if not isinstance(items, list):
        msg = "the vendor's answer holds no list of images ('data')"
        raise InvalidResponseError(msg, status_code=answer.status, raw=answer.shown(parsed))
    cost = _cost(parsed)
    outputs = [_output(item, answer) for item in items]
    if not any(output.error is None for output in outputs):
        msg = "moderation withheld all images: the vendor answered with a good status and without an image"
        billable = "unknown" if cost is None else "yes" if cost else "no"
        raise ContentPolicyError(
            msg, stage="output", status_code=answer.status, billable=billable, raw=answer.shown(parsed)
        )
    return ImageAnswer(
        outputs=outputs,
        provider_request_id=answer.request_id,
        usage=_usage(parsed),
        cost=cost,
        warnings=_served(parsed, model, answer),
        raw=answer.shown(parsed),
    )


def read_submitted(answer: Answer, job: VideoJob) -> VideoStatus:
    """Reads the answer to a submit: nothing but the id of the job.

    Raises:
        InvalidResponseError: it holds no id.
    """
    parsed = answer.object()
    job_id = read_id(parsed.get("request_id")) or read_job_id(parsed)
    if job_id is None:
        msg = "the vendor's answer holds no request_id"
        raise InvalidResponseError(msg, status_code=answer.status, billable="unknown", raw=answer.shown(parsed))
    return VideoStatus.of(job, id=job_id, provider_request_id=answer.request_id, raw=answer.shown(parsed))


def read_status(answer: Answer, job: VideoJob) -> VideoStatus:
    """Reads what the vendor says of a job: 202 with or without a body while it is made.

    Raises:
        ContentPolicyError: moderation ended the job, or withheld the video when it was done. A video that was withheld
            is charged as usual.
    """
    parsed = answer.object() if answer.body.strip() else {}
    video = parsed.get("video")
    video = video if isinstance(video, Mapping) else {}
    url = video.get("url") if isinstance(video.get("url"), str) else None
    word = parsed.get("status") or ("done" if url else "pending")
    error = parsed.get("error")
    status = VideoStatus.of(
        job,
        status="in_progress" if word == "pending" else word,  # the vendor has no other word before the end
        progress=parsed.get("progress"),
        error=error,
        duration_seconds=video.get("duration"),
        provider_data={"url": url} if url else None,
        redaction=answer.redaction,
        usage=_usage(parsed),
        cost=_cost(parsed),
        warnings=_served(parsed, job.model, answer),
        raw=answer.shown(parsed),
    )
    if status.job.status == "completed" and (url is None or video.get("respect_moderation") is False):
        failed = status.job.model_copy(update={"status": "failed", "error_message": _WITHHELD})
        msg = f"job {job.id} was ended by moderation: the vendor answered that it is done, and withheld the video"
        raise ContentPolicyError(msg, stage="output", job=failed, billable="yes", raw=answer.shown(parsed))
    if status.job.status == "failed" and read_error_body(error).is_refusal_of_job:
        msg = f"job {job.id} was ended by moderation: {status.job.error_message or status.job.error_code}"
        raise ContentPolicyError(msg, stage="output", job=status.job, billable="unknown", raw=answer.shown(parsed))
    return status


def _output(item: Any, answer: Answer) -> ImageOutput:
    if isinstance(item, Mapping) and item.get("respect_moderation") is False:
        return ImageOutput(error=_WITHHELD)
    return read_image(item, answer) or ImageOutput(error="it has neither b64_json nor url")


def _usage(parsed: Mapping[str, Any]) -> dict[str, Any] | None:
    usage = parsed.get("usage")
    return dict(usage) if isinstance(usage, Mapping) else None


def _cost(parsed: Mapping[str, Any]) -> float | None:
    usage = parsed.get("usage")
    ticks = read_count(usage.get("cost_in_usd_ticks")) if isinstance(usage, Mapping) else None
    return None if ticks is None else ticks / TICKS


def _served(parsed: Mapping[str, Any], model: str, answer: Answer) -> tuple[str, ...]:
    """Says which model served, where it is another one: the vendor serves retired names by their successors."""
    served = parsed.get("model")
    if not isinstance(served, str) or served == model or model.startswith(served):
        return ()
    return (f"model: {model} was served by {answer.text(served)}",)
