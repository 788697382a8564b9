"""Pictures by generateContent, over real HTTP."""

from __future__ import annotations

import asyncio
import base64

import pytest

from tarash.tarash_gateway import check_request, stream_image, stream_image_async
from tarash.tarash_gateway.errors import TarashError, UnconfirmedGenerationError
from tarash_gateway_sandbox import EventStream


@pytest.fixture(params=["sync", "async"])
def streamed(request):
    """The updates of a stream, blocking and async."""
    if request.param == "sync":
        return lambda config, wanted: list(stream_image(config, wanted))

    async def collected(config, wanted):
        return [update async for update in stream_image_async(config, wanted)]

    return lambda config, wanted: asyncio.run(collected(config, wanted))


def test_a_text_becomes_a_picture(make_image, server, image_config, image_request, posts):
    response = make_image(image_config(), image_request(aspect_ratio="16:9", resolution="2K", seed=3))

    assert response.images[0].content_type == "image/png"
    assert posts()[0].path == "/google/v1beta/models/gemini-nano-banana-2.1:generateContent"
    assert posts()[0].json == {
        "contents": [{"role": "user", "parts": [{"text": image_request().prompt}]}],
        "generationConfig": {
            "responseModalities": ["IMAGE"],
            "seed": 3,
            "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
        },
    }
    assert response.usage["candidatesTokenCount"] == 1120
    assert response.provider_request_id


def test_input_images_go_before_the_text_in_their_order(make_image, image_config, image_request, picture, posts):
    pictures = [picture(16 * size, 16) for size in range(1, 4)]

    make_image(image_config(), image_request(image_list=pictures))

    parts = posts()[0].json["contents"][0]["parts"]
    assert [base64.b64decode(part["inlineData"]["data"]) for part in parts[:-1]] == pictures
    assert parts[-1] == {"text": image_request().prompt}


def test_one_picture_a_request_and_several_with_fan_out(make_image, server, image_config, image_request, posts):
    assert [problem.field for problem in check_request(image_config(), image_request(n=3))] == ["n"]

    response = make_image(image_config(fan_out=True), image_request(n=3))

    assert len(response.images) == len(posts()) == len(server.paid) == 3


def test_pictures_that_were_made_are_kept_when_another_is_withheld(make_image, server, image_config, image_request):
    server.google.meet("refusal")

    response = make_image(image_config(fan_out=True), image_request(n=3))

    assert len(response.images) == 2
    assert any("ContentPolicyError" in warning for warning in response.warnings)


def test_what_the_family_does_not_have_is_left_out_and_told(make_image, image_config, image_request, posts):
    response = make_image(
        image_config(),
        image_request(size="1024x1024", quality="high", style="vivid", background="opaque", output_format="webp"),
    )

    assert posts()[0].json["generationConfig"] == {"responseModalities": ["IMAGE"]}
    reported = sorted(warning.partition(":")[0] for warning in response.warnings)
    assert reported == ["background", "output_format", "quality", "size", "style"]


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("gemini-nano-banana-2.1", {"resolution": "512"}),
        ("gemini-3-pro-image", {"aspect_ratio": "1:8"}),
        ("gemini-3.1-flash-lite-image", {"resolution": "2K"}),
        ("gemini-2.5-flash-image", {"aspect_ratio": "7:5"}),
    ],
)
def test_what_the_vendor_refuses_is_refused_before_it_is_sent(image_config, image_request, model, fields):
    (problem,) = check_request(image_config(model), image_request(**fields))

    assert problem.field.partition(".")[0] == next(iter(fields))


def test_a_parameter_that_is_not_ours_to_pass_on_is_left_out_and_told(make_image, image_config, image_request, posts):
    response = make_image(image_config(), image_request(extra_params={"imageConfig": {"imageSize": "4K"}}))

    assert posts()[0].json["generationConfig"] == {"responseModalities": ["IMAGE"]}
    assert [warning.partition(":")[0] for warning in response.warnings] == ["extra_params.imageConfig"]


@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")  # one of them is deprecated
@pytest.mark.parametrize("model", ["gemini-nano-banana-2.1", "gemini-3.1-flash-image"])
@pytest.mark.parametrize("ratio", ["1:8", "4:1", "21:9"])
def test_wide_ratios_go_through_where_the_model_has_them(make_image, image_config, image_request, model, ratio):
    assert make_image(image_config(model), image_request(aspect_ratio=ratio)).images


def test_a_models_own_parameters_go_into_its_configuration(make_image, image_config, image_request, posts):
    make_image(image_config(), image_request(extra_params={"temperature": 0.4}))

    assert posts()[0].json["generationConfig"]["temperature"] == 0.4


def test_a_legacy_model_is_told(make_image, image_config, image_request):
    response = make_image(image_config("gemini-3-pro-image@legacy_model"), image_request())

    assert "the vendor calls this model legacy, it ends on 2027-01-31T00:00:00Z" in response.warnings


def test_pictures_drawn_while_thinking_are_partials(streamed, image_config, image_request, posts):
    updates = streamed(image_config(), image_request())

    assert [update.status for update in updates] == ["submitting", "partial", "partial", "completed"]
    assert updates[1].image.content != updates[2].image.content
    assert updates[-1].response.images[0].content_type == "image/png"
    assert posts()[0].path.endswith(":streamGenerateContent")
    assert posts()[0].query == {"alt": "sse"}


def test_a_model_that_does_not_think_streams_its_picture_alone(streamed, image_config, image_request):
    updates = streamed(image_config("gemini-3.1-flash-lite-image"), image_request())

    assert [update.status for update in updates] == ["submitting", "completed"]


def test_pictures_drawn_while_thinking_are_no_results(make_image, server, image_config, image_request):
    assert len(make_image(image_config("gemini-3-pro-image"), image_request()).images) == 1


@pytest.mark.parametrize(
    ("events", "then"),
    [([], "close"), ([b'data: {"candidates": [{"con'], "drop"), ([b'data: {"candidates": []}\r\n\r\n'], "drop")],
)
def test_a_stream_that_breaks_off_may_have_been_billed(
    streamed, server, image_config, image_request, posts, events, then
):
    server.play(EventStream(events, then=then), method="POST", path="*:streamGenerateContent")

    with pytest.raises(UnconfirmedGenerationError) as caught:
        streamed(image_config(), image_request())

    assert caught.value.billable == "unknown"
    assert len(posts()) == 1


@pytest.mark.parametrize(
    "event",
    [
        b"data: [7]\n\n",
        b"data: nonsense\n\n",
        b'data: {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}\n\n',
        b'data: [{"error": {"code": 500, "message": "broken"}}]\n\n',
    ],
)
def test_an_event_that_is_no_answer_ends_the_stream(streamed, server, image_config, image_request, event):
    server.play(EventStream([event]), method="POST", path="*:streamGenerateContent")

    with pytest.raises(TarashError) as caught:
        streamed(image_config(), image_request())

    assert caught.value.billable == "unknown"


def test_a_stream_that_is_left_is_closed(server, image_config, image_request):
    server.stream_pause = 0.2
    stream = stream_image(image_config(), image_request())
    while next(stream).status != "partial":
        pass
    stream.close()

    server.stream_pause = 0
    assert make_again(image_config(), image_request()).images


def make_again(config, request):
    from tarash.tarash_gateway import generate_image

    return generate_image(config, request)


def test_a_lost_answer_is_one_paid_request(make_image, server, image_config, image_request, posts):
    with pytest.raises(UnconfirmedGenerationError):
        make_image(image_config("gemini-nano-banana-2.1@lost_answer"), image_request())

    assert len(server.paid) == len(posts()) == 1
