"""The provider: builds a request, sends it, reads the answer. It never loops, sleeps or retries.

The vendor has no list of jobs and cancels none, so there is no `find_video` and no `cancel_video`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash.tarash_gateway.errors import (
    DownloadError,
    InvalidRequestError,
    InvalidResponseError,
    JobExpiredError,
    ModelNotFoundError,
    TarashError,
)
from tarash.tarash_gateway.models import (
    GenerationConfig,
    ImageGenerationRequest,
    VideoGenerationRequest,
    VideoJob,
)
from tarash.tarash_gateway.plugins import ImageAnswer, ImagePart, Prepared, Provider, VideoStatus
from tarash.tarash_gateway.plugins.deadlines import items_until, until
from tarash_gateway_openrouter.answers import Incoming, read_images, read_job, read_list
from tarash_gateway_openrouter.catalogue import image_rows, video_rows
from tarash_gateway_openrouter.connection import Connection
from tarash_gateway_openrouter.events import PictureStream
from tarash_gateway_openrouter.transport import Transport
from tarash_gateway_openrouter.wire import (
    IMAGE_MODELS,
    VIDEO_MODELS,
    Outgoing,
    content_request,
    image_request,
    status_request,
    video_request,
)

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins import Sink

LOOK_SECONDS = 30.0
"""Seconds that one look at a job may take; a longer one is given up and asked again."""

MODELS_BYTES = 16 * 1024 * 1024
"""Bytes of a list of models; that of November 2026 has less than one million."""


class OpenRouterProvider(Provider):
    """OpenRouter's protocol over one connection."""

    def __init__(self, config: GenerationConfig, connection: Connection) -> None:
        self.config = config
        self.connection = connection
        self.endpoint = connection.base_url
        self._transport = Transport(connection)

    def generate_image(self, prepared: Prepared[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        with self._transport.masked():
            return read_images(self._transport.send(image_request(prepared), timeout))

    async def generate_image_async(self, prepared: Prepared[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        with self._transport.masked():
            outgoing = await _aside(prepared, image_request, prepared)
            return read_images(await self._transport.send_async(outgoing, timeout))

    def stream_image(
        self, prepared: Prepared[ImageGenerationRequest], *, timeout: float
    ) -> Iterator[ImagePart | ImageAnswer]:
        deadline = time.monotonic() + timeout
        outgoing = image_request(prepared, stream=True)
        with ExitStack() as stack:
            stack.enter_context(self._transport.masked())
            with until(deadline):
                response = stack.enter_context(self._transport.open(outgoing, timeout))
            pictures = PictureStream(self._transport.head(outgoing, response))
            for chunk in items_until(deadline, response.iter_bytes()):
                yield from pictures.feed(chunk)
            yield from pictures.end()

    async def stream_image_async(
        self, prepared: Prepared[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        deadline = time.monotonic() + timeout
        outgoing = await _aside(prepared, partial(image_request, stream=True), prepared)
        async with AsyncExitStack() as stack:
            stack.enter_context(self._transport.masked())
            async with self._transport.in_time(timeout):
                response = await stack.enter_async_context(self._transport.open_async(outgoing, timeout))
            pictures = PictureStream(self._transport.head(outgoing, response))
            async for chunk in self._transport.each_in_time(deadline, response.aiter_bytes()):
                for part in pictures.feed(chunk):
                    yield part
            for item in pictures.end():
                yield item

    def submit_video(self, prepared: Prepared[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        outgoing = video_request(prepared, self.endpoint)
        with self._transport.masked(), _creates_a_job():
            return read_job(self._transport.send(outgoing, timeout), self._new_job(prepared))

    async def submit_video_async(self, prepared: Prepared[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        outgoing = await _aside(prepared, video_request, prepared, self.endpoint)
        with self._transport.masked(), _creates_a_job():
            return read_job(await self._transport.send_async(outgoing, timeout), self._new_job(prepared))

    def poll_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with self._transport.masked(), _looks_at(job):
            return read_job(self._transport.send(status_request(job), min(timeout, LOOK_SECONDS)), job)

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with self._transport.masked(), _looks_at(job):
            return read_job(await self._transport.send_async(status_request(job), min(timeout, LOOK_SECONDS)), job)

    def download_video(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        deadline = time.monotonic() + timeout
        with ExitStack() as stack:
            stack.enter_context(self._transport.masked())
            stack.enter_context(_downloads(job, sink))
            with until(deadline):
                outgoing = content_request(job, index, sink.offset)
                response = stack.enter_context(self._transport.fetch(outgoing, timeout))
            _begin(sink, response.status_code, response.headers)
            for chunk in items_until(deadline, response.iter_raw()):
                sink.write(chunk)

    async def download_video_async(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        with self._transport.masked(), _downloads(job, sink):
            outgoing = content_request(job, index, sink.offset)
            async with self._transport.in_time(timeout), self._transport.fetch_async(outgoing, timeout) as response:
                _begin(sink, response.status_code, response.headers)
                async for chunk in response.aiter_raw():
                    sink.write(chunk)

    def fetch_models(self, *, timeout: float) -> Sequence[ImageModel | VideoModel]:
        deadline = time.monotonic() + timeout
        with self._transport.masked(), _only_reads():
            videos = self._transport.send(VIDEO_MODELS, timeout, most=MODELS_BYTES)
            left = max(deadline - time.monotonic(), 0.0)
            images = self._transport.send(IMAGE_MODELS, left, most=MODELS_BYTES)
            return _rows(videos, images)

    async def fetch_models_async(self, *, timeout: float) -> Sequence[ImageModel | VideoModel]:
        deadline = time.monotonic() + timeout
        with self._transport.masked(), _only_reads():
            videos = await self._transport.send_async(VIDEO_MODELS, timeout, most=MODELS_BYTES)
            left = max(deadline - time.monotonic(), 0.0)
            images = await self._transport.send_async(IMAGE_MODELS, left, most=MODELS_BYTES)
            return await asyncio.to_thread(_rows, videos, images)

    def _new_job(self, prepared: Prepared[VideoGenerationRequest]) -> VideoJob:
        return VideoJob(provider=self.config.provider, model=prepared.model, id="", endpoint=self.endpoint)


async def _aside(prepared: Prepared[Any], build: Callable[..., Outgoing], *args: Any) -> Outgoing:
    """Builds a request; input images become megabytes of base64, for which the event loop would stand still."""
    return await asyncio.to_thread(build, *args) if prepared.images else build(*args)


def _rows(videos: Incoming, images: Incoming) -> list[ImageModel | VideoModel]:
    today = datetime.now(UTC).date()
    return [*video_rows(read_list(videos), today), *image_rows(read_list(images), today)]


@contextmanager
def _only_reads() -> Iterator[None]:
    """Nothing is made and nothing is paid, whatever comes."""
    try:
        yield
    except TarashError as error:
        error.billable = "no"
        raise


@contextmanager
def _creates_a_job() -> Iterator[None]:
    """An answer that cannot be read may stand for a job that exists."""
    try:
        yield
    except InvalidResponseError as error:
        if error.billable == "yes":
            error.billable = "unknown"
        raise


@contextmanager
def _looks_at(job: VideoJob) -> Iterator[None]:
    """Whatever a look at a job runs into may pass: the job is there and paid for."""
    try:
        yield
    except ModelNotFoundError as error:
        msg = f"the vendor does not know job {job.id} (any more): {error}"
        young = error.status_code == 404  # a job that was just made may not be known everywhere yet
        raise JobExpiredError(
            msg, status_code=error.status_code, code=error.code, raw=error.raw, retryable=young
        ) from error
    except InvalidResponseError as error:
        error.retryable = True
        raise


@contextmanager
def _downloads(job: VideoJob, sink: Sink) -> Iterator[None]:
    """What a download may run into: the clip is paid for, and is there unless the vendor says that it is gone."""
    try:
        yield
    except ModelNotFoundError as error:
        # A finished job's clip is at times there a moment later than its status says.
        msg = f"the clip of job {job.id} is not there (any more): {error}"
        gone = error.status_code == 410
        raise JobExpiredError(msg, status_code=error.status_code, raw=error.raw, retryable=not gone) from error
    except (InvalidRequestError, DownloadError) as error:
        if error.status_code == 416:
            sink.restart()  # what is there is no beginning of what the vendor has
        elif error.status_code != 409:
            raise
        told = "is not ready yet" if error.status_code == 409 else "does not go on where it was cut"
        msg = f"the clip of job {job.id} {told}: {error}"
        raise DownloadError(msg, status_code=error.status_code, raw=error.raw, retryable=True) from error


def _begin(sink: Sink, status: int, headers: Mapping[str, str]) -> None:
    """Tells the sink what comes: how long it is, and whether it continues what is there."""
    encoding = headers.get("content-encoding") or "identity"
    if encoding != "identity":
        # A megabyte of it may become a gigabyte; a clip gains nothing by it.
        msg = f"the server sent the clip encoded ({encoding}), which it was asked not to do; it was not unpacked"
        raise DownloadError(msg)
    length = headers.get("content-length")
    start = headers.get("content-range", "").removeprefix("bytes ").split("-")[0].strip()
    sink.begin(
        length=int(length) if length and length.isdigit() else None,
        resumed=status == 206 and start == str(sink.offset),
        content_type=headers.get("content-type"),
    )
