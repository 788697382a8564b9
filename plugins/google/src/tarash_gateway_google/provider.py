"""The provider: builds requests, has them sent, reads the answers. It never loops over them, sleeps or retries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing, contextmanager
from typing import TYPE_CHECKING

from tarash.tarash_gateway.errors import (
    ConnectionFailedError,
    DownloadError,
    InvalidRequestError,
    JobExpiredError,
    TarashError,
)
from tarash.tarash_gateway.models import GenerationConfig, ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImagePart, PreparedRequest, VideoStatus
from tarash.tarash_gateway.plugins.http import (
    Answer,
    Connection,
    DownloadStep,
    HttpProvider,
    Steps,
    both_flavours,
    creation_errors,
    download_errors,
    job_errors,
    job_gone,
)
from tarash_gateway_google import omni
from tarash_gateway_google.credentials import KEY_VARIABLES
from tarash_gateway_google.errors import read_error
from tarash_gateway_google.images import Collected, image_request, read_images
from tarash_gateway_google.interactions import Video, read_interaction
from tarash_gateway_google.uploads import Uploads
from tarash_gateway_google.urls import Urls, split_version
from tarash_gateway_google.videos import content_request, write_inline

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins import Sink

GEMINI_URL = "https://generativelanguage.googleapis.com"

GEMINI_VERSION = "v1beta"
"""The version of the API that Omni is known to work at."""

_UNKNOWN_ID = "invalid interaction name"
"""How the vendor says, with a 400, that it does not know a job."""


class GoogleProvider(HttpProvider):
    """The Gemini API over one connection, for one call."""

    base_url = GEMINI_URL
    key_variables = KEY_VARIABLES
    key_header = "x-goog-api-key"
    key_prefix = ""

    def __init__(self, config: GenerationConfig) -> None:
        super().__init__(config)
        self.urls = self._urls()
        self._uploads = Uploads()
        self._shelf: dict[str, list[Video]] = {}

    def connect(self, config: GenerationConfig) -> Connection:
        """Returns the connection of a config, whose address may end with a version of the API."""
        root, _ = split_version(config.base_url or self.base_url)
        return super().connect(config.model_copy(update={"base_url": root}))

    def read_error(self, answer: Answer) -> TarashError:
        """Returns what an answer with a status of 300 or above means."""
        return read_error(answer, self.key_origin)

    @property
    def key_origin(self) -> str:
        """Where a key is looked for, for the text of an error."""
        return f"api_key, then in {' and '.join(KEY_VARIABLES)}"

    def _generate_image(self, prepared: PreparedRequest[ImageGenerationRequest]) -> Steps[ImageAnswer]:
        return read_images((yield image_request(self.urls, prepared)))

    def stream_image(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> Iterator[ImagePart | ImageAnswer]:
        request = image_request(self.urls, prepared, stream=True)
        with closing(self.client.events(request, timeout)) as stream, _breaks_off():
            collected = Collected(stream.answer)
            for event in stream:
                yield from collected.add(event)
            if collected.begun:
                yield collected.answer()

    async def stream_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        request = image_request(self.urls, prepared, stream=True)
        async with aclosing(await self.client.events_async(request, timeout)) as stream:
            with _breaks_off():
                collected = Collected(stream.answer)
                async for event in stream:
                    for part in collected.add(event):
                        yield part
                if collected.begun:
                    yield collected.answer()

    def _submit(self, prepared: PreparedRequest[VideoGenerationRequest]) -> Steps[VideoStatus]:
        notes: list[str] = []
        with creation_errors():
            answer = yield from self._begin(prepared, notes)
            data = {**self._home(), **({"notes": notes} if notes else {})}
            job = self.new_job(VideoJob, prepared.model, request={"n": prepared.request.n}, provider_data=data)
            return self._read_videos(answer, job)

    def _poll(self, job: VideoJob) -> Steps[VideoStatus]:
        with _poll_errors(job):
            return self._read_videos((yield from self._read_job(job)), job)

    def _cancel(self, job: VideoJob) -> Steps[VideoStatus]:
        with _poll_errors(job):
            return self._read_videos((yield from omni.cancel(self.urls, job)), job)

    def _video_at(self, job: VideoJob, index: int) -> Steps[Video]:
        """Finds video `index`: from an answer of this call, from its known file, or by a poll."""
        if job.id not in self._shelf:
            files = job.provider_data.get("files")
            if isinstance(files, list) and index < len(files) and isinstance(files[index], str):
                return Video(uri=self.urls.download(files[index]))  # a path: at the config's own address
            yield from self._poll(job)
        videos = self._shelf.get(job.id, [])
        if index >= len(videos):
            msg = f"job {job.id} has no video number {index + 1}"
            raise DownloadError(msg, job=job)
        return videos[index]

    def _download(self, job: VideoJob, sink: Sink, index: int = 0) -> Steps[None]:
        video = yield from self._video_at(job, index)
        with _downloads(job, sink):
            if video.base64 is not None:
                write_inline(video.base64, sink)
            else:
                yield DownloadStep(content_request(video, self.urls), sink)

    def _cancel_video(self, job: VideoJob) -> Steps[VideoStatus]:
        return (yield from self._cancel(job))  # of the backend

    generate_image, generate_image_async = both_flavours(_generate_image)
    submit_video, submit_video_async = both_flavours(_submit)
    poll_video, poll_video_async = both_flavours(_poll)
    cancel_video, cancel_video_async = both_flavours(_cancel_video)
    download_video, download_video_async = both_flavours(_download)

    # What differs between the backends.

    def _begin(self, prepared: PreparedRequest[VideoGenerationRequest], notes: list[str]) -> Steps[Answer]:
        return (yield from omni.submit(self.urls, prepared, self._uploads, notes))

    def _read_job(self, job: VideoJob) -> Steps[Answer]:
        return (yield from omni.poll(self.urls, job))

    def _read(self, answer: Answer, job: VideoJob) -> tuple[VideoStatus, list[Video]]:
        return read_interaction(answer, job, self.urls)

    def _home(self) -> dict[str, str]:
        """Returns what a job needs besides its id, to be found again."""
        return {}

    def _read_videos(self, answer: Answer, job: VideoJob) -> VideoStatus:
        status, videos = self._read(answer, job)
        if videos:
            self._shelf = {status.job.id: videos}
        return status

    def _urls(self) -> Urls:
        _, version = split_version(self.config.base_url or self.base_url)
        return Urls(self.endpoint, self.config.api_version or version or GEMINI_VERSION)


@contextmanager
def _breaks_off() -> Iterator[None]:
    """Marks a stream that breaks off: the image may be finished and billed all the same."""
    try:
        yield
    except ConnectionFailedError as error:
        error.billable = "unknown"
        raise


@contextmanager
def _poll_errors(job: VideoJob) -> Iterator[None]:
    """Words the errors of a poll: the job exists and is paid for, so most of them pass."""
    try:
        with job_errors(job):
            yield
    except InvalidRequestError as error:
        if _UNKNOWN_ID in error.message.lower():
            raise job_gone(job, error, retryable=True) from error
        error.retryable = True  # the vendor's front end refuses polls of running jobs at times
        raise


@contextmanager
def _downloads(job: VideoJob, sink: Sink) -> Iterator[None]:
    """Words the errors of a download; a 400 may also mean that the file is gone, or not there yet."""
    try:
        with download_errors(job, sink):
            yield
    except InvalidRequestError as error:
        if error.status_code != 400:
            raise
        msg = f"the video of job {job.id} is not there (any more): {error}"
        raise JobExpiredError(msg, status_code=400, raw=error.raw, retryable=True) from error
