"""The provider: each primitive sends what it says, once. It never loops, sleeps or retries."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tarash.tarash_gateway.errors import DownloadError, InvalidResponseError, JobExpiredError, TarashError
from tarash.tarash_gateway.models import GenerationConfig, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import InputFile, LostVideo, Prepared, Provider, Sink, VideoStatus

from .client import Client
from .firings import asked_in, body_of, clips_of, firing_of, firings_of, made_at, status_of
from .key import find_endpoint, find_key


class KilnProvider(Provider):
    """Kiln, for one call with one config."""

    def __init__(self, config: GenerationConfig) -> None:
        self.config = config
        self.endpoint = find_endpoint(config)
        self.client = Client(self.endpoint, find_key(config))

    async def submit_video_async(self, prepared: Prepared[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        until = time.monotonic() + timeout
        with _nothing_is_made():
            pieces = [await self._shelved(image, until) for image in prepared.images]
        body = body_of(prepared, pieces[0] if pieces else None)
        answer = await self._call("/firings", body, _left(until))
        return status_of(answer, self._job(firing_of(answer), prepared.model))

    async def _shelved(self, image: InputFile, until: float) -> str:
        """Uploads a picture: asks for a place, and puts the bytes there. The place is at another host."""
        place = await self._call("/shelf", {"type": image.content_type, "bytes": len(image.content)}, _left(until))
        piece, address = place.get("piece"), place.get("put")
        if not isinstance(piece, str) or not isinstance(address, str):
            msg = "the answer names no place for the picture"
            raise InvalidResponseError(msg)
        headers = {"content-type": image.content_type}
        put = self.client.open("PUT", address, timeout=_left(until), headers=headers, content=image.content)
        async with put as response:
            await response.aread()
        return piece

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with _about(job):
            return status_of(await self._call("/firings/look", {"firing": job.id}, timeout), job)

    async def cancel_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with _about(job):
            return status_of(await self._call("/firings/smash", {"firing": job.id}, timeout), job)

    async def find_video_async(self, lost: LostVideo, *, timeout: float) -> Sequence[VideoJob]:
        # The vendor's clock may differ by a minute.
        answer = await self._call("/firings/list", {"after": lost.since.timestamp() - 60}, timeout)
        return [
            self._job(firing_of(firing), str(firing.get("glaze")), created_at=made_at(firing), asked=asked_in(firing))
            for firing in firings_of(answer)
        ]

    async def download_video_async(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        until = time.monotonic() + timeout
        with _about(job):
            clips = clips_of(await self._call("/firings/look", {"firing": job.id}, timeout))
            if index >= len(clips):
                msg = f"job {job.id} has no clip number {index + 1}"
                raise DownloadError(msg)
            headers = {"accept-encoding": "identity"}
            if sink.offset:
                headers["range"] = f"bytes={sink.offset}-"
            async with self.client.open("GET", clips[index], timeout=_left(until), headers=headers) as response:
                length = response.headers.get("content-length")
                begins = response.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
                sink.begin(
                    length=int(length) if length else None,
                    resumed=response.status_code == 206 and begins == str(sink.offset),
                    content_type=response.headers.get("content-type"),
                )
                async for chunk in response.aiter_raw():
                    sink.write(chunk)

    def _job(self, firing: str, model: str, **known: Any) -> VideoJob:
        return VideoJob(id=firing, model=model, provider=self.config.provider, endpoint=self.endpoint, **known)

    async def _call(self, path: str, body: dict[str, Any], timeout: float) -> dict[str, Any]:
        """One POST: Kiln knows nothing else."""
        answer: dict[str, Any] = self.client.shown(await self.client.call("POST", path, timeout=timeout, body=body))
        return answer


def _left(until: float) -> float:
    """Seconds until the end of the primitive: several requests share its timeout."""
    return max(until - time.monotonic(), 0.001)


@contextmanager
def _nothing_is_made() -> Iterator[None]:
    """Whatever goes wrong before the request that creates something, nothing is on a bill."""
    try:
        yield
    except TarashError as error:
        error.billable = "no"
        raise


@contextmanager
def _about(job: VideoJob) -> Iterator[None]:
    """A job that the vendor does not know is another error than a model that it does not know."""
    try:
        yield
    except TarashError as error:
        if error.status_code not in (404, 410):
            raise
        msg = f"job {job.id} is not there (any more): {error}"
        # A young job may show late; core asks again a few times.
        again = error.status_code == 404
        raise JobExpiredError(msg, status_code=error.status_code, raw=error.raw, retryable=again) from error
