"""Responses: what was made, what it cost, and what was changed or left out on the way."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.records import Record

CostSource = Literal["vendor", "computed"]
"""Who says what a call cost: the vendor, or our price list and the vendor's usage."""


class Adjustment(Record):
    """A value that was changed on the way to the vendor."""

    field: str
    asked: Any
    sent: Any
    reason: str


class Attempt(Record):
    """One config of a fallback chain, tried once."""

    provider: str
    model: str
    outcome: Literal["succeeded", "failed", "skipped"]
    error: str | None = None
    """The name of the error and its message, where it did not succeed."""


class GenerationResponse(Record):
    """What image and video responses share."""

    status: Literal["completed"] = "completed"
    request_id: str
    """Our id of the call, the one in the log lines."""

    provider: str
    model: str
    """The model as it went out on the wire."""

    provider_request_id: str | None = None
    """The vendor's id of the HTTP request, for its support."""

    usage: dict[str, Any] | None = None
    """Tokens or seconds, as the vendor counts them."""

    cost: float | None = None
    """US dollars, where the vendor tells or its price is known; None otherwise, never a guess."""

    cost_source: CostSource | None = None

    adjustments: list[Adjustment] = Field(default_factory=list)
    """Values that were changed, each with its reason."""

    warnings: list[str] = Field(default_factory=list)
    """What was left out, and what else to know."""

    raw_response: dict[str, Any] | None = Field(default=None, repr=False)
    """The vendor's answer; base64 is replaced by its length and digest."""

    attempts: list[Attempt] = Field(default_factory=list)
    """The configs that were tried, in order."""


class ImageGenerationResponse(GenerationResponse):
    """Pictures."""

    images: list[Media]
    """At least one, each checked to be whole."""


class VideoGenerationResponse(GenerationResponse):
    """Videos, and the job that made them."""

    videos: list[Media]
    """At least one, each checked to be whole."""

    job: VideoJob | None = None
    """The job that made them; None where `exists="skip"` kept a file that was there, and nothing was sent."""

    duration_seconds: float | None = None
    """Seconds of the first video, read from its bytes."""

    size: str | None = None
    """Pixels of the first video, WIDTHxHEIGHT, read from its bytes."""

    @property
    def video(self) -> Media:
        """The first video."""
        return self.videos[0]
