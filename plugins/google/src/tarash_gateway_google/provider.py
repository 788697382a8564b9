"""The provider: builds requests, has them carried, reads the answers. It never loops over them, sleeps or retries."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tarash.tarash_gateway.errors import (
    ConnectionFailedError,
    DownloadError,
    InvalidRequestError,
    InvalidResponseError,
    JobExpiredError,
    ModelNotFoundError,
    TarashError,
)
from tarash.tarash_gateway.models import GenerationConfig, ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImagePart, Prepared, Provider, VideoStatus
from tarash.tarash_gateway.plugins.deadlines import items_until, until
from tarash_gateway_google import omni
from tarash_gateway_google.connection import Connection
from tarash_gateway_google.events import EventReader
from tarash_gateway_google.exchange import Incoming, Steps
from tarash_gateway_google.faults import without_prompt
from tarash_gateway_google.images import Collected, image_request, read_images
from tarash_gateway_google.interactions import Video, read_interaction
from tarash_gateway_google.places import Places
from tarash_gateway_google.transport import Transport
from tarash_gateway_google.uploads import Uploads
from tarash_gateway_google.videos import Fetch, write_inline

if TYPE_CHECKING:
    import httpx2

    from tarash.tarash_gateway.plugins import Sink

_UNKNOWN_ID = "invalid interaction name"
"""How a job that the vendor does not know is told, with a 400."""


class GoogleProvider(Provider):
    """The Gemini API over one connection, for one call."""

    def __init__(
        self, config: GenerationConfig, connection: Connection, *, places: Places | None = None, where: str = "api_key"
    ) -> None:
        self.config = config
        self.connection = connection
        self.endpoint = connection.root
        self.places = places or Places(connection.root, connection.version)
        self._transport = Transport(connection, where)
        self._uploads = Uploads()
        self._shelf: dict[str, list[Video]] = {}

    def generate_image(self, prepared: Prepared[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        return self._transport.run(self._image(prepared), timeout)

    async def generate_image_async(self, prepared: Prepared[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        return await self._transport.run_async(self._image(prepared), timeout)

    def submit_video(self, prepared: Prepared[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        return self._transport.run(self._submit(prepared), timeout)

    async def submit_video_async(self, prepared: Prepared[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        return await self._transport.run_async(self._submit(prepared), timeout)

    def poll_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        return self._transport.run(self._poll(job), timeout)

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        return await self._transport.run_async(self._poll(job), timeout)

    def cancel_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        return self._transport.run(self._cancel(job), timeout)

    async def cancel_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        return await self._transport.run_async(self._cancel(job), timeout)

    def stream_image(
        self, prepared: Prepared[ImageGenerationRequest], *, timeout: float
    ) -> Iterator[ImagePart | ImageAnswer]:
        deadline = time.monotonic() + timeout
        request = image_request(self.places, prepared, stream=True)
        with (
            self._transport.masked(),
            _quoting(prepared.request.prompt),
            self._transport.translated(),
            self._transport.opened(request, deadline) as response,
            _breaks_off(),
        ):
            if _is_plain(response):
                with until(deadline):
                    response.read()
                yield read_images(self._whole(response))
                return
            reader, collected = EventReader(), self._collected(response)
            for piece in items_until(deadline, response.iter_bytes()):
                for event in reader.feed(piece):
                    yield from collected.add(event)
            for event in reader.end():
                yield from collected.add(event)
            if collected.begun:
                yield collected.answer()

    async def stream_image_async(
        self, prepared: Prepared[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        deadline = time.monotonic() + timeout
        request = image_request(self.places, prepared, stream=True)
        with self._transport.masked(), _quoting(prepared.request.prompt), self._transport.translated():
            async with self._transport.opened_async(request, deadline) as response:
                with _breaks_off():
                    if _is_plain(response):
                        async with self._transport.in_time(deadline):
                            await response.aread()
                        yield read_images(self._whole(response))
                        return
                    reader, collected = EventReader(), self._collected(response)
                    async for piece in self._transport.each_in_time(deadline, response.aiter_bytes()):
                        for event in reader.feed(piece):
                            for part in collected.add(event):
                                yield part
                    for event in reader.end():
                        for part in collected.add(event):
                            yield part
                    if collected.begun:
                        yield collected.answer()

    def download_video(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        deadline = time.monotonic() + timeout
        video = self._transport.run(self._made(job, index), timeout)
        with self._transport.masked(), _downloads(job):
            if video.base64 is not None:
                write_inline(video.base64, sink)
                return
            self._fetch(video, sink).run(deadline)

    async def download_video_async(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        deadline = time.monotonic() + timeout
        video = await self._transport.run_async(self._made(job, index), timeout)
        with self._transport.masked(), _downloads(job):
            if video.base64 is not None:
                write_inline(video.base64, sink)
                return
            await self._fetch(video, sink).run_async(deadline)

    # The talks, each written once for both flavours.

    def _image(self, prepared: Prepared[ImageGenerationRequest]) -> Steps[ImageAnswer]:
        with _quoting(prepared.request.prompt):
            return read_images((yield image_request(self.places, prepared)))

    def _submit(self, prepared: Prepared[VideoGenerationRequest]) -> Steps[VideoStatus]:
        notes: list[str] = []
        with _quoting(prepared.request.prompt), _creates_a_job():
            answer = yield from self._begin(prepared, notes)
            data = {**self._home(), **({"notes": notes} if notes else {})}
            known = VideoJob(
                provider=self.config.provider,
                model=prepared.model,
                id="",
                endpoint=self.endpoint,
                asked={"n": prepared.request.n},
                provider_data=data,
            )
            return self._seen(answer, known)

    def _poll(self, job: VideoJob) -> Steps[VideoStatus]:
        with _quoting(job.asked.get("prompt")), _looks_at(job):
            return self._seen((yield from self._look(job)), job)

    def _cancel(self, job: VideoJob) -> Steps[VideoStatus]:
        with _quoting(job.asked.get("prompt")), _looks_at(job):
            return self._seen((yield from omni.cancel(self.places, job)), job)

    def _made(self, job: VideoJob, index: int) -> Steps[Video]:
        """Where video number `index` is: it came with an answer of this call, or its file is known, or it is asked."""
        if job.id not in self._shelf:
            files = job.provider_data.get("files")
            if isinstance(files, list) and index < len(files) and isinstance(files[index], str):
                return Video(uri=self.places.download(files[index]))
            yield from self._poll(job)
        videos = self._shelf.get(job.id, [])
        if index >= len(videos):
            msg = f"job {job.id} has no video number {index + 1}"
            raise DownloadError(msg, job=job)
        return videos[index]

    # What differs between the backends.

    def _begin(self, prepared: Prepared[VideoGenerationRequest], notes: list[str]) -> Steps[Incoming]:
        return (yield from omni.submit(self.places, prepared, self._uploads, notes))

    def _look(self, job: VideoJob) -> Steps[Incoming]:
        return (yield from omni.look(self.places, job))

    def _read(self, answer: Incoming, job: VideoJob) -> tuple[VideoStatus, list[Video]]:
        return read_interaction(answer, job, self.places)

    def _home(self) -> dict[str, str]:
        """What a job needs besides its id, to be found again."""
        return {}

    def _seen(self, answer: Incoming, job: VideoJob) -> VideoStatus:
        status, videos = self._read(answer, job)
        if videos:
            self._shelf = {status.job.id: videos}
        return status

    def _fetch(self, video: Video, sink: Sink) -> Fetch:
        allow_private = self.config.provider_config.get("allow_private_urls") is True
        return Fetch(self.places, self._transport, video, sink, allow_private=allow_private)

    def _whole(self, response: httpx2.Response) -> Incoming:
        return Incoming(response.status_code, response.headers, response.content, self.connection.secrets())

    def _collected(self, response: httpx2.Response) -> Collected:
        return Collected(self.connection.secrets(), response.headers.get("x-request-id"))


def _is_plain(response: httpx2.Response) -> bool:
    """Whether a server that does not stream answered at once, with the whole picture."""
    return str(response.headers.get("content-type", "")).startswith("application/json")


@contextmanager
def _quoting(prompt: object) -> Iterator[None]:
    """A vendor's text that quotes the prompt goes on without it."""
    try:
        yield
    except TarashError as error:
        without_prompt(error, prompt)
        raise


@contextmanager
def _breaks_off() -> Iterator[None]:
    """A stream that breaks off: the picture may be finished and billed all the same."""
    import httpx2

    try:
        yield
    except httpx2.HTTPError as error:
        msg = f"the stream broke off ({type(error).__name__})"
        raise ConnectionFailedError(msg, retryable=True, billable="unknown") from error


@contextmanager
def _creates_a_job() -> Iterator[None]:
    """An answer that cannot be read may stand for a job that exists."""
    try:
        yield
    except InvalidResponseError as error:
        if error.billable == "yes" and error.job is None:
            error.billable = "unknown"
        raise


@contextmanager
def _looks_at(job: VideoJob) -> Iterator[None]:
    """What a look at a job runs into: the job is there and paid for, so that most of it passes."""
    try:
        yield
    except ModelNotFoundError as error:
        raise _gone(job, error, young=error.status_code == 404) from error
    except InvalidRequestError as error:
        if _UNKNOWN_ID in error.message.lower():
            raise _gone(job, error, young=True) from error
        error.retryable = True  # the vendor's front end refuses looks at running jobs at times
        raise
    except InvalidResponseError as error:
        error.retryable = error.job is None
        raise


def _gone(job: VideoJob, error: TarashError, *, young: bool) -> JobExpiredError:
    """A job that the vendor does not know; one that was just made may not be known everywhere yet."""
    msg = f"the vendor does not know job {job.id} (any more): {error}"
    return JobExpiredError(msg, status_code=error.status_code, code=error.code, raw=error.raw, retryable=young)


@contextmanager
def _downloads(job: VideoJob) -> Iterator[None]:
    try:
        yield
    except (ModelNotFoundError, InvalidRequestError) as error:
        # A finished job's clip is at times there a moment later than its status says.
        msg = f"the clip of job {job.id} is not there (any more): {error}"
        later = error.status_code in (400, 404)
        raise JobExpiredError(msg, status_code=error.status_code, raw=error.raw, retryable=later) from error
    except ConnectionFailedError as error:
        msg = f"the download of job {job.id} broke off: {error}"
        raise DownloadError(msg, retryable=True) from error
