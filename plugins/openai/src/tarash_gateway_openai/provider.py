"""The provider: builds a request, sends it, reads the answer. It never loops, sleeps or retries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import GenerationConfig, ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImagePart, PreparedRequest, UnconfirmedSubmit, VideoStatus
from tarash.tarash_gateway.plugins.http import (
    Answer,
    Connection,
    DownloadStep,
    HttpProvider,
    HttpRequest,
    Steps,
    both_flavours,
    creation_errors,
    download_errors,
    job_errors,
    job_object,
    read_images,
    read_job,
    read_job_list,
    read_stream,
    read_stream_async,
    read_video_urls,
    run_steps,
    run_steps_async,
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

ReturnT = TypeVar("ReturnT")

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
        with self.redacted():
            events = self._sender.events(image_request(prepared, stream=True), timeout)
            yield from read_stream(events, only_text=not prepared.images)

    async def stream_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        with self.redacted():
            events = await self._sender.events_async(image_request(prepared, stream=True), timeout)
            async with aclosing(read_stream_async(events, only_text=not prepared.images)) as parts:
                async for part in parts:
                    yield part

    def run(self, steps: Steps[ReturnT], timeout: float) -> ReturnT:
        with self.redacted():
            return run_steps(self._sender, steps, timeout)

    async def run_async(self, steps: Steps[ReturnT], timeout: float, *, aside: bool = False) -> ReturnT:
        with self.redacted():
            return await run_steps_async(self._sender, steps, timeout, aside=aside)

    def _submit_video(self, prepared: PreparedRequest[VideoGenerationRequest]) -> Steps[VideoStatus]:
        with creation_errors():
            return read_job((yield video_request(prepared)), self.new_job(VideoJob, prepared.model))

    def _poll_video(self, job: VideoJob) -> Steps[VideoStatus]:
        with job_errors(job):
            return read_job((yield status_request(job)), job)

    def _cancel_video(self, job: VideoJob) -> Steps[VideoStatus]:
        with job_errors(job):
            try:
                answer = yield cancel_request(job)
            except TarashError as error:
                if is_missing_route(error):
                    raise no_cancel(self.connection.host, error) from error
                raise
            return _cancelled(answer, job)

    def _find_video(self, lost: UnconfirmedSubmit) -> Steps[list[VideoJob]]:
        pages = _Pages(self.new_job(VideoJob, ""), lost)
        while (request := pages.next()) is not None:
            pages.add((yield request))
        return pages.jobs

    def _download_video(self, job: VideoJob, sink: Sink, index: int = 0) -> Steps[None]:
        with download_errors(job, sink):
            try:
                yield DownloadStep(content_request(job), sink)
            except TarashError as error:
                if not is_missing_route(error):
                    raise
                answer = yield status_request(job)
                yield DownloadStep(_named_in(answer, index, error), sink)

    submit_video, submit_video_async = both_flavours(_submit_video)
    poll_video, poll_video_async = both_flavours(_poll_video)
    cancel_video, cancel_video_async = both_flavours(_cancel_video)
    find_video, find_video_async = both_flavours(_find_video)
    download_video, download_video_async = both_flavours(_download_video)


def _cancelled(answer: Answer, job: VideoJob) -> VideoStatus:
    """Reads the answer to a delete: the job is cancelled, unless it had ended before."""
    raw = answer.shown(answer.object())
    return VideoStatus(job if job.finished else job.model_copy(update={"status": "cancelled"}), raw=raw)


def _named_in(answer: Answer, index: int, error: TarashError) -> HttpRequest:
    """Builds the request for a video whose address is in the job: not every server hands out its content.

    Raises:
        TarashError: `error`, where the job names none.
    """
    urls = read_video_urls(job_object(answer.object()))
    if index >= len(urls):
        raise error
    return HttpRequest("GET", urls[index])


class _Pages:
    """The pages of the job list that are read for one lost answer."""

    def __init__(self, template: VideoJob, lost: UnconfirmedSubmit) -> None:
        self._template, self._lost = template, lost
        self._after: str | None = None
        self._more = True
        self._read = 0
        self.jobs: list[VideoJob] = []

    def next(self) -> HttpRequest | None:
        """Returns the request for the next page; None where the list was read as far as it matters."""
        return list_request(self._after) if self._more and self._read < MOST_PAGES else None

    def add(self, answer: Answer) -> None:
        """Takes in a page."""
        self._read += 1
        jobs, self._after = read_job_list(answer, self._template)
        early = self._lost.since - CLOCKS_DIFFER
        prompt = self._lost.request.get("prompt")
        # Of a long list only what may be it is kept.
        self.jobs += [
            job
            for job in jobs
            if (job.created_at is None or job.created_at >= early) and job.request.get("prompt", prompt) == prompt
        ]
        oldest = jobs[-1].created_at if jobs else None
        self._more = self._after is not None and (oldest is None or oldest >= early)
