"""A job, of images or of videos: plain JSON without a secret, all that another process needs to fetch the result."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import AliasChoices, Field

from tarash.tarash_gateway.records import FrozenModel

MediaKind = Literal["image", "video"]
"""What a call, a job or a row makes."""

JobStatus = Literal["queued", "in_progress", "completed", "failed", "cancelled", "expired"]

FINAL_STATUSES: frozenset[JobStatus] = frozenset(("completed", "failed", "cancelled", "expired"))
"""A job in one of these changes no more."""


def current_names(update: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Puts `request` in place of `asked`, its name in 1.0, among the fields of a `model_copy`."""
    if update is None or "asked" not in update:
        return update
    return {"request" if name == "asked" else name: value for name, value in update.items()}


class GenerationJob(FrozenModel):
    """What image jobs and video jobs share, as it was at the last poll. Times are aware datetimes in UTC."""

    provider: str
    model: str
    """The model's name on the wire."""

    id: str
    """The vendor's id of the job."""

    endpoint: str
    """The base URL that the job lives at; a config for another one is refused with this job."""

    status: JobStatus = "queued"

    vendor_status: str | None = None
    """The vendor's own word, where it is another."""

    progress: float | None = None
    """Percent, 0 to 100, as far as the vendor reports it."""

    created_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    """When the vendor deletes the result."""

    queue_position: int | None = None
    """Jobs that the vendor does before this one, as far as it reports them."""

    outputs: int = 1
    """Images or videos that the job makes."""

    size: str | None = None
    """Pixels, WIDTHxHEIGHT, as the vendor says."""

    error_code: str | None = None
    error_message: str | None = None
    """Why the job failed, in the vendor's words."""

    request_id: str | None = None
    """Our id of the call that submitted the job."""

    provider_request_id: str | None = None
    """The vendor's id of that HTTP request."""

    request: dict[str, Any] = Field(default_factory=dict, repr=False, validation_alias=AliasChoices("request", "asked"))
    """The request as it was sent, plain JSON with digests in place of media. Up to 1.0 its name was `asked`."""

    provider_data: dict[str, Any] = Field(default_factory=dict, repr=False)
    """What the provider needs besides the id, such as a project; never a secret."""

    @property
    def finished(self) -> bool:
        """Whether the status changes no more."""
        return self.status in FINAL_STATUSES

    @property
    def asked(self) -> dict[str, Any]:
        """The name that `request` had in 1.0."""
        return self.request

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copies the job, as pydantic does; an update of `asked` is one of `request`."""
        return super().model_copy(update=current_names(update), deep=deep)


class VideoJob(GenerationJob):
    """A video being made."""

    kind: Literal["video"] = "video"

    duration_seconds: float | None = None
    """Seconds, as the vendor says."""


class ImageJob(GenerationJob):
    """Images being made, by a vendor whose images are jobs."""

    kind: Literal["image"] = "image"


def job_from_json(value: dict[str, Any]) -> ImageJob | VideoJob:
    """Reads a job of either kind, as `model_dump(mode="json")` wrote it.

    Raises:
        pydantic.ValidationError: it is no job.
    """
    return (ImageJob if value.get("kind") == "image" else VideoJob).model_validate(value)
