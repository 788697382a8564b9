"""The provider: builds a request, sends it through the SDK, reads the answer. It never loops, sleeps or retries."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from tarash.tarash_gateway.errors import (
    DownloadError,
    InvalidRequestError,
    InvalidResponseError,
    JobExpiredError,
    ModelNotFoundError,
)
from tarash.tarash_gateway.models import (
    GenerationConfig,
    ImageGenerationRequest,
    VideoGenerationRequest,
    VideoJob,
)
from tarash.tarash_gateway.plugins import ImageAnswer, ImagePart, LostVideo, Prepared, Provider, VideoStatus
from tarash.tarash_gateway.plugins.deadlines import items_until, until
from tarash_gateway_openai.answers import (
    ImageEvents,
    Incoming,
    read_deleted,
    read_images,
    read_job,
    read_list,
    request_id,
)
from tarash_gateway_openai.connection import Connection
from tarash_gateway_openai.faults import connection_fault
from tarash_gateway_openai.transport import Transport, is_plain
from tarash_gateway_openai.wire import (
    Outgoing,
    cancel_request,
    content_request,
    image_request,
    list_request,
    status_request,
    video_request,
)

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins import Sink

LOOK_SECONDS = 30.0
"""Seconds that one look at a job may take; a longer one is given up and asked again."""

MOST_PAGES = 50
"""Pages of the job list that are read for one lost answer."""

CLOCKS_DIFFER = timedelta(minutes=2)
"""How far the vendor's clock may be from ours."""


class OpenAIProvider(Provider):
    """OpenAI's protocol over one connection."""

    def __init__(
        self, config: GenerationConfig, connection: Connection, *, key_variable: str = "OPENAI_API_KEY"
    ) -> None:
        self.config = config
        self.connection = connection
        self.endpoint = connection.base_url
        self._transport = Transport(connection, key_variable)

    def generate_image(self, prepared: Prepared[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        with self._transport.masked():
            return read_images(self._transport.send(image_request(prepared), timeout))

    async def generate_image_async(self, prepared: Prepared[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        with self._transport.masked():
            return read_images(await self._transport.send_async(image_request(prepared), timeout))

    def stream_image(
        self, prepared: Prepared[ImageGenerationRequest], *, timeout: float
    ) -> Iterator[ImagePart | ImageAnswer]:
        with self._transport.masked(), self._transport.translated():
            deadline = time.monotonic() + timeout
            stream = self._transport.events(image_request(prepared, stream=True), timeout)
            with closing(stream), self._breaks_off():
                if is_plain(stream.response):
                    with until(deadline):
                        stream.response.read()
                    yield read_images(self._transport.incoming(stream.response))
                    return
                events = ImageEvents(request_id(stream.response.headers), self.connection.secrets())
                for event in items_until(deadline, stream):
                    part = events.read(event)
                    if part is not None:
                        yield part
                answer = events.answer()
                if answer is not None:
                    yield answer

    async def stream_image_async(
        self, prepared: Prepared[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        with self._transport.masked(), self._transport.translated():
            deadline = time.monotonic() + timeout
            stream = await self._transport.events_async(image_request(prepared, stream=True), timeout)
            try:
                with self._breaks_off():
                    if is_plain(stream.response):
                        async with self._transport.in_time(deadline - time.monotonic()):
                            await stream.response.aread()
                        yield read_images(self._transport.incoming(stream.response))
                        return
                    events = ImageEvents(request_id(stream.response.headers), self.connection.secrets())
                    async for event in self._transport.each_in_time(deadline, stream):
                        part = events.read(event)
                        if part is not None:
                            yield part
                    answer = events.answer()
                    if answer is not None:
                        yield answer
            finally:
                await stream.close()

    def submit_video(self, prepared: Prepared[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        with self._transport.masked(), self._creates_a_job():
            return read_job(self._transport.send(video_request(prepared), timeout), self._new_job(prepared))

    async def submit_video_async(self, prepared: Prepared[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        with self._transport.masked(), self._creates_a_job():
            return read_job(await self._transport.send_async(video_request(prepared), timeout), self._new_job(prepared))

    def poll_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with self._transport.masked(), self._looks_at(job):
            return read_job(self._transport.send(status_request(job), min(timeout, LOOK_SECONDS)), job)

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with self._transport.masked(), self._looks_at(job):
            return read_job(await self._transport.send_async(status_request(job), min(timeout, LOOK_SECONDS)), job)

    def cancel_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with self._transport.masked(), self._looks_at(job):
            return read_deleted(self._transport.send(cancel_request(job), min(timeout, LOOK_SECONDS)), job)

    async def cancel_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with self._transport.masked(), self._looks_at(job):
            return read_deleted(await self._transport.send_async(cancel_request(job), min(timeout, LOOK_SECONDS)), job)

    def find_video(self, lost: LostVideo, *, timeout: float) -> list[VideoJob]:
        pages = _Pages(self._listed(), lost)
        deadline = time.monotonic() + timeout
        with self._transport.masked():
            while (request := pages.next()) is not None:
                pages.add(self._transport.send(request, min(max(deadline - time.monotonic(), 0.0), LOOK_SECONDS)))
        return pages.jobs

    async def find_video_async(self, lost: LostVideo, *, timeout: float) -> list[VideoJob]:
        pages = _Pages(self._listed(), lost)
        deadline = time.monotonic() + timeout
        with self._transport.masked():
            while (request := pages.next()) is not None:
                left = min(max(deadline - time.monotonic(), 0.0), LOOK_SECONDS)
                pages.add(await self._transport.send_async(request, left))
        return pages.jobs

    def download_video(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:  # noqa: ARG002 # one video a job
        with self._transport.masked(), self._downloads(job, sink), self._transport.translated():
            deadline = time.monotonic() + timeout
            response = self._transport.open(content_request(job, sink.offset), timeout)
            with closing(response):
                _begin(sink, response.status_code, response.headers)
                for chunk in items_until(deadline, response.iter_raw()):
                    sink.write(chunk)

    async def download_video_async(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:  # noqa: ARG002
        with self._transport.masked(), self._downloads(job, sink), self._transport.translated():
            async with self._transport.in_time(timeout):
                response = await self._transport.open_async(content_request(job, sink.offset), timeout)
                async with aclosing(response):
                    _begin(sink, response.status_code, response.headers)
                    async for chunk in response.aiter_raw():
                        sink.write(chunk)

    @contextmanager
    def _breaks_off(self) -> Iterator[None]:
        """A stream that breaks off: the picture may be finished and billed all the same."""
        import httpx2

        try:
            yield
        except httpx2.HTTPError as error:  # an older SDK does not make it its own
            timed_out = isinstance(error, httpx2.TimeoutException)
            fault = connection_fault(error, self.connection.base_url, timed_out=timed_out)
            fault.retryable, fault.billable = True, "unknown"
            raise fault from error

    @contextmanager
    def _creates_a_job(self) -> Iterator[None]:
        """An answer that cannot be read may stand for a job that exists."""
        try:
            yield
        except InvalidResponseError as error:
            if error.billable == "yes":
                error.billable = "unknown"
            raise

    @contextmanager
    def _looks_at(self, job: VideoJob) -> Iterator[None]:
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
    def _downloads(self, job: VideoJob, sink: Sink) -> Iterator[None]:
        import httpx2

        try:
            yield
        except ModelNotFoundError as error:
            # A finished job's clip is at times there a moment later than its status says.
            msg = f"the clip of job {job.id} is not there (any more): {error}"
            gone = error.status_code == 410
            raise JobExpiredError(msg, status_code=error.status_code, raw=error.raw, retryable=not gone) from error
        except InvalidRequestError as error:
            if error.status_code != 416:
                raise
            sink.restart()  # what is there is no beginning of what the vendor has
            msg = f"the clip of job {job.id} does not go on where it was cut: {error}"
            raise DownloadError(msg, status_code=416, raw=error.raw, retryable=True) from error
        except httpx2.HTTPError as error:
            msg = f"the download of job {job.id} broke off ({type(error).__name__})"
            raise DownloadError(msg, retryable=True) from error

    def _listed(self) -> VideoJob:
        return VideoJob(provider=self.config.provider, model="", id="", endpoint=self.endpoint)

    def _new_job(self, prepared: Prepared[VideoGenerationRequest]) -> VideoJob:
        return VideoJob(provider=self.config.provider, model=prepared.model, id="", endpoint=self.endpoint)


class _Pages:
    """The pages of the job list that are read for one lost answer."""

    def __init__(self, known: VideoJob, lost: LostVideo) -> None:
        self._known, self._lost = known, lost
        self._after: str | None = None
        self._more = True
        self._read = 0
        self.jobs: list[VideoJob] = []

    def next(self) -> Outgoing | None:
        """The request for the next page; None where the list was read as far as it matters."""
        return list_request(self._after) if self._more and self._read < MOST_PAGES else None

    def add(self, incoming: Incoming) -> None:
        """Takes in a page."""
        self._read += 1
        jobs, self._after = read_list(incoming, self._known)
        early = self._lost.since - CLOCKS_DIFFER
        prompt = self._lost.asked.get("prompt")
        # Of a long list only what may be it is kept.
        self.jobs += [
            job
            for job in jobs
            if (job.created_at is None or job.created_at >= early) and job.asked.get("prompt", prompt) == prompt
        ]
        oldest = jobs[-1].created_at if jobs else None
        self._more = self._after is not None and (oldest is None or oldest >= early)


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
