"""The provider: each primitive sends what it says, once. It never loops, sleeps or retries."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tarash.tarash_gateway.errors import DownloadError, TarashError
from tarash.tarash_gateway.models import VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import InputFile, PreparedRequest, Sink, UnconfirmedSubmit, VideoStatus
from tarash.tarash_gateway.plugins.http import (
    Answer,
    HttpProvider,
    HttpRequest,
    creation_errors,
    download_errors,
    job_errors,
)

from .jobs import addresses_in, body_of, error_in, id_in, listed_in, status_in
from .rows import KEY_VARIABLE


class KilnProvider(HttpProvider):
    """Kiln, for one call with one config."""

    base_url = "https://api.kiln.example/2"
    key_variables = (KEY_VARIABLE,)
    key_header = "x-kiln-key"
    key_prefix = ""

    def read_error(self, answer: Answer) -> TarashError:
        return error_in(answer)

    async def submit_video_async(
        self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float
    ) -> VideoStatus:
        until = time.monotonic() + timeout
        with _nothing_is_made():
            uploads = [await self._upload(image, until) for image in prepared.images]
        body = body_of(prepared, uploads[0] if uploads else None)
        with creation_errors():
            answer = await self._post("/jobs", body, _left(until))
            return status_in(answer, self._job(id_in(answer, "job"), prepared.model, n=prepared.request.n))

    async def _upload(self, image: InputFile, until: float) -> str:
        headers = {"Content-Type": image.content_type}
        answer = await self.client.send_async(
            HttpRequest("POST", "/upload", image.content, headers=headers), _left(until)
        )
        return id_in(answer, "upload")

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with job_errors(job):
            return status_in(await self._post("/jobs/get", {"job": job.id}, timeout), job)

    async def cancel_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with job_errors(job):
            return status_in(await self._post("/jobs/cancel", {"job": job.id}, timeout), job)

    async def find_video_async(self, lost: UnconfirmedSubmit, *, timeout: float) -> Sequence[VideoJob]:
        # The vendor's clock may differ by a minute.
        answer = await self._post("/jobs/list", {"after": lost.since.timestamp() - 60}, timeout)
        return listed_in(answer, self._job("", lost.model))

    async def download_video_async(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        until = time.monotonic() + timeout
        with job_errors(job):
            # The addresses are signed and short-lived: they are requested when they are needed, and never stored.
            addresses = addresses_in(await self._post("/jobs/get", {"job": job.id}, timeout))
        if index >= len(addresses):
            msg = f"job {job.id} has no video number {index + 1}"
            raise DownloadError(msg)
        with download_errors(job, sink):
            await self.client.download_async(HttpRequest("GET", addresses[index]), sink, _left(until))

    def _job(self, job_id: str, model: str, **request: Any) -> VideoJob:
        return VideoJob(id=job_id, model=model, provider=self.config.provider, endpoint=self.endpoint, request=request)

    async def _post(self, path: str, body: dict[str, Any], timeout: float) -> Answer:
        return await self.client.send_async(HttpRequest("POST", path, body), timeout)


def _left(until: float) -> float:
    """Returns the seconds until the end of the primitive: several requests share its timeout."""
    return max(until - time.monotonic(), 0.001)


@contextmanager
def _nothing_is_made() -> Iterator[None]:
    """Says of whatever goes wrong before the request that creates something: nothing is on a bill."""
    try:
        yield
    except TarashError as error:
        error.billable = "no"
        raise
