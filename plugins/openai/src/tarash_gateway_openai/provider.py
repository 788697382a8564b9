"""The provider: builds a request, sends it, reads the answer. It never loops, sleeps or retries."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import GenerationConfig, ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import (
    ImageAnswer,
    ImagePart,
    PreparedRequest,
    UnconfirmedSubmit,
    VideoStatus,
)
from tarash.tarash_gateway.plugins.http import (
    Answer,
    Connection,
    HttpProvider,
    HttpRequest,
    ImageEvents,
    creation_errors,
    download_errors,
    job_errors,
    job_object,
    read_images,
    read_job,
    read_job_list,
    read_video_urls,
)
from tarash_gateway_openai.connection import KEY_VARIABLE, from_config
from tarash_gateway_openai.errors import error_of, is_missing_route, no_cancel
from tarash_gateway_openai.requests import (
    cancel_request,
    content_request,
    image_request,
    list_request,
    status_request,
    video_request,
)
from tarash_gateway_openai.sender import Sender

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins import Sink

MOST_PAGES = 50
"""Pages of the job list that are read for one lost answer."""

CLOCKS_DIFFER = timedelta(minutes=2)
"""How far the vendor's clock may be from ours."""


class OpenAIProvider(HttpProvider):
    """OpenAI's protocol over one connection.

    Args:
        config: whose requests these are.
        connection: where they go; without it, what `config` and the environment say of OpenAI.
        key_variable: the environment variable that a key is read from, for the text of an error.
    """

    def __init__(
        self, config: GenerationConfig, connection: Connection | None = None, *, key_variable: str = KEY_VARIABLE
    ) -> None:
        self._given, self.key_variable = connection, key_variable
        super().__init__(config)
        self._sender = Sender(self.connection, self.read_error)

    def connect(self, config: GenerationConfig) -> Connection:
        return self._given or from_config(config)

    def read_error(self, answer: Answer) -> TarashError:
        return error_of(answer, self.key_variable)

    def generate_image(self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        with self.redacted():
            answer = self._sender.send(image_request(prepared), timeout)
            return read_images(answer, only_text=not prepared.images)

    async def generate_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> ImageAnswer:
        with self.redacted():
            answer = await self._sender.send_async(image_request(prepared), timeout)
            return read_images(answer, only_text=not prepared.images)

    def stream_image(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> Iterator[ImagePart | ImageAnswer]:
        with (
            self.redacted(),
            closing(self._sender.events(image_request(prepared, stream=True), timeout)) as stream,
        ):
            events = ImageEvents(stream.answer, only_text=not prepared.images)
            for event in stream:
                part = events.read(event)
                if part is not None:
                    yield part
            answer = events.answer()
            if answer is not None:
                yield answer

    async def stream_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        with self.redacted():
            made = await self._sender.events_async(image_request(prepared, stream=True), timeout)
            async with aclosing(made) as stream:
                events = ImageEvents(stream.answer, only_text=not prepared.images)
                async for event in stream:
                    part = events.read(event)
                    if part is not None:
                        yield part
                answer = events.answer()
                if answer is not None:
                    yield answer

    def submit_video(self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        with self.redacted(), creation_errors():
            return read_job(self._sender.send(video_request(prepared), timeout), self._new_job(prepared.model))

    async def submit_video_async(
        self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float
    ) -> VideoStatus:
        with self.redacted(), creation_errors():
            answer = await self._sender.send_async(video_request(prepared), timeout)
            return read_job(answer, self._new_job(prepared.model))

    def poll_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with self.redacted(), job_errors(job):
            return read_job(self._sender.send(status_request(job), timeout), job)

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with self.redacted(), job_errors(job):
            return read_job(await self._sender.send_async(status_request(job), timeout), job)

    def cancel_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with self.redacted(), self._cancels(job):
            return _cancelled(self._sender.send(cancel_request(job), timeout), job)

    async def cancel_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with self.redacted(), self._cancels(job):
            return _cancelled(await self._sender.send_async(cancel_request(job), timeout), job)

    def find_video(self, lost: UnconfirmedSubmit, *, timeout: float) -> list[VideoJob]:
        pages = _Pages(self._new_job(""), lost)
        deadline = time.monotonic() + timeout
        with self.redacted():
            while (request := pages.next()) is not None:
                pages.add(self._sender.send(request, max(deadline - time.monotonic(), 0.0)))
        return pages.jobs

    async def find_video_async(self, lost: UnconfirmedSubmit, *, timeout: float) -> list[VideoJob]:
        pages = _Pages(self._new_job(""), lost)
        deadline = time.monotonic() + timeout
        with self.redacted():
            while (request := pages.next()) is not None:
                pages.add(await self._sender.send_async(request, max(deadline - time.monotonic(), 0.0)))
        return pages.jobs

    def download_video(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        deadline = time.monotonic() + timeout
        with self.redacted(), download_errors(job, sink):
            try:
                self.client.download(content_request(job), sink, timeout)
            except TarashError as error:
                if not is_missing_route(error):
                    raise
                answer = self._sender.send(status_request(job), max(deadline - time.monotonic(), 0.0))
                request = _named_in(answer, index, error)
                self.client.download(request, sink, max(deadline - time.monotonic(), 0.0))

    async def download_video_async(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        deadline = time.monotonic() + timeout
        with self.redacted(), download_errors(job, sink):
            try:
                await self.client.download_async(content_request(job), sink, timeout)
            except TarashError as error:
                if not is_missing_route(error):
                    raise
                answer = await self._sender.send_async(status_request(job), max(deadline - time.monotonic(), 0.0))
                request = _named_in(answer, index, error)
                await self.client.download_async(request, sink, max(deadline - time.monotonic(), 0.0))

    @contextmanager
    def _cancels(self, job: VideoJob) -> Iterator[None]:
        """A cancel that the server does not have is told as that."""
        with job_errors(job):
            try:
                yield
            except TarashError as error:
                if is_missing_route(error):
                    raise no_cancel(self.connection.host, error) from error
                raise

    def _new_job(self, model: str) -> VideoJob:
        return VideoJob(provider=self.config.provider, model=model, id="", endpoint=self.endpoint)


def _cancelled(answer: Answer, job: VideoJob) -> VideoStatus:
    """A job that was deleted at the vendor is cancelled here, unless it had come to its end before."""
    raw = answer.shown(answer.object())
    return VideoStatus(job if job.finished else job.model_copy(update={"status": "cancelled"}), raw=raw)


def _named_in(answer: Answer, index: int, error: TarashError) -> HttpRequest:
    """The request for a video whose address is in the job itself: not every server hands out its content.

    Raises:
        TarashError: `error`, where the job names none.
    """
    urls = read_video_urls(job_object(answer.object()))
    if index >= len(urls):
        raise error
    return HttpRequest("GET", urls[index])


class _Pages:
    """The pages of the job list that are read for one lost answer."""

    def __init__(self, known: VideoJob, lost: UnconfirmedSubmit) -> None:
        self._known, self._lost = known, lost
        self._after: str | None = None
        self._more = True
        self._read = 0
        self.jobs: list[VideoJob] = []

    def next(self) -> HttpRequest | None:
        """The request for the next page; None where the list was read as far as it matters."""
        return list_request(self._after) if self._more and self._read < MOST_PAGES else None

    def add(self, answer: Answer) -> None:
        """Takes in a page."""
        self._read += 1
        jobs, self._after = read_job_list(answer, self._known)
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
