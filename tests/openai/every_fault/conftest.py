"""A server that draws next to nothing, waits that are short, and one way to make a call of any kind."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from tarash.tarash_gateway import (
    Journal,
    generate_image,
    generate_image_async,
    generate_video,
    generate_video_async,
    stream_image,
    stream_image_async,
)
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationConfig, VideoGenerationRequest
from tarash_gateway_sandbox import SandboxServer
from tarash_gateway_sandbox.faults.fault import USUAL

JOB_SECONDS = 0.02
EVERY = "tests that draw their faults"
PROMPT = "a lake that nobody must read of"


@pytest.fixture(scope="session")
def quick_server():
    with SandboxServer(quick=True, job_seconds=JOB_SECONDS, slow_seconds=0.05, stream_pause=0.0) as server:
        config = VideoGenerationConfig(provider="openai", model="x", api_key="k", base_url=server.url)
        with pytest.raises(TarashError):  # an SDK takes half a second to import, longer than some of these calls have
            generate_video(config, VideoGenerationRequest(prompt=PROMPT))
        yield server


@pytest.fixture
def tarash_sandbox(quick_server):
    """In place of the server that draws: the configs and requests of the other fixtures are of this one."""
    quick_server.clear()
    quick_server.job_seconds = JOB_SECONDS
    return quick_server


@pytest.fixture(autouse=True)
def _no_long_waits(request, monkeypatch, retry_policy):
    from tarash.tarash_gateway.plugins.http import _download as download
    from tarash_gateway_openai import requests

    retry_policy(first_delay=0.002, lookup_pauses=(0.0, 0.01, 0.05))
    # On a busy machine a healthy answer takes longer than these: they are for rows about silence, and for random ones.
    row = request.node.name if request.function.__name__ == "test_a_fault_ends_as_its_row_says" else EVERY
    if "content_stalls" in row or row == EVERY:
        monkeypatch.setattr(download, "QUIET_SECONDS", 0.3)
    if "poll_never_answers" in row or row == EVERY:
        monkeypatch.setattr(requests, "POLL_SECONDS", 0.4)


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal") as journal:
        yield journal


@pytest.fixture
def cure(tarash_sandbox):
    """Lets the jobs at the server go on as they would without their faults."""

    def cured():
        for job in tarash_sandbox._vendor.jobs.all():
            tarash_sandbox._vendor.jobs.add(dataclasses.replace(job, course=USUAL, faults=()))

    return cured


def _streamed(*requested):
    return list(stream_image(*requested))[-1].response


async def _streamed_async(*requested):
    return [update async for update in stream_image_async(*requested)][-1].response


CALLS = {
    "image": (generate_image, generate_image_async),
    "video": (generate_video, generate_video_async),
    "stream": (_streamed, _streamed_async),
}


@pytest.fixture(params=["sync", "async"])
def make(request, image_config, video_config):
    """Makes a call of any kind that meets a fault, and gives what it ended in: a response or an error of ours."""

    def call(kind, fault, n=1, **settings):
        blocking, awaited = CALLS[kind]
        run = blocking if request.param == "sync" else lambda *requested: asyncio.run(awaited(*requested))
        if kind == "video":
            config = video_config(f"openai/sora-2@{fault}", base_model="sora-2", **settings)
            requested = VideoGenerationRequest(prompt=PROMPT)
        else:
            config = image_config(f"gpt-image-2@{fault}", base_model="gpt-image-2", **settings)
            options = {"extra_params": {"partial_images": 1}} if kind == "stream" else {"n": n}
            requested = ImageGenerationRequest(prompt=PROMPT, size="1024x1024", **options)
        try:
            return run(config, requested)
        except TarashError as error:
            return error

    return call
