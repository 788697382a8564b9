"""The painter, as an application meets it."""

import asyncio

import pytest
from tarash.tarash_gateway import generate_image, generate_image_async, list_providers
from tarash.tarash_gateway.errors import GenerationTimeoutError
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

CONFIG = ImageGenerationConfig(provider="painter", model="circles-1")


def test_it_is_installed():
    assert "painter" in list_providers()


@pytest.mark.parametrize("size", ["64x64", "512x256", "2048x64"])
def test_the_declared_sizes_come_out(size):
    (image,) = generate_image(CONFIG, ImageGenerationRequest(prompt="dots", size=size)).images
    assert f"{image.width}x{image.height}" == size


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_the_declared_formats_come_out(form):
    (image,) = generate_image(CONFIG, ImageGenerationRequest(prompt="dots", output_format=form)).images
    assert image.content_type == f"image/{form}"


def test_one_seed_is_one_image():
    wish = ImageGenerationRequest(prompt="dots", seed=7, n=2)
    first, again = generate_image(CONFIG, wish), asyncio.run(generate_image_async(CONFIG, wish))
    assert [image.sha256 for image in first.images] == [image.sha256 for image in again.images]
    assert [image.seed for image in first.images] == [7, 8]


def test_it_says_how_far_it_is():
    seen = []
    generate_image(CONFIG, ImageGenerationRequest(prompt="dots", n=2), on_progress=seen.append)
    progress = [update.progress for update in seen if update.status == "in_progress"]
    assert progress == sorted(progress)
    assert (len(progress), progress[-1]) == (40, 100)


def test_it_stops_when_its_time_is_over():
    hurried = CONFIG.model_copy(update={"timeout": 1e-9})
    with pytest.raises(GenerationTimeoutError) as caught:
        generate_image(hurried, ImageGenerationRequest(prompt="dots"))
    assert caught.value.billable == "no"
