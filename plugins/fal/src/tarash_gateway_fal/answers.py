"""What comes back: jobs, results, what they cost, and errors in this vendor's two families. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic_core import to_json

from tarash.tarash_gateway.errors import (
    ContentPolicyError,
    GenerationFailedError,
    InvalidRequestError,
    InvalidResponseError,
    QuotaExceededError,
    TarashError,
)
from tarash.tarash_gateway.models import GenerationJob, ImageJob, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImageStatus, VideoStatus
from tarash.tarash_gateway.plugins.http import (
    Answer,
    image_items,
    is_not_ready,
    job_gone,
    read_count,
    read_error,
    read_id,
    read_image,
    read_json,
    read_number,
    read_text,
)

StatusT = TypeVar("StatusT", ImageStatus, VideoStatus)

UNITS = "x-fal-billable-units"
"""Header of a result: units that are billed."""

UNIT_PRICE = "unit_price"
"""Where a job keeps what one unit costs, in US dollars, as the row said when it was submitted."""

_BLANKED = "the safety checker blanked it (has_nsfw_concepts)"


def read_failure(answer: Answer) -> TarashError:
    """Reads an answer with a status of 300 or above.

    The vendor has no failed jobs: a job that failed is completed, and asking for its result answers with the error.
    What was sent stands in `input` of the model's errors, and is left out.
    """
    body = _json(answer)
    entries = body.get("detail") if isinstance(body, Mapping) else None
    if isinstance(entries, list):
        shown = [
            {key: value for key, value in entry.items() if key != "input"}
            for entry in entries
            if isinstance(entry, dict)
        ]
        answer = replace(answer, body=to_json({"detail": shown, **_code_of(shown)}))
    word = body.get("status") if isinstance(body, Mapping) else None
    if answer.method == "PUT" and (word == "ALREADY_COMPLETED" or answer.status == 409):
        msg = "the job cannot be cancelled: it is completed. Fetch its result."
        return InvalidRequestError(msg, status_code=answer.status, code=read_text(word), billable="no")
    error = read_error(answer)
    if isinstance(error, ContentPolicyError) and isinstance(entries, list) and not error.categories:
        listed = [entry.get("categories") for entry in entries if isinstance(entry, dict)]
        error.categories = tuple(answer.text(word) for words in listed if isinstance(words, list) for word in words)
    if answer.status in (402, 403) and any(part in error.message.lower() for part in ("balance", "locked", "billing")):
        return QuotaExceededError(error.message, status_code=answer.status, raw=error.raw, billable="no")
    if _is_verdict(answer, body) and not isinstance(error, ContentPolicyError):
        return GenerationFailedError(
            error.message, status_code=answer.status, code=error.code, raw=error.raw, billable="unknown"
        )
    return error


def _is_verdict(answer: Answer, body: Any) -> bool:
    """Whether an answer says how a job ended, rather than that it could not be asked for."""
    if answer.method != "GET" or answer.url.endswith("/status") or answer.status in (401, 403, 404, 410, 429):
        return False
    if not isinstance(body, Mapping):
        return False
    return isinstance(body.get("detail"), list) or "error_type" in body or bool(answer.headers.get("x-fal-error-type"))


def _code_of(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns the kind of the first entry as the code of the whole, which the kit reads."""
    kinds = [entry["type"] for entry in entries if isinstance(entry.get("type"), str)]
    return {"code": "content_policy_violation" if "content_policy_violation" in kinds else kinds[0]} if kinds else {}


def _json(answer: Answer) -> Any:
    try:
        return read_json(answer.body)
    except ValueError:
        return None


def failure_of(error: TarashError, job: GenerationJob) -> TarashError:
    """Says of an error at a result which job it ended; an error that may pass is given back as it is."""
    if isinstance(error, (GenerationFailedError, ContentPolicyError)):
        words = {"error_code": error.code, "error_message": error.message}
        error.job = job.model_copy(update={"status": "failed", **words})
        if isinstance(error, ContentPolicyError):
            error.stage = "output"
        error.billable = "unknown"  # GPU time that was spent may be billed
        return error
    if error.status_code in (404, 410):
        return job_gone(job, error, retryable=error.status_code == 404)
    return error


def read_submitted(answer: Answer, job: Any, status: type[StatusT], unit_price: float | None) -> StatusT:
    """Reads the answer to a submit.

    Raises:
        InvalidResponseError: it holds no id.
    """
    parsed = answer.object()
    job_id = read_id(parsed.get("request_id"))
    if job_id is None:
        msg = "the vendor's answer holds no request_id"
        raise InvalidResponseError(msg, status_code=answer.status, billable="unknown", raw=answer.shown(parsed))
    return status.of(
        job,
        id=job_id,
        status=parsed.get("status"),
        queue_position=read_count(parsed.get("queue_position")),
        provider_request_id=answer.request_id,
        provider_data=None if unit_price is None else {UNIT_PRICE: unit_price},
        raw=answer.shown(parsed),
    )


def read_state(answer: Answer, job: Any, status: type[StatusT]) -> StatusT:
    """Reads what the vendor says of a job. `COMPLETED` says nothing about how it ended."""
    parsed = answer.object()
    return status.of(
        job,
        status=parsed.get("status"),
        queue_position=read_count(parsed.get("queue_position")),
        redaction=answer.redaction,
        raw=answer.shown(parsed),
    )


def read_cancelled(answer: Answer, job: Any, status: type[StatusT]) -> StatusT:
    """Reads the answer to a cancel: a job is removed from the queue, or asked to stop.

    One that was only asked keeps its status: it may end all the same, and is then billed and can be fetched.
    """
    parsed = answer.object()
    shown = answer.shown(parsed)
    if parsed.get("status") != "CANCELLATION_REQUESTED":
        return status.of(job, status="cancelled", raw=shown)
    warning = f"the vendor was asked to stop job {job.id}, which may still complete and be billed: poll or resume it"
    return status.of(job, raw=shown, warnings=(warning,))


def read_images(answer: Answer, job: ImageJob) -> ImageAnswer:
    """Reads the images of a result.

    Raises:
        ContentPolicyError: the safety checker blanked all of them.
        InvalidResponseError: it holds none.
    """
    parsed = answer.object()
    blanked = parsed.get("has_nsfw_concepts")
    blanked = blanked if isinstance(blanked, list) else []
    outputs = []
    for at, item in enumerate(image_items(parsed)):
        is_blank = at < len(blanked) and blanked[at] is True
        output = ImageOutput(error=_BLANKED) if is_blank else read_image(item, answer)
        outputs.append(output or ImageOutput(error="it has no url"))
    if outputs and all(output.error == _BLANKED for output in outputs):
        msg = "the safety checker blanked all images (has_nsfw_concepts)"
        raise ContentPolicyError(msg, stage="output", status_code=answer.status, billable="yes", job=job)
    if not any(output.error is None for output in outputs):
        msg = "the vendor's result holds no image"
        raise InvalidResponseError(msg, status_code=answer.status, raw=answer.shown(parsed), job=job)
    return ImageAnswer(
        outputs=outputs,
        provider_request_id=answer.request_id or job.id,
        usage=_usage(answer),
        cost=_cost(answer, job),
        raw=answer.shown(parsed),
    )


def read_video(answer: Answer, job: VideoJob) -> VideoStatus:
    """Reads the result of a video job: where the video is.

    Raises:
        InvalidResponseError: it names no video.
    """
    parsed = answer.object()
    video = parsed.get("video")
    video = (
        video if isinstance(video, Mapping) else {"url": video if isinstance(video, str) else parsed.get("video_url")}
    )
    url = read_text(video.get("url"))
    if url is None:
        msg = "the vendor's result holds no video"
        raise InvalidResponseError(msg, status_code=answer.status, raw=answer.shown(parsed), job=job)
    width, height = read_count(video.get("width")), read_count(video.get("height"))
    return VideoStatus.of(
        job,
        status="completed",
        duration_seconds=video.get("duration"),
        size=f"{width}x{height}" if width and height else None,
        provider_data={"url": url},
        usage=_usage(answer),
        cost=_cost(answer, job),
        raw=answer.shown(parsed),
    )


def is_still_running(error: TarashError) -> bool:
    """Whether a result is not there yet, although the status said so."""
    return "still in progress" in error.message or is_not_ready(error)


def _usage(answer: Answer) -> dict[str, Any] | None:
    units = read_number(answer.headers.get(UNITS))
    return None if units is None else {"billable_units": units}


def _cost(answer: Answer, job: GenerationJob) -> float | None:
    """Units times the price of one, where both are known."""
    units, price = read_number(answer.headers.get(UNITS)), read_number(job.provider_data.get(UNIT_PRICE))
    return None if units is None or price is None else units * price
