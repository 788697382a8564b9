"""A notebook's cell runs inside an event loop: the blocking functions work there all the same."""

import asyncio

import pytest

from tarash.tarash_gateway import generate_image, generate_video, stream_image
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@pytest.fixture
def place(tarash_sandbox):
    return {"provider": "openai", "api_key": "sk-of-the-tests", "base_url": tarash_sandbox.url}


@pytest.fixture(params=["plain callback", "async callback"])
def reported(request):
    """A callback of either kind, with the list of what it was told."""
    statuses = []

    def plain(update):
        statuses.append(update.status)

    async def asynchronous(update):
        await asyncio.sleep(0)
        statuses.append(update.status)

    return (plain if request.param == "plain callback" else asynchronous), statuses


def in_a_loop(function, *args, **options):
    async def cell():
        return function(*args, **options)

    return asyncio.run(cell())


def test_a_picture(place, reported):
    on_progress, statuses = reported
    config = ImageGenerationConfig(model="gpt-image-2", **place)
    response = in_a_loop(generate_image, config, ImageGenerationRequest(prompt="a cat"), on_progress=on_progress)
    assert response.images[0].content_type == "image/png"
    assert statuses == ["submitting", "completed"]


def test_a_video(place, reported):
    on_progress, statuses = reported
    config = VideoGenerationConfig(model="sora-2", poll_interval=0.02, **place)
    request = VideoGenerationRequest(prompt="Fog", duration_seconds=4)
    response = in_a_loop(generate_video, config, request, on_progress=on_progress)
    assert response.video.content_type == "video/mp4"
    assert (statuses[0], statuses[-1]) == ("submitting", "completed")


def test_a_stream(place):
    config = ImageGenerationConfig(model="gpt-image-2", **place)
    request = ImageGenerationRequest(prompt="a cat", extra_params={"partial_images": 1})
    updates = in_a_loop(lambda: list(stream_image(config, request)))
    assert [update.status for update in updates] == ["submitting", "partial", "completed"]


def test_a_key_that_is_fetched_asynchronously(place):
    async def key():
        await asyncio.sleep(0)
        return "sk-of-the-tests"

    config = ImageGenerationConfig(model="gpt-image-2", **{**place, "api_key": key})
    assert in_a_loop(generate_image, config, ImageGenerationRequest(prompt="a cat")).images
