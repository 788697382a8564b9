# ruff: noqa: INP001, PLC0415 # a script is in no package; each contender imports its own libraries only
"""The contenders of `memory.py`: each does the same work on one server, in its own way.

A way is called with the server's URL and gives a function of a job's id, or of a prompt: what is made before it (a
client, a config) is there once in an application, too, and is no part of the cost.
"""

from __future__ import annotations

import asyncio
import base64
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Work = Callable[[str], object]
"""Fetches the clip of a job, or makes the picture of a prompt; gives what a user would hold on to."""

KEY = "sk-bench"


def _place() -> Path:
    return Path(tempfile.mkdtemp(prefix="tarash-bench-"), "clip.mp4")


def _without_the_file(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()


def _in_a_loop(made: Callable[[str], Awaitable[object]]) -> Work:
    """Async work, on one event loop that stays."""
    runner = asyncio.Runner()

    def work(name: str) -> object:
        held = []

        async def holding() -> None:
            # Not returned: with a handler of signals, Python's runner makes a text of what its task returns, and that
            # of a clip has four characters for a byte.
            held.append(await made(name))

        runner.run(holding())
        return held

    return work


# Tarash Gateway


def _job(url: str) -> tuple[Any, Callable[[str], Any]]:
    from tarash.tarash_gateway import submit_video
    from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest

    config = VideoGenerationConfig(provider="openai", model="sora-2", api_key=KEY, base_url=url)
    job = submit_video(config, VideoGenerationRequest(prompt="a clip", duration_seconds=4))
    return config, lambda name: job.model_copy(update={"id": name})


def tarash_file(url: str) -> Work:
    """`resume_video` with `save_to`."""
    from tarash.tarash_gateway import resume_video

    config, job = _job(url)

    def work(name: str) -> object:
        path = _place()
        made = resume_video(config, job(name), save_to=path)
        _without_the_file(path)
        return made

    return work


def tarash_file_async(url: str) -> Work:
    """`resume_video_async` with `save_to`."""
    from tarash.tarash_gateway import resume_video_async

    config, job = _job(url)

    async def work(name: str) -> object:
        path = _place()
        made = await resume_video_async(config, job(name), save_to=path)
        _without_the_file(path)
        return made

    return _in_a_loop(work)


def tarash_memory(url: str) -> Work:
    """`resume_video`, and the bytes of its clip."""
    from tarash.tarash_gateway import resume_video

    config, job = _job(url)

    def work(name: str) -> object:
        response = resume_video(config, job(name))
        return response, response.videos[0].content

    return work


def tarash_memory_async(url: str) -> Work:
    """`resume_video_async`, and the bytes of its clip."""
    from tarash.tarash_gateway import resume_video_async

    config, job = _job(url)

    async def work(name: str) -> object:
        response = await resume_video_async(config, job(name))
        return response, response.videos[0].content

    return _in_a_loop(work)


def tarash_picture(url: str) -> Work:
    """`generate_image`, and the bytes of its picture."""
    from tarash.tarash_gateway import generate_image
    from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

    config = ImageGenerationConfig(provider="openai", model="gpt-image-1", api_key=KEY, base_url=url)

    def work(prompt: str) -> object:
        response = generate_image(config, ImageGenerationRequest(prompt=prompt))
        return response, response.images[0].content

    return work


# OpenAI's SDK


def _client(url: str, kind: str = "OpenAI") -> Any:
    import openai

    return getattr(openai, kind)(api_key=KEY, base_url=url, max_retries=0)


def sdk_file_streamed(url: str) -> Work:
    """The path for those who know it: the body goes to the file as it comes."""
    client = _client(url)

    def work(name: str) -> object:
        path = _place()
        with client.videos.with_streaming_response.download_content(name) as response:
            response.stream_to_file(path)
        _without_the_file(path)
        return None

    return work


def sdk_file_streamed_async(url: str) -> Work:
    """Its twin."""
    client = _client(url, "AsyncOpenAI")

    async def work(name: str) -> object:
        path = _place()
        async with client.videos.with_streaming_response.download_content(name) as response:
            await response.stream_to_file(path)
        _without_the_file(path)
        return None

    return _in_a_loop(work)


def sdk_file(url: str) -> Work:
    """The path of the SDK's own example."""
    client = _client(url)

    def work(name: str) -> object:
        path = _place()
        content = client.videos.download_content(name)
        content.write_to_file(path)
        _without_the_file(path)
        return content

    return work


def sdk_memory(url: str) -> Work:
    """The bytes of a clip."""
    client = _client(url)

    def work(name: str) -> object:
        response = client.videos.download_content(name)
        return response, response.content

    return work


def sdk_memory_async(url: str) -> Work:
    """Its twin."""
    client = _client(url, "AsyncOpenAI")

    async def work(name: str) -> object:
        response = await client.videos.download_content(name)
        return response, response.content

    return _in_a_loop(work)


def sdk_picture(url: str) -> Work:
    """A picture, and its bytes."""
    client = _client(url)

    def work(prompt: str) -> object:
        response = client.images.generate(model="gpt-image-1", prompt=prompt)
        return response, base64.b64decode(response.data[0].b64_json)

    return work


# Plain HTTP: nothing can need less, and nothing is checked


def http_file(url: str) -> Work:
    """The body goes to the file as it comes."""
    import httpx2

    client = httpx2.Client(timeout=60)

    def work(name: str) -> object:
        path = _place()
        with client.stream("GET", f"{url}/videos/{name}/content") as response, path.open("wb") as file:
            for piece in response.iter_raw(256 * 1024):
                file.write(piece)
        _without_the_file(path)
        return None

    return work


def http_memory(url: str) -> Work:
    """The bytes of a clip."""
    import httpx2

    client = httpx2.Client(timeout=60)
    return lambda name: client.get(f"{url}/videos/{name}/content").content


def http_picture(url: str) -> Work:
    """A picture, and its bytes."""
    import httpx2

    client = httpx2.Client(timeout=60)

    def work(prompt: str) -> object:
        answer = client.post(f"{url}/images/generations", json={"model": "gpt-image-1", "prompt": prompt}).json()
        return base64.b64decode(answer["data"][0]["b64_json"])

    return work


# LiteLLM


def litellm_picture(url: str) -> Work:
    """A picture, and its bytes."""
    import litellm  # type: ignore[import-not-found] # in the environment of `scripts/bench --peers` only

    def work(prompt: str) -> object:
        response = litellm.image_generation(
            model="openai/gpt-image-1", prompt=prompt, api_key=KEY, api_base=url, max_retries=0
        )
        return response, base64.b64decode(response.data[0].b64_json)

    return work
