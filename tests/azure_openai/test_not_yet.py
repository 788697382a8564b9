"""Azure OpenAI is known by name and says what works today; nothing is sent."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway import check_request, generate_image, generate_video, list_models
from tarash.tarash_gateway.errors import UnsupportedOperationError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

KNOWN = {"api_key": "k", "api_version": "2024-05-01-preview"}
TEXT = (
    "azure_openai is not in this version. A v1 endpoint works with provider='openai' and "
    "base_url='https://RESOURCE.openai.azure.com/openai/v1'."
)


@pytest.mark.parametrize("name", ["azure_openai", "azure-openai"])
def test_a_picture_is_refused_with_the_way_that_works_today(tarash_sandbox, name):
    config = ImageGenerationConfig(provider=name, model="my-deployment", base_url=tarash_sandbox.origin, **KNOWN)

    with pytest.raises(UnsupportedOperationError) as caught:
        generate_image(config, ImageGenerationRequest(prompt="a cat"))

    assert str(caught.value) == TEXT
    assert (caught.value.provider, caught.value.model) == (name, "my-deployment")
    assert caught.value.billable == "no"
    assert tarash_sandbox.requests == []


def test_a_video_is_refused_with_the_way_that_works_today(tarash_sandbox):
    config = VideoGenerationConfig(
        provider="azure_openai", model="my-sora-deployment", base_url=tarash_sandbox.origin, **KNOWN
    )

    with pytest.raises(UnsupportedOperationError) as caught:
        generate_video(config, VideoGenerationRequest(prompt="a lake"))

    assert str(caught.value) == TEXT
    assert tarash_sandbox.requests == []


def test_a_request_can_be_checked_already_and_a_deployments_name_tells_nothing_of_its_model():
    config = VideoGenerationConfig(provider="azure_openai", model="my-sora-deployment", **KNOWN)

    assert check_request(config, VideoGenerationRequest(prompt="a lake", duration_seconds=5)) == []
    assert list_models("azure_openai") == []


def test_the_way_that_works_today_works(tarash_sandbox):
    base_url = f"{tarash_sandbox.origin}/openai/v1"
    config = ImageGenerationConfig(provider="openai", model="my-deployment", base_url=base_url, api_key="k-of-azure")

    response = generate_image(config, ImageGenerationRequest(prompt="a cat", size="1024x1024"))

    assert (response.images[0].width, response.images[0].height) == (1024, 1024)
    assert tarash_sandbox.requests[0].path == "/openai/v1/images/generations"
