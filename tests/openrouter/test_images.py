"""Pictures, at once and as a stream."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from tarash.tarash_gateway import check_request, generate_image, stream_image, stream_image_async
from tarash.tarash_gateway.errors import (
    ContentPolicyError,
    InvalidResponseError,
    ProviderUnavailableError,
    UnconfirmedGenerationError,
    ValidationError,
)
from tarash_gateway_sandbox import Answer, EventStream


@pytest.fixture(params=["sync", "async"])
def streamed(request):
    """Every update of a stream."""

    async def collect(config, wanted):
        return [update async for update in stream_image_async(config, wanted)]

    if request.param == "sync":
        return lambda config, wanted: list(stream_image(config, wanted))
    return lambda config, wanted: asyncio.run(collect(config, wanted))


def test_pictures_are_made_with_one_request(router, make_image, image_config, image_request):
    response = make_image(image_config(), image_request(n=2, quality="low", output_format="jpeg"))

    assert [image.content_type for image in response.images] == ["image/jpeg", "image/jpeg"]
    assert router.requests[0].path == "/api/v1/images"
    sent = {"model": "openai/gpt-image-2", "prompt": "a cat on a wall", "n": 2}
    assert router.requests[0].json == {**sent, "quality": "low", "output_format": "jpeg"}
    assert (response.cost, response.cost_source) == (0.08, "vendor")
    assert router.openrouter.dropped == []


def test_a_ratio_and_a_tier_go_out_as_they_are(router, make_image, image_config, image_request):
    model = "google/gemini-3.1-flash-lite-image"
    make_image(image_config(model), image_request(aspect_ratio="21:9", resolution="1K"))

    assert (router.requests[0].json["aspect_ratio"], router.requests[0].json["resolution"]) == ("21:9", "1K")


def test_input_images_go_out_as_references(router, make_image, image_config, image_request, picture):
    make_image(image_config(), image_request(image_list=[picture(32), picture(48)]))

    sent = [part["image_url"]["url"].partition(",")[2] for part in router.requests[0].json["input_references"]]
    assert sent == [base64.b64encode(picture(edge)).decode() for edge in (32, 48)]


@pytest.mark.parametrize("model", ["openai/gpt-image-2", "acme/without-a-row"])
def test_a_mask_is_refused_before_anything_is_sent(router, image_config, image_request, picture, model):
    with pytest.raises(ValidationError, match="mask"):
        generate_image(image_config(model), image_request(image_list=[picture()], mask_image=picture()))

    assert router.requests == []


def test_what_no_image_model_has_is_left_out_with_a_warning(router, make_image, image_config, image_request):
    response = make_image(image_config(), image_request(style="vivid", negative_prompt="dogs"))

    assert sorted(warning.partition(":")[0] for warning in response.warnings) == ["negative_prompt", "style"]
    assert router.openrouter.dropped == []


def test_more_pictures_than_one_request_gives_are_fanned_out(router, make_image, image_config, image_request):
    model = "google/gemini-3.1-flash-lite-image"
    assert [problem.field for problem in check_request(image_config(model), image_request(n=2))] == ["n"]

    response = make_image(image_config(model, fan_out=True), image_request(n=2))
    assert len(response.images) == 2
    assert response.cost == pytest.approx(0.068)


def test_fewer_pictures_than_asked_for_are_told(router, make_image, image_config, image_request, picture):
    body = {"created": 1, "data": [{"b64_json": base64.b64encode(picture()).decode()}]}
    router.play(Answer(body=json.dumps(body).encode()), path="/api/v1/images")
    response = make_image(image_config(), image_request(n=3))

    assert response.warnings == ["3 images were asked for, the vendor made 1"]


@pytest.mark.parametrize(
    "data", [{}, {"data": None}, {"data": []}, {"data": [{}]}, {"data": [{"b64_json": None}, 7]}], ids=str
)
def test_an_answer_without_a_picture_is_an_error_that_may_be_billed(
    router, make_image, image_config, image_request, data
):
    router.play(Answer(body=json.dumps(data).encode()), path="/api/v1/images")
    with pytest.raises(InvalidResponseError, match="holds no image") as caught:
        make_image(image_config(), image_request())

    assert caught.value.billable == "yes"


def test_partial_pictures_come_before_the_picture(router, streamed, image_config, image_request):
    updates = streamed(image_config(), image_request())

    assert [update.status for update in updates] == ["submitting", "partial", "partial", "completed"]
    assert updates[-1].response.cost == 0.04
    assert router.requests[0].json["stream"] is True


def test_a_model_that_does_not_stream_answers_at_once(router, streamed, image_config, image_request):
    model = "acme/unknown-here"
    row = {"created": 1, "data": [{"b64_json": base64.b64encode(_dot()).decode()}], "usage": {"cost": 0.5}}
    router.play(Answer(body=json.dumps(row).encode()), path="/api/v1/images")
    updates = streamed(image_config(model), image_request())

    assert [update.status for update in updates] == ["submitting", "completed"]
    assert updates[-1].response.cost == 0.5


def test_a_model_that_is_known_not_to_stream_is_refused(router, image_config, image_request):
    with pytest.raises(ValidationError, match="streams no partial images"):
        list(stream_image(image_config("google/gemini-3.1-flash-lite-image"), image_request()))

    assert router.requests == []


@pytest.mark.parametrize("fault", ["stream_dropped", "stream_dropped_after_partial", "stream_no_final"])
def test_a_stream_that_breaks_off_may_have_been_billed(router, streamed, image_config, image_request, fault):
    router.fail(fault)
    with pytest.raises(UnconfirmedGenerationError):
        streamed(image_config(), image_request())

    assert len(router.paid) == 1


def test_an_error_in_a_stream_is_not_paid_twice(router, streamed, image_config, image_request):
    router.fail("router_stream_error")
    with pytest.raises(UnconfirmedGenerationError, match="Provider returned error") as caught:
        streamed(image_config(), image_request())

    assert isinstance(caught.value.__cause__, ProviderUnavailableError)
    assert len(router.paid) == 1


def test_moderation_in_a_stream_is_told_as_such(router, streamed, image_config, image_request):
    event = {"type": "error", "error": {"code": "content_policy_violation", "message": "The image was withheld."}}
    router.play(EventStream([event]), path="/api/v1/images")
    with pytest.raises(ContentPolicyError, match="was withheld") as caught:
        streamed(image_config(), image_request())

    assert (caught.value.stage, caught.value.billable) == ("output", "unknown")


def _dot():
    return base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
    )
