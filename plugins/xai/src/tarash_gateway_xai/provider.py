"""The provider: builds a request, sends it, reads the answer. It never loops, sleeps or retries.

The vendor has no list of jobs and cancels none, so there is no `find_video` and no `cancel_video`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from tarash.tarash_gateway.errors import JobExpiredError, TarashError
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, PreparedRequest, VideoStatus
from tarash.tarash_gateway.plugins.http import (
    Answer,
    HttpProvider,
    HttpRequest,
    creation_errors,
    download_errors,
    job_errors,
)
from tarash_gateway_xai.answers import read_failure, read_images, read_status, read_submitted
from tarash_gateway_xai.requests import image_request, status_request, video_request

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins import Sink


class XaiProvider(HttpProvider):
    """xAI's REST API, bound to one config."""

    base_url: ClassVar[str] = "https://api.x.ai/v1"
    key_variables: ClassVar[tuple[str, ...]] = ("XAI_API_KEY",)

    def read_error(self, answer: Answer) -> TarashError:
        return read_failure(answer)

    def generate_image(self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        return read_images(self.client.send(image_request(prepared), timeout), prepared.model)

    async def generate_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> ImageAnswer:
        request = await _build(image_request, prepared)
        return read_images(await self.client.send_async(request, timeout), prepared.model)

    def submit_video(self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        with creation_errors():
            return read_submitted(self.client.send(video_request(prepared), timeout), self._new_job(prepared))

    async def submit_video_async(
        self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float
    ) -> VideoStatus:
        request = await _build(video_request, prepared)
        with creation_errors():
            return read_submitted(await self.client.send_async(request, timeout), self._new_job(prepared))

    def poll_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with job_errors(job):
            return read_status(self.client.send(status_request(job), timeout), job)

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with job_errors(job):
            return read_status(await self.client.send_async(status_request(job), timeout), job)

    def download_video(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:  # noqa: ARG002 # the vendor makes one
        with download_errors(job, sink):
            self.client.download(_content_request(job), sink, timeout)

    async def download_video_async(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:  # noqa: ARG002 # see above
        with download_errors(job, sink):
            await self.client.download_async(_content_request(job), sink, timeout)

    def _new_job(self, prepared: PreparedRequest[VideoGenerationRequest]) -> VideoJob:
        return VideoJob(provider=self.config.provider, model=prepared.model, id="", endpoint=self.endpoint)


async def _build(builder: Callable[[Any], HttpRequest], prepared: PreparedRequest[Any]) -> HttpRequest:
    """Builds a request; input media become megabytes of base64, for which the event loop would stand still."""
    needs_thread = bool(prepared.images) or getattr(prepared.request, "video", None) is not None
    return await asyncio.to_thread(builder, prepared) if needs_thread else builder(prepared)


def _content_request(job: VideoJob) -> HttpRequest:
    """Builds the download of a video, whose link came with the status.

    Raises:
        JobExpiredError: no status named a link.
    """
    url = job.provider_data.get("url")
    if not isinstance(url, str):
        msg = f"job {job.id} has no link to its video; ask for its status (poll_video), which names one"
        raise JobExpiredError(msg, job=job, retryable=True)
    return HttpRequest("GET", url)
