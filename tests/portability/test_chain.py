"""A fallback that needs other values than the first config is taken with them when its own config says so."""

import socket

import pytest

from tarash.tarash_gateway import generate_image, run_batch
from tarash.tarash_gateway.models import ImageGenerationRequest

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # the page's models are retired
)

REQUEST = ImageGenerationRequest(prompt="a pier", size="1024x1792", quality="hd", style="vivid")


@pytest.fixture
def nobody():
    """An address at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}/v1"


def test_the_adjustments_name_the_attempt(config_for, nobody):
    second = config_for("image", "openrouter", "google/gemini-3.1-flash-lite-image")
    third = config_for("image", "google", "gemini-nano-banana-2.1", unsupported_values="nearest")
    first = config_for("image", "openai", "dall-e-3", max_retries=0, fallback_configs=(third, second))
    request = REQUEST.model_copy(update={"aspect_ratio": None})

    response = generate_image(first.model_copy(update={"base_url": nobody}), request)

    assert [(item.outcome, item.provider) for item in response.attempts] == [
        ("failed", "openai"),
        ("succeeded", "google"),
    ]
    assert [(item.attempt, item.field, item.asked, item.sent) for item in response.adjustments] == [
        (2, "aspect_ratio", None, "9:16"),
        (2, "resolution", None, "1K"),
        (2, "size", "1024x1792", None),
    ]


def test_a_fallback_without_it_is_skipped_and_the_next_one_is_taken(config_for, nobody):
    request = REQUEST.model_copy(update={"size": "1920x1080"})
    strict = config_for("image", "openai", "gpt-image-2")
    nearest = config_for("image", "openai", "gpt-image-2", unsupported_values="nearest")
    chain = {"max_retries": 0, "unsupported_values": "nearest", "fallback_configs": (strict, nearest)}
    first = config_for("image", "openai", "dall-e-3", **chain).model_copy(update={"base_url": nobody})

    response = generate_image(first, request)

    assert [item.outcome for item in response.attempts] == ["failed", "skipped", "succeeded"]
    assert [(item.attempt, item.field, item.sent) for item in response.adjustments] == [
        (3, "quality", "high"),
        (3, "size", "1904x1072"),
    ]


def test_a_batch_sends_the_nearest_values_where_it_is_told_to(config_for, tmp_path):
    config = config_for("image", "openai", "gpt-image-2")
    rows = [{"id": "a", "prompt": "a pier", "size": "1920x1080", "quality": "hd"}]

    refused = run_batch(rows, tmp_path / "strict", configs=config)
    done = run_batch(rows, tmp_path / "nearest", configs=config, nearest=True)

    assert (refused.failed, done.done) == (1, 1)
    (sidecar,) = (tmp_path / "nearest").rglob("*.json")
    assert '"1904x1072"' in sidecar.read_text()
