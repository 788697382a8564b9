"""Images of xAI: what goes out, what comes back, and what is refused."""

from __future__ import annotations

import asyncio

import pytest

from tarash.tarash_gateway import generate_image, generate_image_async
from tarash.tarash_gateway.errors import ContentPolicyError, ValidationError
from tarash.tarash_gateway.models import ImageGenerationRequest
from tarash_gateway_sandbox import Answer
from tarash_gateway_sandbox.replies import json_answer


def request(**fields):
    return ImageGenerationRequest(prompt="a boat at low tide", **fields)


def test_an_image_comes_with_its_exact_cost(image_config, posts):
    response = generate_image(image_config(), request(aspect_ratio="16:9", resolution="2k", quality="low", n=2))
    assert [image.content_type for image in response.images] == ["image/jpeg", "image/jpeg"]
    assert (response.cost, response.cost_source) == (0.08, "vendor")
    (sent,) = posts()
    assert sent.path == "/xai/v1/images/generations"
    assert sent.json == {
        "model": "grok-imagine-image-2.0",
        "prompt": "a boat at low tide",
        "n": 2,
        "aspect_ratio": "16:9",
        "resolution": "2k",
        "quality": "low",
        "response_format": "b64_json",
    }


def test_async_is_the_same(image_config):
    response = asyncio.run(generate_image_async(image_config(), request()))
    assert response.images[0].content_type == "image/jpeg"


def test_the_users_own_example_is_taken_and_told(image_config, posts):
    response = generate_image(image_config(), request(size="1792x1024", quality="hd", style="vivid", n=1))
    assert response.images[0].width == 1024
    assert "size" not in posts()[0].json
    reported = "\n".join([*response.warnings, *map(str, response.adjustments)])
    for field in ("size", "quality", "style"):
        assert field in reported


@pytest.mark.parametrize(("count", "field"), [(1, "image"), (3, "images")])
def test_input_images_go_out_as_data_urls(image_config, posts, png, count, field):
    generate_image(image_config(), request(image_list=[{"image": png} for _ in range(count)]))
    (sent,) = posts()
    assert sent.path == "/xai/v1/images/edits"
    links = sent.json[field] if count > 1 else [sent.json[field]]
    assert len(links) == count
    assert all(link["url"].startswith("data:image/png;base64,") for link in links)


def test_a_mask_is_refused_before_anything_is_sent(image_config, posts, png):
    with pytest.raises(ValidationError, match="takes no mask"):
        generate_image(image_config(), request(image_list=[{"image": png}], mask_image=png))
    assert posts() == []


def test_a_retired_name_that_is_served_by_another_model_is_told(image_config):
    with pytest.warns(match="grok-imagine-image-quality is retired at its vendor since 2026-11-02"):
        response = generate_image(image_config("grok-imagine-image-quality"), request())
    assert "model: grok-imagine-image-quality was served by grok-imagine-image-2.0" in response.warnings


@pytest.mark.parametrize(
    "body",
    [
        {"data": [], "usage": {"cost_in_usd_ticks": 200_000_000}},
        {"data": [{"url": "", "respect_moderation": True}], "usage": {"cost_in_usd_ticks": 200_000_000}},
        {
            "data": [{"url": "https://imgen.x.ai/1.jpg", "respect_moderation": False}],
            "usage": {"cost_in_usd_ticks": "200000000"},
        },
    ],
    ids=["no items", "an empty url", "respect_moderation is false"],
)
def test_a_good_status_without_an_image_is_a_refusal(vendor, image_config, posts, body):
    vendor.play(json_answer(body))
    with pytest.raises(ContentPolicyError, match="moderation withheld all images") as caught:
        generate_image(image_config(fallback_configs=[image_config("grok-imagine-image")]), request())
    assert (caught.value.stage, caught.value.billable) == ("output", "yes")
    assert len(posts()) == 1


def test_of_several_images_those_that_were_withheld_are_told(vendor, image_config, png):
    import base64

    good = {"b64_json": base64.b64encode(png).decode(), "respect_moderation": True}
    vendor.play(
        json_answer({"data": [good, {"url": "", "respect_moderation": False}], "model": "grok-imagine-image-2.0"})
    )
    response = generate_image(image_config(), request(n=2))
    assert len(response.images) == 1
    assert any("2 of 2" in warning and "respect_moderation is false" in warning for warning in response.warnings)


def test_ids_of_team_and_key_are_in_no_text(vendor, image_config):
    text = (
        "Content violates usage guidelines. Team: 8f14e45f-ceea-467f-a0e6-1a2b3c4d5e6f, "
        "API key ID: 45c48cce-2e2d-47fb-8a1f-0a1b2c3d4e5f, Model: grok-imagine-image-2.0, "
        "Failed check: SAFETY_CHECK_TYPE_CSAM"
    )
    vendor.play(json_answer({"code": "permission-denied", "error": text}, status=403))
    with pytest.raises(ContentPolicyError) as caught:
        generate_image(image_config(), request())
    shown = f"{caught.value}{caught.value!r}{caught.value.raw}"
    assert "SAFETY_CHECK_TYPE" in shown
    assert "8f14e45f" not in shown
    assert "45c48cce" not in shown
    assert caught.value.billable == "no"


def test_a_link_is_downloaded_at_once(vendor, image_config, png):
    vendor.play(Answer(body=png, content_type="image/png"), path="/generated/1.png")
    vendor.play(json_answer({"data": [{"url": f"{vendor.origin}/generated/1.png"}]}), path="/xai/*")
    assert generate_image(image_config(), request()).images[0].content_type == "image/png"
