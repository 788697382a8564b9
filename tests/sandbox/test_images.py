"""Images: what is drawn, and what comes back with it."""

from __future__ import annotations

import base64
import io
import json

import httpx2
import pytest
from PIL import Image


def decoded(item):
    return Image.open(io.BytesIO(base64.b64decode(item.b64_json)))


@pytest.mark.usefixtures("drawings")
@pytest.mark.parametrize(
    ("model", "size", "form"),
    [
        pytest.param("gpt-image-1.5", "1024x1024", "png", id="square-png"),
        pytest.param("gpt-image-1.5", "1536x1024", "jpeg", id="landscape-jpeg"),
        pytest.param("gpt-image-2", "864x1536", "webp", id="free-portrait-webp"),
    ],
)
def test_a_picture_has_the_size_and_the_format_that_were_asked_for(sdk, model, size, form):
    answer = sdk.images.generate(model=model, prompt="a lighthouse", size=size, output_format=form)

    picture = decoded(answer.data[0])
    picture.load()
    assert f"{picture.width}x{picture.height}" == size == answer.size
    assert picture.format.lower() == form == answer.output_format


@pytest.mark.usefixtures("drawings")
def test_the_same_prompt_is_the_same_bytes_and_another_prompt_is_not(sdk):
    def draw(prompt):
        return sdk.images.generate(model="dall-e-2", prompt=prompt, size="256x256", response_format="b64_json").data[0]

    assert draw("a cat").b64_json == draw("a cat").b64_json
    assert draw("a cat").b64_json != draw("a dog").b64_json


@pytest.mark.usefixtures("drawings")
def test_the_pictures_of_one_request_differ(sdk):
    answer = sdk.images.generate(model="dall-e-2", prompt="a cat", n=4, size="256x256", response_format="b64_json")

    assert len({item.b64_json for item in answer.data}) == 4


def test_a_dall_e_picture_comes_as_a_url_that_needs_no_key(sdk):
    answer = sdk.images.generate(model="dall-e-3", prompt="a cat", size="1792x1024")

    item = answer.data[0]
    assert item.b64_json is None
    assert item.revised_prompt.startswith("a cat")
    download = httpx2.get(item.url, trust_env=False, timeout=60, verify=False)
    assert download.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(download.content)).size == (1792, 1024)


def test_a_gpt_picture_comes_with_what_was_made_and_what_it_used(sdk):
    answer = sdk.images.generate(model="gpt-image-1", prompt="a cat", size="auto", quality="low", n=2)

    assert (answer.size, answer.quality, answer.background) == ("1024x1024", "low", "opaque")
    assert answer.usage.output_tokens == 2 * 272
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert answer.data[0].revised_prompt is None


@pytest.mark.usefixtures("drawings")
def test_a_transparent_background_is_see_through_at_the_corners(sdk):
    answer = sdk.images.generate(model="gpt-image-1.5", prompt="a badge", background="transparent")

    picture = decoded(answer.data[0])
    assert picture.getpixel((0, 0))[3] == 0
    assert picture.getpixel((512, 512))[3] == 255


@pytest.mark.usefixtures("drawings")
def test_an_edit_shows_the_pictures_it_was_given(sdk, picture, tarash_sandbox):
    red, blue = picture(colour=(255, 0, 0)), picture(300, 200, "JPEG", colour=(0, 0, 255))
    answer = sdk.images.edit(
        model="gpt-image-1.5",
        prompt="put them side by side",
        image=[("red.png", red, "image/png"), ("blue.jpg", blue, "image/jpeg")],
        mask=("mask.png", picture(), "image/png"),
        input_fidelity="high",
    )

    drawn = decoded(answer.data[0]).convert("RGB")
    assert drawn.getpixel((270, 380)) == (255, 0, 0)
    assert drawn.getpixel((750, 380))[2] > 240
    assert answer.usage.input_tokens_details.image_tokens > 0
    received = tarash_sandbox.requests[-1]
    assert [(file.field, file.filename, file.content_type) for file in received.files] == [
        ("image[]", "red.png", "image/png"),
        ("image[]", "blue.jpg", "image/jpeg"),
        ("mask", "mask.png", "image/png"),
    ]
    assert received.files[0].content == red
    assert received.fields["prompt"] == "put them side by side"


def test_a_single_edit_picture_is_taken_too(sdk, picture):
    answer = sdk.images.edit(
        model="dall-e-2", prompt="brighter", image=("one.png", picture(), "image/png"), size="256x256"
    )

    assert answer.data[0].url


def test_the_car_of_the_examples_is_a_jpeg_for_anyone(tarash_sandbox):
    answer = httpx2.get(f"{tarash_sandbox.origin}/car.jpg", trust_env=False, timeout=60, verify=False)

    picture = Image.open(io.BytesIO(answer.content))
    assert (answer.headers["content-type"], picture.format, picture.size) == (
        "image/jpeg",
        "JPEG",
        (1280, 720),
    )


@pytest.mark.usefixtures("drawings")
@pytest.mark.parametrize("prompt", ["日本の庭", "🚗", "naïve façade", "x" * 400, " \n ", "\u202e\u0000.", "a\ud800b"])
def test_any_prompt_can_be_written_on_a_picture(http, prompt):
    body = {"model": "dall-e-2", "prompt": prompt, "size": "256x256", "response_format": "b64_json"}
    # json.dumps escapes what httpx2 refuses to encode: other clients do send lone surrogates.
    content = json.dumps(body)
    answer = http.post("/v1/images/generations", content=content, headers={"content-type": "application/json"})

    assert answer.status_code == 200
