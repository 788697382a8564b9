"""Responses: what was made, what it cost, and what was changed or left out."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, AliasChoices, AwareDatetime, Field, model_validator

from tarash.tarash_gateway.media.sidecar import Origin
from tarash.tarash_gateway.models.job import ImageJob, VideoJob, current_names
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.records import FrozenModel, clip

CostSource = Literal["vendor", "computed"]
"""The source of a cost: the vendor, or our price list with the vendor's usage."""


class Adjustment(FrozenModel):
    """A value that was changed before it was sent to the vendor."""

    field: str
    """The request's field; `extra_params.NAME` is one of the vendor's own."""

    asked: Any
    """The caller's value; None where the field was not given, as a size that stands for a ratio."""

    sent: Any
    """What goes out; None where the field is not sent."""

    reason: str

    attempt: int = 1
    """The config of the chain that it belongs to, as in `attempts`: 1 is the first."""

    def __str__(self) -> str:
        asked = "" if self.asked is None else f" {self.asked}"
        sent = "was not sent" if self.sent is None else f"was sent as {self.sent}"
        return f"{self.field}{asked} {sent}: {self.reason}"


class Attempt(FrozenModel):
    """One config of a fallback chain, tried once."""

    provider: str
    model: str
    outcome: Literal["succeeded", "failed", "skipped"]
    error: str | None = None
    """The name of the error and its message, where it did not succeed."""


class GenerationResponse(FrozenModel):
    """What image and video responses share."""

    _media_field: ClassVar[str | None] = None
    """The field that holds the media."""

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
    """US dollars, where the vendor reports them or its price is known; None otherwise, never a guess."""

    cost_source: CostSource | None = None

    adjustments: list[Adjustment] = Field(default_factory=list)
    """Values that were changed, each with its reason."""

    warnings: list[Annotated[str, AfterValidator(clip)]] = Field(default_factory=list)
    """What was left out, and what else to know."""

    raw_response: dict[str, Any] | None = Field(default=None, repr=False)
    """The vendor's answer; base64 is replaced by its length and digest."""

    attempts: list[Attempt] = Field(default_factory=list)
    """The configs that were tried, in order."""

    request: dict[str, Any] = Field(default_factory=dict, repr=False, validation_alias=AliasChoices("request", "asked"))
    """The request as it was sent, plain JSON with digests in place of media. Up to 1.0 its name was `asked`."""

    created_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC), repr=False)
    """When the response was made, in UTC."""

    @property
    def asked(self) -> dict[str, Any]:
        """The name that `request` had in 1.0."""
        return self.request

    @property
    def media(self) -> list[Media]:
        """The images, or the videos."""
        return [] if self._media_field is None else getattr(self, self._media_field)

    @model_validator(mode="after")
    def _is_built(self) -> Self:
        self._share_origin()
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copies the response, as pydantic does; its media get the changes."""
        copy = super().model_copy(update=current_names(update), deep=deep)
        if update and update.keys() != {"attempts"}:  # media say nothing of the attempts
            copy._share_origin()  # noqa: SLF001 # its own class
        return copy

    def _share_origin(self) -> None:
        """Gives each of the media the call that made it: one may be saved long after its response is gone."""
        origin = self._origin()
        if self._media_field is not None and origin is not None:
            self.__dict__[self._media_field] = [media.with_origin(origin) for media in self.media]

    def _origin(self) -> Origin | None:
        return Origin(
            provider=self.provider,
            model=self.model,
            request=self.request,
            adjustments=self.adjustments,
            warnings=self.warnings,
            cost=self.cost,
            cost_source=self.cost_source,
            outputs=len(self.media),
            created_at=self.created_at,
            request_id=self.request_id,
            provider_request_id=self.provider_request_id,
        )

    def _repr_mimebundle_(self, **_options: Any) -> Any:
        from tarash.tarash_gateway.display.notebook import response_bundle  # noqa: PLC0415 # only where it is shown

        return response_bundle(self)


class ImageGenerationResponse(GenerationResponse):
    """A response with images."""

    _media_field: ClassVar[str | None] = "images"

    images: list[Media]
    """At least one, each checked to be whole."""

    job: ImageJob | None = None
    """The job that made them; None where the vendor answers at once. Of several (`fan_out`), the first."""

    def _origin(self) -> Origin | None:
        origin = super()._origin()
        return origin if origin is None or self.job is None else replace(origin, job_id=self.job.id)


class VideoGenerationResponse(GenerationResponse):
    """A response with videos, and the job that made them."""

    _media_field: ClassVar[str | None] = "videos"

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

    def _origin(self) -> Origin | None:
        origin = super()._origin()
        if origin is None or self.job is None:
            return None  # a file that was there before: nothing is known of where it came from
        return replace(origin, request=self.request or self.job.request, job_id=self.job.id)
