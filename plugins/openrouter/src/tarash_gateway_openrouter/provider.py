"""The provider: builds a request, sends it, reads the answer. It never loops, sleeps or retries.

The vendor has no list of jobs and cancels none, so there is no `find_video` and no `cancel_video`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash.tarash_gateway.errors import ConfigurationError, InvalidResponseError, TarashError
from tarash.tarash_gateway.models import GenerationConfig, ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImagePart, PreparedRequest, VideoStatus, read_variable
from tarash.tarash_gateway.plugins.http import (
    Answer,
    Connection,
    HttpProvider,
    HttpRequest,
    ImageEvents,
    creation_errors,
    download_errors,
    job_errors,
    read_images,
    read_job,
)
from tarash_gateway_openrouter.catalogue import image_rows, video_rows
from tarash_gateway_openrouter.endpoint import KEY_VARIABLE, OPENROUTER_URL, URL_VARIABLE
from tarash_gateway_openrouter.errors import read_error
from tarash_gateway_openrouter.requests import (
    IMAGE_MODELS,
    VIDEO_MODELS,
    content_request,
    image_request,
    status_request,
    video_request,
)

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins import Sink

_HEADERS = {"referer": "HTTP-Referer", "title": "X-OpenRouter-Title"}
"""Entries of `provider_config` that go out as headers: how the vendor names an application in its statistics."""


class OpenRouterProvider(HttpProvider):
    """OpenRouter's protocol over one connection."""

    base_url = OPENROUTER_URL
    key_variables = (KEY_VARIABLE,)

    def connect(self, config: GenerationConfig) -> Connection:
        """The connection of a config; reads the environment now."""
        base_url = config.base_url or read_variable(URL_VARIABLE) or OPENROUTER_URL
        if "?" in base_url:
            msg = "base_url has a query, which OpenRouter's API does not take; leave it out"
            raise ConfigurationError(msg, provider=config.provider, model=config.model)
        connection = super().connect(config.model_copy(update={"base_url": base_url}))
        named = ((header, _header(config, name)) for name, header in _HEADERS.items())
        headers = tuple((header, value) for header, value in named if value is not None)
        return replace(connection, headers=(*connection.headers, *headers))

    def read_error(self, answer: Answer) -> TarashError:
        """What an answer with a status of 300 or above means."""
        return read_error(answer)

    def generate_image(self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        return read_images(self.client.send(image_request(prepared), timeout), only_text=not prepared.images)

    async def generate_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> ImageAnswer:
        request = await _aside(prepared, image_request, prepared)
        return read_images(await self.client.send_async(request, timeout), only_text=not prepared.images)

    def stream_image(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> Iterator[ImagePart | ImageAnswer]:
        with closing(self.client.events(image_request(prepared, stream=True), timeout)) as stream:
            images = ImageEvents(stream.answer, only_text=not prepared.images)
            for event in stream:
                if (part := images.read(event)) is not None:
                    yield part
            if (answer := images.answer()) is not None:
                yield answer

    async def stream_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        request = await _aside(prepared, partial(image_request, stream=True), prepared)
        async with aclosing(await self.client.events_async(request, timeout)) as stream:
            images = ImageEvents(stream.answer, only_text=not prepared.images)
            async for event in stream:
                if (part := images.read(event)) is not None:
                    yield part
            if (answer := images.answer()) is not None:
                yield answer

    def submit_video(self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        request = video_request(prepared, self.endpoint)
        with creation_errors():
            return read_job(self.client.send(request, timeout), self._new_job(prepared))

    async def submit_video_async(
        self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float
    ) -> VideoStatus:
        request = await _aside(prepared, video_request, prepared, self.endpoint)
        with creation_errors():
            return read_job(await self.client.send_async(request, timeout), self._new_job(prepared))

    def poll_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with job_errors(job):
            return read_job(self.client.send(status_request(job), timeout), job)

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        with job_errors(job):
            return read_job(await self.client.send_async(status_request(job), timeout), job)

    def download_video(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        with download_errors(job, sink):
            self.client.download(content_request(job, index), sink, timeout)

    async def download_video_async(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        with download_errors(job, sink):
            await self.client.download_async(content_request(job, index), sink, timeout)

    def fetch_models(self, *, timeout: float) -> Sequence[ImageModel | VideoModel]:
        deadline = time.monotonic() + timeout
        with _only_reads():
            videos = self.client.send(VIDEO_MODELS, timeout)
            return _rows(videos, self.client.send(IMAGE_MODELS, max(deadline - time.monotonic(), 0.0)))

    async def fetch_models_async(self, *, timeout: float) -> Sequence[ImageModel | VideoModel]:
        deadline = time.monotonic() + timeout
        with _only_reads():
            videos = await self.client.send_async(VIDEO_MODELS, timeout)
            images = await self.client.send_async(IMAGE_MODELS, max(deadline - time.monotonic(), 0.0))
            return await asyncio.to_thread(_rows, videos, images)

    def _new_job(self, prepared: PreparedRequest[VideoGenerationRequest]) -> VideoJob:
        return VideoJob(provider=self.config.provider, model=prepared.model, id="", endpoint=self.endpoint)


async def _aside(prepared: PreparedRequest[Any], build: Callable[..., HttpRequest], *args: Any) -> HttpRequest:
    """Builds a request; input images become megabytes of base64, for which the event loop would stand still."""
    return await asyncio.to_thread(build, *args) if prepared.images else build(*args)


def _header(config: GenerationConfig, name: str) -> str | None:
    value = config.provider_config.get(name)
    if value is None or (isinstance(value, str) and re.fullmatch(r"[ -~]{1,256}", value)):
        return value
    msg = f"provider_config[{name!r}] goes out as a header: it must be text of 1 to 256 ASCII characters"
    raise ConfigurationError(msg, provider=config.provider, model=config.model)


def _rows(videos: Answer, images: Answer) -> list[ImageModel | VideoModel]:
    today = datetime.now(UTC).date()
    return [*video_rows(_items(videos), today), *image_rows(_items(images), today)]


def _items(answer: Answer) -> list[Any]:
    """The items of a list of models."""
    items = answer.object().get("data")
    if not isinstance(items, list):
        msg = f"the vendor's answer is no list of models ({answer.kind})"
        raise InvalidResponseError(msg, status_code=answer.status, retryable=True)
    return items


@contextmanager
def _only_reads() -> Iterator[None]:
    """Nothing is made and nothing is paid, whatever comes."""
    try:
        yield
    except TarashError as error:
        error.billable = "no"
        raise
