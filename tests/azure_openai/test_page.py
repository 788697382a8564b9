"""The Azure section of the user's page works as written, against the very host that it names."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from tarash.tarash_gateway import generate_video, generate_video_async
from tarash_gateway_openai import clients

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # the page's models are retired
)


@pytest.fixture(scope="module")
def names(blocks):
    """What the page's assignments make, its calls left out: the requests of each block, and Azure's config."""
    video, from_picture, remix, azure = ({} for _ in range(4))
    for block, known in zip(blocks[1:], (video, from_picture, remix, azure), strict=True):
        source = block.source.partition("response =")[0]
        exec(compile(source, f"the page, line {block.first_line}", "exec"), {**video, "__name__": "page"}, known)
    return {"video": video["request"], "image": from_picture["request"], "remix": remix["request"], **azure}


@pytest.fixture(params=["sync", "async"])
def make(request, hosts, sandbox):
    sandbox.clear()
    hosts.clear()
    clients.close_clients()
    if request.param == "sync":
        return generate_video
    return lambda *args: asyncio.run(generate_video_async(*args))


def posted(sandbox):
    return [request for request in sandbox.requests if request.method == "POST"]


def test_the_azure_example_generates_with_the_pages_request(names, make, sandbox, hosts):
    response = make(names["config"], names["video"])

    assert (response.size, response.video.content_type) == ("1280x720", "video/mp4")
    assert set(hosts) == {"my-resource.openai.azure.com"}
    assert response.job.endpoint == "https://my-resource.openai.azure.com/openai/v1"
    (sent,) = posted(sandbox)
    assert (sent.path, sent.query) == ("/openai/v1/videos", {})
    assert sent.headers["host"] == "my-resource.openai.azure.com"
    assert sent.headers["api-key"] == "YOUR_AZURE_KEY"
    assert "authorization" not in sent.headers
    assert sent.fields == {
        "model": "my-sora-deployment",
        "prompt": "A serene mountain lake at golden hour",
        "seconds": "8",
        "size": "1280x720",
    }


def test_image_to_video_and_remix_work_as_with_openai(names, make, sandbox, hosts):
    first = make(names["config"], names["image"])
    remix = names["remix"].model_copy(update={"extra_params": {"video_id": first.job.id}})

    made = make(names["config"], remix)

    assert set(hosts) == {"example.com", "my-resource.openai.azure.com"}
    begun, remixed = posted(sandbox)
    (part,) = begun.files
    assert Image.open(io.BytesIO(part.content)).size == (1280, 720)
    assert remixed.path == f"/openai/v1/videos/{first.job.id}/remix"
    assert made.video.content_type == "video/mp4"
    assert [request.path for request in sandbox.requests if "api-key" not in request.headers] == ["/car.jpg"]
