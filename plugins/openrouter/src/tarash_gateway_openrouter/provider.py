"""The provider: builds a request, sends it, reads the answer. It never loops, sleeps or retries.

The vendor has no list of jobs and cancels none, so there is no `find_video` and no `cancel_video`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash.tarash_gateway.errors import ConfigurationError, InvalidResponseError, TarashError
from tarash.tarash_gateway.models import GenerationConfig, ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImagePart, PreparedRequest, VideoStatus, read_variable
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
    read_images,
    read_job,
    read_stream,
    read_stream_async,
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
        """Returns the connection of a config; reads the environment now."""
        base_url = config.base_url or read_variable(URL_VARIABLE) or OPENROUTER_URL
        if "?" in base_url:
            msg = "base_url has a query, which OpenRouter's API does not take; leave it out"
            raise ConfigurationError(msg, provider=config.provider, model=config.model)
        connection = super().connect(config.model_copy(update={"base_url": base_url}))
        named = ((header, _header(config, name)) for name, header in _HEADERS.items())
        headers = tuple((header, value) for header, value in named if value is not None)
        return replace(connection, headers=(*connection.headers, *headers))

    def read_error(self, answer: Answer) -> TarashError:
        """Returns what an answer with a status of 300 or above means."""
        return read_error(answer)

    def _generate_image(self, prepared: PreparedRequest[ImageGenerationRequest]) -> Steps[ImageAnswer]:
        return read_images((yield image_request(prepared)), only_text=not prepared.images)

    generate_image, generate_image_async = both_flavours(_generate_image)

    def stream_image(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> Iterator[ImagePart | ImageAnswer]:
        events = self.client.events(image_request(prepared, stream=True), timeout)
        yield from read_stream(events, only_text=not prepared.images)

    async def stream_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        # Input images become megabytes of base64, for which the event loop would stand still.
        request = await asyncio.to_thread(image_request, prepared, stream=True)
        events = await self.client.events_async(request, timeout)
        async with aclosing(read_stream_async(events, only_text=not prepared.images)) as parts:
            async for part in parts:
                yield part

    def _submit_video(self, prepared: PreparedRequest[VideoGenerationRequest]) -> Steps[VideoStatus]:
        with creation_errors():
            answer = yield video_request(prepared, self.endpoint)
            return read_job(answer, self.new_job(VideoJob, prepared.model))

    def _poll_video(self, job: VideoJob) -> Steps[VideoStatus]:
        with job_errors(job):
            return read_job((yield status_request(job)), job)

    def _download_video(self, job: VideoJob, sink: Sink, index: int = 0) -> Steps[None]:
        with download_errors(job, sink):
            yield DownloadStep(content_request(job, index), sink)

    def _fetch_models(self) -> Steps[Sequence[ImageModel | VideoModel]]:
        with _only_reads():
            videos, images = (yield VIDEO_MODELS), (yield IMAGE_MODELS)
            today = datetime.now(UTC).date()
            return [*video_rows(_items(videos), today), *image_rows(_items(images), today)]

    submit_video, submit_video_async = both_flavours(_submit_video)
    poll_video, poll_video_async = both_flavours(_poll_video)
    download_video, download_video_async = both_flavours(_download_video)
    fetch_models, fetch_models_async = both_flavours(_fetch_models, aside=True)


def _header(config: GenerationConfig, name: str) -> str | None:
    value = config.provider_config.get(name)
    if value is None or (isinstance(value, str) and re.fullmatch(r"[ -~]{1,256}", value)):
        return value
    msg = f"provider_config[{name!r}] goes out as a header: it must be text of 1 to 256 ASCII characters"
    raise ConfigurationError(msg, provider=config.provider, model=config.model)


def _items(answer: Answer) -> list[Any]:
    """Returns the items of a list of models."""
    items = answer.object().get("data")
    if not isinstance(items, list):
        msg = f"the vendor's answer is no list of models ({answer.kind})"
        raise InvalidResponseError(msg, status_code=answer.status, retryable=True)
    return items


@contextmanager
def _only_reads() -> Iterator[None]:
    """Marks every error of the block as free: nothing is made by reading."""
    try:
        yield
    except TarashError as error:
        error.billable = "no"
        raise
