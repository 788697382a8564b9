"""What comes back, read leniently: fields may be missing, and words may be new. Pure."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pydantic_core

from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.models.job import JobStatus
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, VideoStatus, seconds_to_wait
from tarash_gateway_openrouter.faults import embedded_fault, is_policy
from tarash_gateway_openrouter.texts import Texts

logger = logging.getLogger("tarash.openrouter")

_STATUSES: dict[str, JobStatus] = {
    "pending": "queued",
    "queued": "queued",
    "in_progress": "in_progress",
    "processing": "in_progress",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "expired": "expired",
}
"""The vendor's words."""

LONGEST_ID = 1000
"""Characters of a job's id; what is longer fits into no address."""

LONGEST_WORD = 100
"""Characters of a status or of a content type that a message shows."""

SNIPPET = 200
"""Characters of an unreadable answer that a message shows."""

MOST_OUTPUTS = 10
"""Videos of one job that are believed."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One HTTP answer with a status below 300."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Keys that may stand in it."""

    prompt: str | None = field(default=None, repr=False)
    """What was asked for, which may stand in it too."""

    @property
    def texts(self) -> Texts:
        """What takes keys and prompts out of it."""
        return Texts(self.secrets, [self.prompt])


def read_images(incoming: Incoming) -> ImageAnswer:
    """The pictures of an answer.

    Raises:
        InvalidResponseError: it holds no picture.
        TarashError: it is an error that came with a good status.
    """
    parsed = read_object(incoming)
    data = parsed.get("data")
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    outputs = [output for item in items if (output := read_output(item)) is not None]
    if not outputs:
        if parsed.get("error"):
            raise embedded_fault(incoming.status, parsed, incoming.texts)
        msg = "the vendor's answer holds no picture: 'data' is empty or has no b64_json"
        raise InvalidResponseError(msg, raw=incoming.texts.kept(parsed), status_code=incoming.status)
    shown = incoming.texts.kept(parsed)
    return ImageAnswer(
        outputs=outputs,
        provider_request_id=request_id(incoming.headers),
        usage=_table(shown.get("usage")),
        cost=cost_of(parsed.get("usage")),
        raw=shown,
    )


def read_output(item: Mapping[str, Any]) -> ImageOutput | None:
    """One picture; None where there is none."""
    base64, url = item.get("b64_json"), item.get("url")
    if isinstance(base64, str) and base64:
        return ImageOutput(base64=base64)
    return ImageOutput(url=url) if isinstance(url, str) and url else None


def read_job(incoming: Incoming, known: VideoJob) -> VideoStatus:
    """What an answer says of a job, over what is known of it.

    Raises:
        InvalidResponseError: it is no job.
        ContentPolicyError: the job was ended by moderation.
    """
    parsed, texts = read_object(incoming), incoming.texts
    if parsed.get("error") and not parsed.get("id") and not parsed.get("status"):
        raise embedded_fault(incoming.status, parsed, texts)
    job, shown, usage = _job(parsed, incoming, known), texts.kept(parsed), parsed.get("usage")
    cost = cost_of(usage)
    if job.status == "failed" and is_policy(job.error_message or ""):
        msg = f"job {job.id} was ended by moderation: {job.error_message}"
        raise ContentPolicyError(msg, stage="output", billable="yes" if cost else "unknown", job=job, raw=shown)
    return VideoStatus(
        job, poll_after=seconds_to_wait(incoming.headers), usage=_table(shown.get("usage")), cost=cost, raw=shown
    )


def read_list(incoming: Incoming) -> list[Any]:
    """The items of a list of models.

    Raises:
        InvalidResponseError: it is no list.
    """
    items = read_object(incoming).get("data")
    if not isinstance(items, list):
        msg = f"the vendor's answer is no list of models ({_kind(incoming)})"
        raise InvalidResponseError(msg, status_code=incoming.status, billable="no", retryable=True)
    return items


def cost_of(usage: Any) -> float | None:
    """US dollars of `usage.cost`; None where the vendor does not tell."""
    cost = _number(usage.get("cost")) if isinstance(usage, Mapping) else None
    return cost if cost is not None and cost >= 0 else None


def request_id(headers: Mapping[str, str]) -> str | None:
    """The vendor's id of the HTTP request."""
    return headers.get("x-generation-id") or headers.get("x-request-id")


def read_object(incoming: Incoming) -> dict[str, Any]:
    """The answer as a JSON object.

    Raises:
        InvalidResponseError: it is none.
    """
    try:
        parsed = pydantic_core.from_json(incoming.body)
    except ValueError:
        snippet = incoming.texts.told(_BASE64.sub("…", incoming.body[:SNIPPET].decode(errors="replace")))
        msg = (
            f"the vendor's answer is not JSON ({_kind(incoming)}): {snippet!r}. "
            "Is base_url behind a proxy's login page, and does it end with /api/v1?"
        )
        raise InvalidResponseError(msg, status_code=incoming.status) from None
    if not isinstance(parsed, dict):
        msg = f"the vendor's answer is a JSON {type(parsed).__name__} where an object belongs ({_kind(incoming)})"
        raise InvalidResponseError(msg, status_code=incoming.status)
    return parsed


def _job(parsed: dict[str, Any], incoming: Incoming, known: VideoJob) -> VideoJob:
    texts = incoming.texts
    job_id = parsed.get("id") or known.id
    if not isinstance(job_id, str) or not 0 < len(job_id) <= LONGEST_ID:
        msg = "the vendor's answer holds no job id"
        raise InvalidResponseError(msg, raw=texts.kept(parsed), status_code=incoming.status)
    word = texts.told(parsed.get("status") or "pending")[:LONGEST_WORD]
    status = _STATUSES.get(word.lower())
    if status is None and known.vendor_status != word:
        logger.warning("job %s has a status %r that is not known; it is taken as running", job_id, word)
    generation = parsed.get("generation_id")
    seen: dict[str, Any] = {
        "id": job_id,
        "status": status or "in_progress",
        "expires_at": _time(parsed.get("expires_at")),
        "outputs": _outputs(parsed) if status == "completed" else None,
        "error_message": _reason(parsed.get("error"), texts),
        "provider_request_id": generation if isinstance(generation, str) else request_id(incoming.headers),
    }
    told = {name: value for name, value in seen.items() if value is not None}
    return known.model_copy(update={**told, "vendor_status": None if status == word else word})


def _outputs(parsed: dict[str, Any]) -> int:
    """How many videos the job made: one address each."""
    listed = [parsed.get(name) for name in ("unsigned_urls", "urls")]
    return min(max([len(urls) for urls in listed if isinstance(urls, list)] + [1]), MOST_OUTPUTS)


def _reason(error: Any, texts: Texts) -> str | None:
    """Why a job failed: a sentence, as a rule."""
    words = error.get("message") if isinstance(error, Mapping) else error
    return texts.told(words) if isinstance(words, str) and words else None


def _table(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _kind(incoming: Incoming) -> str:
    named = incoming.headers.get("content-type", "")[:LONGEST_WORD]
    return f"status {incoming.status}, content type {named or 'not given'}"


_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{48,}=*")


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
