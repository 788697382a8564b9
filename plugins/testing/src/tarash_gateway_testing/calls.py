"""The functions of the gateway in both flavours, under one name each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from tarash import tarash_gateway
from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.models import (
    GenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    ImageGenerationUpdate,
    ImageJob,
    VideoGenerationRequest,
    VideoGenerationResponse,
    VideoJob,
)

__all__ = ["Calls", "Kind"]

Kind = Literal["image", "stream", "video"]
"""What is made; a streamed image is a kind of its own."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The public functions: the blocking ones, or their async twins.

    Attributes:
        flavour: which of the two.
        run: runs a coroutine to its end; without another each call gets an event loop of its own.
    """

    flavour: Literal["sync", "async"]
    run: Callable[[Coroutine[Any, Any, Any]], Any] = field(default=asyncio.run, repr=False)

    def create(self, kind: Kind, config: GenerationConfig, request: Any) -> Any:
        """Sends one creating request: a response for an image, streamed or not, and a job for a video."""
        if kind == "image":
            return self.generate_image(config, request)
        return self.stream_image(config, request)[-1].response if kind == "stream" else self.submit(config, request)

    def generate_image(
        self, config: GenerationConfig, request: ImageGenerationRequest, **options: Any
    ) -> ImageGenerationResponse:
        """`generate_image`."""
        made: ImageGenerationResponse = self._call("generate_image", config, request, **options)
        return made

    def stream_image(
        self, config: GenerationConfig, request: ImageGenerationRequest, most: int | None = None
    ) -> list[ImageGenerationUpdate]:
        """Returns the updates of `stream_image`; the loop is left after `most` of them."""
        if self.flavour == "async":
            updates_async: list[ImageGenerationUpdate] = self.run(_collect(config, request, most))
            return updates_async
        updates: list[ImageGenerationUpdate] = []
        stream: Any = tarash_gateway.stream_image(config, request)  # type: ignore[arg-type] # the caller's config fits
        for update in stream:
            updates.append(update)
            if len(updates) == most:
                stream.close()
                break
        return updates

    def generate_video(
        self, config: GenerationConfig, request: VideoGenerationRequest, **options: Any
    ) -> VideoGenerationResponse:
        """`generate_video`."""
        made: VideoGenerationResponse = self._call("generate_video", config, request, **options)
        return made

    def submit(self, config: GenerationConfig, request: VideoGenerationRequest) -> VideoJob:
        """`submit_video`."""
        job: VideoJob = self._call("submit_video", config, request)
        return job

    def poll(self, config: GenerationConfig, job: VideoJob) -> VideoJob:
        """`poll_video`."""
        latest: VideoJob = self._call("poll_video", config, job)
        return latest

    def resume(self, config: GenerationConfig, job: VideoJob) -> VideoGenerationResponse:
        """`resume_video`."""
        made: VideoGenerationResponse = self._call("resume_video", config, job)
        return made

    def cancel(self, config: GenerationConfig, job: VideoJob) -> VideoJob:
        """`cancel_video`."""
        latest: VideoJob = self._call("cancel_video", config, job)
        return latest

    def submit_image(self, config: GenerationConfig, request: ImageGenerationRequest) -> ImageJob:
        """`submit_image`."""
        job: ImageJob = self._call("submit_image", config, request)
        return job

    def poll_image(self, config: GenerationConfig, job: ImageJob) -> ImageJob:
        """`poll_image`."""
        latest: ImageJob = self._call("poll_image", config, job)
        return latest

    def resume_image(self, config: GenerationConfig, job: ImageJob) -> ImageGenerationResponse:
        """`resume_image`."""
        response: ImageGenerationResponse = self._call("resume_image", config, job)
        return response

    def cancel_image(self, config: GenerationConfig, job: ImageJob) -> ImageJob:
        """`cancel_image`."""
        latest: ImageJob = self._call("cancel_image", config, job)
        return latest

    def refresh(self, config: GenerationConfig) -> list[ModelRow]:
        """`refresh_models`."""
        rows: list[ModelRow] = self._call("refresh_models", config)
        return rows

    def _call(self, name: str, *args: Any, **options: Any) -> Any:
        if self.flavour == "sync":
            return getattr(tarash_gateway, name)(*args, **options)
        return self.run(getattr(tarash_gateway, f"{name}_async")(*args, **options))


async def _collect(config: Any, request: Any, most: int | None) -> list[ImageGenerationUpdate]:
    updates: list[ImageGenerationUpdate] = []
    stream: Any = tarash_gateway.stream_image_async(config, request)
    async for update in stream:
        updates.append(update)
        if len(updates) == most:
            await stream.aclose()
            break
    return updates
