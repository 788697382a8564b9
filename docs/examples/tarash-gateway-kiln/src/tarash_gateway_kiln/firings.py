"""A firing in the words of Kiln: what is sent for one, and what an answer says of it. Nothing here sends anything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError
from tarash.tarash_gateway.models import VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import Prepared, VideoStatus

from .faults import MODERATION

PHASES = {
    "stacked": "queued",
    "firing": "in_progress",
    "cooled": "completed",
    "cracked": "failed",
    "smashed": "cancelled",
    "swept": "expired",
}
"""The vendor's word for where a job stands, and ours. What is not in it is a job that goes on."""


def body_of(prepared: Prepared[VideoGenerationRequest], piece: str | None) -> dict[str, Any]:
    """What is sent; what was not asked for is left to the vendor."""
    asked = prepared.request
    body = {
        "glaze": prepared.model,
        "words": asked.prompt,
        "seconds": asked.duration_seconds,
        "shape": asked.aspect_ratio,
        "tier": asked.resolution,
        "pots": asked.n,
        "piece": piece,
        **asked.extra_params,
    }
    return {name: value for name, value in body.items() if value is not None}


def firing_of(answer: dict[str, Any]) -> str:
    """The vendor's id of the job."""
    firing = answer.get("firing")
    if isinstance(firing, str) and firing:
        return firing
    msg = "the answer names no firing"
    raise InvalidResponseError(msg, billable="unknown")


def clips_of(answer: dict[str, Any]) -> list[str]:
    """Where the clips of a finished job are."""
    return [pot["at"] for pot in _objects(answer.get("pots")) if isinstance(pot.get("at"), str)]


def status_of(answer: dict[str, Any], job: VideoJob) -> VideoStatus:
    """What the vendor says of the job now, whatever was known of it before.

    Args:
        answer: the vendor's, without the key in it.
        job: the job as it is known.
    """
    phase, crack, done = str(answer.get("phase")), answer.get("crack"), answer.get("done")
    kind, words = (crack.get("kind"), crack.get("words")) if isinstance(crack, dict) else (None, None)
    if kind in MODERATION:
        msg = f"moderation ended job {job.id}: {words}"
        raise ContentPolicyError(msg, stage="output", code=kind, job=job, raw=answer, billable="unknown")
    seen: dict[str, Any] = {"status": PHASES.get(phase, "in_progress")}
    seen["vendor_status"] = None if phase in PHASES else phase
    if isinstance(done, (int, float)):
        seen["progress"] = done * 100
    if kind is not None:
        seen |= {"error_code": str(kind), "error_message": str(words)}
    made, warnings = len(clips_of(answer)), []
    if made:
        seen["outputs"] = made
        asked = job.asked.get("n", made)
        if asked > made:
            warnings.append(f"{asked - made} of {asked} clips cracked in the kiln")
    # The addresses are signed: whoever has one has the clip. They are asked for again when they are needed.
    return VideoStatus(job.model_copy(update=seen), raw={**answer, "pots": made}, warnings=warnings)


def firings_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The jobs of a list."""
    return _objects(answer.get("firings"))


def asked_in(firing: dict[str, Any]) -> dict[str, Any]:
    """What is known of the request that made a job of a list."""
    return {"prompt": firing.get("words")}


def made_at(answer: dict[str, Any]) -> datetime | None:
    """When the job was made."""
    seconds = answer.get("at")
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, (int, float)) else None


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
