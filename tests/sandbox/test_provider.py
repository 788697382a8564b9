"""The provider `sandbox`: no key, no address, no cost; the OpenAI plugin against a server of this process."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from tarash.tarash_gateway import (
    generate_image,
    generate_image_async,
    generate_video,
    list_models,
    list_providers,
)
from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash_gateway_sandbox import SandboxServer
from tarash_gateway_sandbox.embedded import embedded_server

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # the page's models are retired
)

CONFIG = ImageGenerationConfig(provider="sandbox", model="dall-e-2")


def request(prompt="a cat", **fields):
    return ImageGenerationRequest(prompt=prompt, **{"size": "256x256", **fields})


def test_it_is_installed_beside_the_vendors():
    assert {"azure_openai", "openai", "sandbox"} <= set(list_providers())


def test_it_makes_a_picture_without_a_key_and_without_an_address():
    response = generate_image(CONFIG, request())

    picture = Image.open(io.BytesIO(response.images[0].content))
    picture.load()
    assert (picture.format, picture.size) == ("PNG", (256, 256))
    assert (response.provider, response.model) == ("sandbox", "dall-e-2")


def test_it_makes_a_video_without_a_key_and_without_an_address():
    config = VideoGenerationConfig(provider="sandbox", model="openai/sora-2")

    response = generate_video(config, VideoGenerationRequest(prompt="a lake", duration_seconds=4))

    assert response.video.content_type == "video/mp4"
    assert response.duration_seconds == pytest.approx(4, abs=0.1)
    assert response.job.provider == "sandbox"


def test_all_calls_of_a_process_share_one_server():
    server = embedded_server()
    before = len(server.requests)

    generate_image(CONFIG, request("one", extra_params={"response_format": "b64_json"}))
    asyncio.run(generate_image_async(CONFIG, request("two", extra_params={"response_format": "b64_json"})))

    assert embedded_server() is server
    assert [sent.json["prompt"] for sent in server.requests[before:]] == ["one", "two"]


def test_different_prompts_are_different_pictures_and_the_same_prompt_is_the_same():
    cat, dog, again = (generate_image(CONFIG, request(prompt)).images[0].sha256 for prompt in ("cat", "dog", "cat"))

    assert cat == again != dog


def test_it_has_a_video_model_of_its_own_that_is_not_retired(make_video):
    (row,) = list_models("sandbox", kind="video", status="current")
    response = make_video(
        VideoGenerationConfig(provider="sandbox", model=row.model),
        VideoGenerationRequest(prompt="a kite", duration_seconds=4),
    )

    assert row.model == "sandbox-video"
    assert (response.warnings, response.cost) == ([], 0.0)


def test_it_has_the_models_of_openai_and_they_cost_nothing():
    theirs = [row.model_copy(update={"price": None}) for row in list_models("openai")]
    ours = [row for row in list_models("sandbox") if row.model != "sandbox-video"]

    assert [row.model_copy(update={"price": None}) for row in ours] == theirs
    prices = [row.price for row in ours if row.price is not None]
    amounts = [d for p in prices for table in p.tables().values() for d in table.values()]
    assert amounts
    assert not any(amounts)


def test_it_refuses_what_the_vendors_row_refuses():
    with pytest.raises(ValidationError) as caught:
        generate_image(CONFIG.model_copy(update={"model": "dall-e-3"}), request(size="640x480"))

    assert str(caught.value).startswith("sandbox/dall-e-3: 1 problem, nothing was sent\n  - size: '640x480'")


def test_a_key_of_another_vendor_in_the_config_is_not_needed_and_not_sent(tarash_sandbox):
    config = CONFIG.model_copy(update={"base_url": tarash_sandbox.url})

    generate_image(config, request(extra_params={"response_format": "b64_json"}))

    (sent,) = tarash_sandbox.requests
    assert sent.headers["authorization"] == f"Bearer {SandboxServer.api_key}"


def test_a_base_url_names_another_sandbox(tarash_sandbox):
    config = ImageGenerationConfig(provider="sandbox", model="dall-e-2", base_url=tarash_sandbox.url)

    response = generate_image(config, request())

    assert response.images[0].url.startswith(tarash_sandbox.origin)
