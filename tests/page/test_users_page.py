"""The user's page works: every block of it, unchanged, with the environment pointing the SDK at the sandbox."""

from __future__ import annotations

import asyncio
import io
import re

import av
import pytest
from PIL import Image

from tarash.tarash_gateway import generate_video, generate_video_async
from tarash.tarash_gateway.models import ImageGenerationResponse, VideoGenerationConfig, VideoGenerationResponse

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # the page's models are retired
)

IMAGE, VIDEO, IMAGE_TO_VIDEO, REMIX, AZURE = range(5)
"""The blocks, in the page's order."""


@pytest.fixture
def pointed_at_sandbox(sandbox, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.url)
    sandbox.clear()
    return sandbox


def decoded(media):
    """Width, height and seconds of a clip, of which each frame is decoded."""
    with av.open(io.BytesIO(media.content)) as clip:
        stream = clip.streams.video[0]
        rate, frames = stream.average_rate, sum(1 for _ in clip.decode(stream))
        return stream.width, stream.height, float(frames / rate)


def posted(requests):
    (request,) = [request for request in requests if request.method == "POST"]
    return request


def test_every_line_of_code_on_the_page_is_in_one_of_its_five_blocks(page, blocks):
    code = re.compile(r"from [\w.]+ import |(config|request|response) = |print\(| {4}\w+=|\)$")
    inside = {number for block in blocks for number in block.lines}

    lines = {number for number, line in enumerate(page.splitlines(), 1) if code.match(line)}

    assert len(blocks) == 5
    assert len(lines) == 48
    assert lines <= inside


def test_the_image_example_makes_the_picture_that_it_asks_for(ran):
    response = ran[IMAGE].names["response"]

    assert isinstance(response, ImageGenerationResponse)
    picture = Image.open(io.BytesIO(response.images[0].content))
    picture.load()
    assert (picture.format, picture.size) == ("PNG", (1792, 1024))
    assert ran[IMAGE].printed == f"{response.images[0]}\n"
    assert posted(ran[IMAGE].requests).json == {
        "model": "dall-e-3",
        "prompt": "A futuristic cityscape at night, photorealistic",
        "n": 1,
        "size": "1792x1024",
        "quality": "hd",
        "style": "vivid",
    }


def test_the_video_example_makes_the_clip_that_it_asks_for(ran):
    response = ran[VIDEO].names["response"]

    assert isinstance(response, VideoGenerationResponse)
    assert response.video.content_type == "video/mp4"
    assert decoded(response.video) == (1280, 720, pytest.approx(8, abs=0.1))
    assert ran[VIDEO].printed == f"{response.video}\n"
    assert posted(ran[VIDEO].requests).fields == {
        "model": "sora-2",
        "prompt": "A serene mountain lake at golden hour",
        "seconds": "8",
        "size": "1280x720",
    }


@pytest.mark.parametrize("block", [IMAGE_TO_VIDEO, REMIX, AZURE], ids=["image-to-video", "remix", "azure"])
def test_a_block_that_only_builds_something_sends_nothing(ran, block):
    assert ran[block].requests == []
    assert ran[block].printed == ""


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_the_image_to_video_request_sends_the_picture_that_its_url_names(ran, pointed_at_sandbox, hosts, flavour):
    config, request = ran[VIDEO].names["config"], ran[IMAGE_TO_VIDEO].names["request"]
    hosts.clear()

    if flavour == "sync":
        response = generate_video(config, request)
    else:
        response = asyncio.run(generate_video_async(config, request))

    assert decoded(response.video) == (1280, 720, pytest.approx(8, abs=0.1))
    assert response.warnings[1:] == []
    assert hosts == ["example.com"]
    (part,) = posted(pointed_at_sandbox.requests).files
    assert (part.field, part.filename, part.content_type) == ("input_reference", "image_list-0.jpg", "image/jpeg")
    assert Image.open(io.BytesIO(part.content)).size == (1280, 720)


def test_the_remix_request_names_the_video_and_holds_a_prompt(ran):
    request = ran[REMIX].names["request"]

    assert request.prompt == "Same scene but with snow"
    assert request.extra_params == {"video_id": "video_abc123"}


def test_the_remix_request_remixes_a_video_that_exists(ran, pointed_at_sandbox):
    config = ran[VIDEO].names["config"]
    short = ran[VIDEO].names["request"].model_copy(update={"duration_seconds": 4})
    first = generate_video(config, short).job
    request = ran[REMIX].names["request"].model_copy(update={"extra_params": {"video_id": first.id}})

    response = generate_video(config, request)

    assert decoded(response.video) == (1280, 720, pytest.approx(4, abs=0.1))
    assert response.job.id != first.id
    sent = [request for request in pointed_at_sandbox.requests if request.method == "POST"][-1]
    assert sent.path == f"/v1/videos/{first.id}/remix"
    assert sent.json == {"prompt": "Same scene but with snow"}


def test_the_azure_example_makes_a_config(ran):
    config = ran[AZURE].names["config"]

    assert isinstance(config, VideoGenerationConfig)
    assert (config.provider, config.model) == ("azure_openai", "my-sora-deployment")
    assert config.base_url == "https://my-resource.openai.azure.com/"
    assert config.api_version == "2024-05-01-preview"
    assert "YOUR_AZURE_KEY" not in repr(config)
