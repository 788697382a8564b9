"""Updates: what a progress callback gets while a call runs."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from tarash.tarash_gateway.models.job import ImageJob, VideoJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.response import ImageGenerationResponse
from tarash.tarash_gateway.records import FrozenModel

OnProgress = Callable[[Any], Awaitable[None] | None]
"""What is called with each update of a call: a plain or an async function."""


class GenerationUpdate(FrozenModel):
    """What image and video updates share."""

    request_id: str
    provider: str
    model: str
    elapsed_seconds: float = 0.0
    """Seconds since the call began."""

    wait_seconds: float | None = None
    """Seconds until the next try, with the status `waiting`."""

    message: str | None = None
    """Why it waits or has failed, in one line."""

    progress: float | None = None
    """Percent, 0 to 100, as far as the vendor reports it."""

    queue_position: int | None = None
    """Jobs that the vendor does before this one, as far as it reports them."""

    def _repr_mimebundle_(self, **_options: Any) -> Any:
        from tarash.tarash_gateway.display.notebook import update_bundle  # noqa: PLC0415 # only where it is shown

        return update_bundle(self)


class ImageGenerationUpdate(GenerationUpdate):
    """One step of an image call. `job` is there from the moment the vendor has one, where its images are jobs."""

    status: Literal["submitting", "waiting", "queued", "in_progress", "downloading", "partial", "completed", "failed"]
    job: ImageJob | None = None
    image: Media | None = None
    """A partial image, with the status `partial`."""

    response: ImageGenerationResponse | None = None
    """The result, with the last update of a stream."""


class VideoGenerationUpdate(GenerationUpdate):
    """One step of a video call. `job` is there from the moment the vendor has one."""

    status: Literal["submitting", "waiting", "queued", "in_progress", "downloading", "completed", "failed"]
    job: VideoJob | None = None
