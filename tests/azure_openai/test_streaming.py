"""Streams go the same ways, and what the filter withholds is told in them too."""

from __future__ import annotations

import asyncio

import pytest

from tarash.tarash_gateway import stream_image, stream_image_async
from tarash.tarash_gateway.errors import ContentPolicyError


@pytest.fixture(params=["sync", "async"])
def streamed(request):
    async def collected(*args):
        return [update async for update in stream_image_async(*args)]

    if request.param == "sync":
        return lambda *args: list(stream_image(*args))
    return lambda *args: asyncio.run(collected(*args))


@pytest.mark.parametrize("version", [None, "2025-04-01-preview"], ids=["v1", "deployments"])
def test_a_stream_goes_the_way_of_its_version(tarash_sandbox, streamed, image_config, image_request, posts, version):
    updates = streamed(image_config(api_version=version), image_request())

    assert updates
    (sent,) = posts()
    assert sent.path.startswith("/openai/deployments/" if version else "/openai/v1/")
    assert sent.json["stream"] is True
    assert "authorization" not in sent.headers


def test_a_withheld_picture_is_a_refusal_in_a_stream(tarash_sandbox, streamed, image_config, image_request, answering):
    withheld = {"content_filter_results": {"violence": {"filtered": True}}}
    tarash_sandbox.play(answering({"created": 1, "data": [withheld]}))

    with pytest.raises(ContentPolicyError) as caught:
        streamed(image_config(), image_request())

    assert (caught.value.stage, caught.value.categories) == ("output", ("violence",))
