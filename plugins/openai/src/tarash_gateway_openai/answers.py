"""What comes back, read leniently: compatible servers leave fields out and use other words. Pure."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pydantic_core

from tarash.tarash_gateway.capabilities.price import TokenKind
from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError
from tarash.tarash_gateway.media.decoding import without_media
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.models.job import JobStatus
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImagePart, VideoStatus
from tarash.tarash_gateway.redaction import mask, mask_all
from tarash_gateway_openai.faults import categories_of, is_moderation, stage_of, told_words

logger = logging.getLogger("tarash.openai")

_STATUSES: dict[str, JobStatus] = {
    "queued": "queued",
    "pending": "queued",
    "in_progress": "in_progress",
    "processing": "in_progress",
    "preprocessing": "in_progress",
    "running": "in_progress",
    "completed": "completed",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "expired": "expired",
}
"""The vendor's words and those of compatible servers."""

LONGEST_ID = 1000
"""Characters of a job's id; what is longer fits into no address."""

LONGEST_WORD = 100
"""Characters of a status or of a content type that a message shows."""

SNIPPET = 200
"""Characters of an unreadable answer that a message shows."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One HTTP answer with a status below 300."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Keys that may stand in it."""

    def told(self, words: object) -> str:
        """The vendor's words, without a key in them."""
        return told_words(words, self.secrets)

    def shown(self, parsed: Mapping[str, Any]) -> Any:
        """The answer as it may be kept: without media, and without a key in it."""
        return mask_all(without_media(parsed), self.secrets)


def read_images(incoming: Incoming) -> ImageAnswer:
    """The pictures of an answer.

    Raises:
        InvalidResponseError: it holds no picture.
        ContentPolicyError: it is a refusal that came with a good status.
    """
    parsed = _object(incoming)
    data = parsed.get("data")
    fault = parsed.get("error")
    if isinstance(fault, dict) and not data:
        if is_moderation(fault):
            why = incoming.told(fault.get("message") or "no reason given")
            msg = f"the request was refused by the content filter: {why}"
            categories = categories_of(fault, incoming.secrets)
            known = {"raw": parsed, "status_code": incoming.status}
            raise ContentPolicyError(msg, stage=stage_of(fault), categories=categories, **known)
        why = incoming.told(fault.get("message") or fault.get("code"))
        msg = f"the vendor answered {incoming.status} with an error in it: {why}"
        raise InvalidResponseError(msg, raw=parsed, status_code=incoming.status, billable="no")
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    outputs = [_output(item, incoming.secrets) for item in items if item.get("b64_json") or item.get("url")]
    if not outputs:
        msg = "the vendor's answer holds no picture: 'data' is empty or has neither b64_json nor url"
        raise InvalidResponseError(msg, raw=parsed, status_code=incoming.status)
    shown = incoming.shown(parsed)
    usage = shown.get("usage")
    return ImageAnswer(
        outputs=outputs,
        provider_request_id=request_id(incoming.headers),
        usage=usage if isinstance(usage, dict) else None,
        tokens=_tokens(usage),
        warnings=tuple(_withheld(items, incoming)),
        raw=shown,
    )


def _withheld(items: list[dict[str, Any]], incoming: Incoming) -> Iterator[str]:
    """Of several pictures, those that the content filter withheld, and for what."""
    for at, item in enumerate(items, start=1):
        categories = () if item.get("b64_json") or item.get("url") else categories_of(item, incoming.secrets)
        if categories:
            told = ", ".join(categories)
            yield f"picture {at} of {len(items)} was withheld by the content filter ({told})"


class ImageEvents:
    """The events of a stream, one after the other, and the answer they come to."""

    def __init__(self, provider_request_id: str | None, secrets: tuple[str, ...] = ()) -> None:
        self._provider_request_id = provider_request_id
        self._secrets = secrets
        self._outputs: list[ImageOutput] = []
        self._usage: dict[str, Any] | None = None
        self._last: dict[str, Any] = {}

    def read(self, event: Any) -> ImagePart | None:
        """A partial picture, where the event is one; a finished picture is kept for the answer."""
        if not isinstance(event, dict):
            return None
        kind = str(event.get("type") or "")
        if kind.endswith(".partial_image"):
            index = event.get("partial_image_index")
            return ImagePart(_output(event, self._secrets), index if isinstance(index, int) else 0)
        if kind.endswith(".completed"):
            self._outputs.append(_output(event, self._secrets))
            usage = event.get("usage")
            self._usage = usage if isinstance(usage, dict) else self._usage
            self._last = event
        return None

    def answer(self) -> ImageAnswer | None:
        """The answer, once the stream has ended; None where no picture was finished."""
        if not self._outputs:
            return None
        return ImageAnswer(
            outputs=self._outputs,
            provider_request_id=self._provider_request_id,
            usage=mask_all(self._usage, self._secrets),
            tokens=_tokens(self._usage),
            raw=mask_all(without_media(self._last), self._secrets),
        )


def read_job(incoming: Incoming, known: VideoJob) -> VideoStatus:
    """What an answer says of a job, over what is known of it.

    Raises:
        InvalidResponseError: it is no job.
        ContentPolicyError: the job was ended by moderation.
    """
    parsed = _object(incoming)
    job = _job(parsed, incoming, known)
    if (job.vendor_status or "queued").lower() not in _STATUSES and job.vendor_status != known.vendor_status:
        told = "job %s has a status %r that is not known; it is taken as running"
        logger.warning(told, job.id, job.vendor_status)
    fault = _fault_of(parsed)
    if job.status == "failed" and is_moderation(fault):
        msg = f"job {job.id} was ended by moderation: {job.error_message or job.error_code}"
        raise ContentPolicyError(
            msg,
            billable="unknown",
            stage="output",
            categories=categories_of(fault, incoming.secrets),
            code=job.error_code,
            job=job,
            raw=incoming.shown(parsed),
        )
    shown = incoming.shown(parsed)
    usage = shown.get("usage")
    return VideoStatus(
        job,
        poll_after=_poll_after(incoming.headers),
        usage=usage if isinstance(usage, dict) else None,
        raw=shown,
    )


def read_list(incoming: Incoming, known: VideoJob) -> tuple[list[VideoJob], str | None]:
    """The jobs of one page of the vendor's list, newest first, and where the next page begins.

    Raises:
        InvalidResponseError: it is no list.
    """
    parsed = _object(incoming)
    items = parsed.get("data")
    if not isinstance(items, list):
        msg = f"the vendor's answer is no list of jobs ({_kind(incoming)})"
        raise InvalidResponseError(msg, raw=parsed, status_code=incoming.status, retryable=True)
    jobs = []
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            continue
        asked = {"prompt": item["prompt"]} if isinstance(item.get("prompt"), str) else {}
        model = item["model"] if isinstance(item.get("model"), str) else ""
        jobs.append(_job(item, incoming, known.model_copy(update={"model": model, "asked": asked})))
    more = parsed.get("has_more") is True and jobs
    return jobs, jobs[-1].id if more else None


def _fault_of(parsed: dict[str, Any]) -> dict[str, Any]:
    fault = parsed.get("error")
    return fault if isinstance(fault, dict) else {"message": fault} if isinstance(fault, str) else {}


def _job(parsed: dict[str, Any], incoming: Incoming, known: VideoJob) -> VideoJob:
    job_id = parsed.get("id") or known.id
    if not isinstance(job_id, str) or not 0 < len(job_id) <= LONGEST_ID:
        msg = "the vendor's answer holds no job id"
        raise InvalidResponseError(msg, raw=parsed, status_code=incoming.status)
    word = incoming.told(parsed.get("status") or "queued")[:LONGEST_WORD]
    status = _STATUSES.get(word.lower())
    fault = _fault_of(parsed)
    seen: dict[str, Any] = {
        "id": job_id,
        "status": status or "in_progress",
        "vendor_status": None if status == word else word,
        "progress": _number(parsed.get("progress")),
        "created_at": _time(parsed.get("created_at")),
        "completed_at": _time(parsed.get("completed_at")),
        "expires_at": _time(parsed.get("expires_at")),
        "size": parsed.get("size") if isinstance(parsed.get("size"), str) else None,
        "duration_seconds": _number(parsed.get("seconds")),
        "error_code": _words(fault.get("code"), incoming),
        "error_message": _words(fault.get("message"), incoming),
        "provider_request_id": request_id(incoming.headers),
    }
    # A word that the vendor said of an earlier status is not kept; whatever else it does not repeat is.
    news = {name: value for name, value in seen.items() if value is not None or name == "vendor_status"}
    return known.model_copy(update=news)


def read_deleted(incoming: Incoming, known: VideoJob) -> VideoStatus:
    """A job that was deleted at the vendor is cancelled here, unless it had come to its end before."""
    parsed = _object(incoming)
    status: JobStatus = known.status if known.finished else "cancelled"
    return VideoStatus(known.model_copy(update={"status": status}), raw=parsed)


def request_id(headers: Mapping[str, str]) -> str | None:
    """The vendor's id of the HTTP request."""
    return headers.get("x-request-id") or headers.get("apim-request-id")


def _object(incoming: Incoming) -> dict[str, Any]:
    try:
        parsed = pydantic_core.from_json(incoming.body)
    except ValueError as error:
        msg = (
            f"the vendor's answer is not JSON ({_kind(incoming)}): {_snippet(incoming)!r}. "
            "Is base_url behind a proxy's login page?"
        )
        raise InvalidResponseError(msg, status_code=incoming.status) from error
    if not isinstance(parsed, dict):
        msg = f"the vendor's answer is a JSON {type(parsed).__name__} where an object belongs ({_kind(incoming)})"
        raise InvalidResponseError(msg, status_code=incoming.status)
    return parsed


def _kind(incoming: Incoming) -> str:
    named = incoming.headers.get("content-type", "")[:LONGEST_WORD]
    return f"status {incoming.status}, content type {named or 'not given'}"


def _snippet(incoming: Incoming) -> str:
    """The beginning of an answer, without what may be half a picture."""
    return _BASE64.sub("…", incoming.body[:SNIPPET].decode(errors="replace"))


_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{48,}=*")


def _output(item: dict[str, Any], secrets: tuple[str, ...]) -> ImageOutput:
    revised = item.get("revised_prompt")
    base64 = item.get("b64_json")
    return ImageOutput(
        base64=base64 if isinstance(base64, str) else None,
        url=item.get("url") if isinstance(item.get("url"), str) else None,
        revised_prompt=mask(revised, secrets) if isinstance(revised, str) else None,
    )


def _tokens(usage: Any) -> dict[TokenKind, int]:
    """What was counted, by kind; empty where the vendor does not tell all kinds apart, since their prices differ."""
    if not isinstance(usage, dict):
        return {}
    into, out = usage.get("input_tokens_details"), usage.get("output_tokens_details")
    if not isinstance(into, dict):
        return {}
    # Without details, all that came out is picture: the image models write nothing else.
    made = out if isinstance(out, dict) else {"image_tokens": usage.get("output_tokens")}
    counts: dict[TokenKind, Any] = {
        "text_in": into.get("text_tokens", 0),
        "image_in": into.get("image_tokens", 0),
        "text_out": made.get("text_tokens", 0),
        "image_out": made.get("image_tokens", 0),
    }
    return {kind: count for kind, count in counts.items() if isinstance(count, int) and count > 0}


def _poll_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of `openai-poll-after-ms`."""
    milliseconds = _number(headers.get("openai-poll-after-ms"))
    return None if milliseconds is None else milliseconds / 1000


def _words(value: Any, incoming: Incoming) -> str | None:
    return None if value is None or value == "" else incoming.told(value)


def _number(value: Any) -> float | None:
    try:
        number = None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and math.isfinite(number) else None


def _time(value: Any) -> datetime | None:
    """A Unix timestamp in seconds."""
    seconds = _number(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
