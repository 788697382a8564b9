"""What a plugin gives: a provider bound to one config, with the primitives that core's flows are made of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from tarash.tarash_gateway.errors import UnsupportedOperationError
from tarash.tarash_gateway.models.job import ImageJob, VideoJob
from tarash.tarash_gateway.models.request import ImageGenerationRequest, VideoGenerationRequest
from tarash.tarash_gateway.plugins.exchange import (
    ImageAnswer,
    ImagePart,
    ImageStatus,
    PreparedRequest,
    Sink,
    UnconfirmedSubmit,
    VideoStatus,
)

if TYPE_CHECKING:
    from tarash.tarash_gateway.capabilities.rows import ModelRow


class Provider(Protocol):
    """A vendor, bound to one config.

    It translates and calls. It never loops, sleeps, retries or falls back: core does. Each primitive has an `_async`
    twin; one of the two is enough, core bridges the other. What is left out is answered with
    `UnsupportedOperationError`.

    Every primitive takes `timeout`, the seconds that are left of the call, and raises errors of
    `tarash.tarash_gateway.errors` only. An error of a creating primitive says in `billable` whether something may have
    been created: `no` where the vendor refused or was not reached, `unknown` where the answer was lost.
    """

    endpoint: str
    """The base URL that requests go to."""

    def generate_image(self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        """Creates images with one request. Creating: it is sent at most once for each call of this function."""
        raise _cannot(self, "generate images")

    async def generate_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> ImageAnswer:
        raise _cannot(self, "generate images")

    def stream_image(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> Iterator[ImagePart | ImageAnswer]:
        """Creates an image and gives its partial images as they come, then the answer. A generator function.

        Creating: the request goes out when the first item is asked for, at most once. Closing the generator closes the
        connection.
        """
        raise _cannot(self, "stream images")

    def stream_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        """The twin of `stream_image`: an async generator function."""
        raise _cannot(self, "stream images")

    def submit_image(self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float) -> ImageStatus:
        """Submits a job and returns as soon as the vendor has it. Creating: sent at most once.

        For vendors whose images are jobs; `generate_image` is then not needed: core submits, polls and fetches.
        """
        raise _cannot(self, "submit image jobs")

    async def submit_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> ImageStatus:
        raise _cannot(self, "submit image jobs")

    def poll_image(self, job: ImageJob, *, timeout: float) -> ImageStatus:
        """Asks once how an image job is."""
        raise _cannot(self, "poll image jobs")

    async def poll_image_async(self, job: ImageJob, *, timeout: float) -> ImageStatus:
        raise _cannot(self, "poll image jobs")

    def fetch_image(self, job: ImageJob, *, timeout: float) -> ImageAnswer:
        """Reads the result of a completed image job. It costs nothing, so that core may ask again."""
        raise _cannot(self, "fetch image jobs")

    async def fetch_image_async(self, job: ImageJob, *, timeout: float) -> ImageAnswer:
        raise _cannot(self, "fetch image jobs")

    def cancel_image(self, job: ImageJob, *, timeout: float) -> ImageStatus:
        """Cancels an image job; what it has cost so far may still be billed."""
        raise _cannot(self, "cancel image jobs")

    async def cancel_image_async(self, job: ImageJob, *, timeout: float) -> ImageStatus:
        raise _cannot(self, "cancel image jobs")

    def submit_video(self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        """Submits a job and returns as soon as the vendor has it. Creating: sent at most once."""
        raise _cannot(self, "generate videos")

    async def submit_video_async(
        self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float
    ) -> VideoStatus:
        raise _cannot(self, "generate videos")

    def poll_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        """Looks at a job once."""
        raise _cannot(self, "look at video jobs")

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        raise _cannot(self, "look at video jobs")

    def find_video(self, lost: UnconfirmedSubmit, *, timeout: float) -> Sequence[VideoJob]:
        """Lists the jobs made since `lost.since`, newest first; for vendors that have a list.

        Core decides which of them it is: it compares `job.request["prompt"]`, `job.model`, `job.size` and
        `job.duration_seconds` with what was asked, as far as the vendor tells them. Where the vendor pages, this reads
        on until `lost.since`.
        """
        raise _cannot(self, "list video jobs")

    async def find_video_async(self, lost: UnconfirmedSubmit, *, timeout: float) -> Sequence[VideoJob]:
        raise _cannot(self, "list video jobs")

    def download_video(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        """Streams video number `index` of a finished job into `sink`.

        Where `sink.offset` is above 0, earlier bytes are there already: ask for the rest if the vendor can. Call
        `sink.begin(…)` once the answer's headers are there, then `sink.write(chunk)` for each piece.
        """
        raise _cannot(self, "download videos")

    async def download_video_async(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        raise _cannot(self, "download videos")

    def cancel_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        """Cancels a job; what it has cost so far may still be billed."""
        raise _cannot(self, "cancel video jobs")

    async def cancel_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        raise _cannot(self, "cancel video jobs")

    def fetch_models(self, *, timeout: float) -> Sequence[ModelRow]:
        """Fetches the vendor's capability rows as they are now, for vendors that publish them.

        Called by `refresh_models` only, never while a request is made. What of the vendor's answer cannot be read as a
        row is left out.
        """
        raise _cannot(self, "list models")

    async def fetch_models_async(self, *, timeout: float) -> Sequence[ModelRow]:
        raise _cannot(self, "list models")


def _cannot(provider: object, what: str) -> UnsupportedOperationError:
    msg = f"{type(provider).__name__} cannot {what}"
    return UnsupportedOperationError(msg)
