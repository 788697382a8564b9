"""Streams of pictures: their events, their end, and what happens when somebody leaves before it."""

from __future__ import annotations

import base64
import io
import json
import time

import httpx2
import openai
import pytest
from PIL import Image, ImageStat

from tarash_gateway_sandbox import Answer, EventStream, SandboxServer

STREAMED = {"model": "gpt-image-2", "prompt": "a small boat", "stream": True}


def content(event):
    return base64.b64decode(event.b64_json)


def difference(item, other):
    small = [Image.open(io.BytesIO(data)).convert("L").resize((64, 64)) for data in (item, other)]
    return sum(abs(a - b) for a, b in zip(*(picture.tobytes() for picture in small), strict=True))


def names(answer):
    return [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]


def broken(server):
    until = time.monotonic() + 60
    while server.broken_streams == 0 and time.monotonic() < until:
        time.sleep(0.01)
    return server.broken_streams


@pytest.mark.usefixtures("drawings")
@pytest.mark.parametrize("partials", [0, pytest.param(1, marks=pytest.mark.slow), 3])
def test_a_stream_brings_the_partial_pictures_and_then_the_picture_that_comes_without_a_stream(sdk, partials):
    wanted = {"model": "gpt-image-1.5", "prompt": "a small boat", "size": "1536x1024", "quality": "low"}

    with sdk.images.generate(**wanted, stream=True, partial_images=partials) as stream:
        *before, last = stream
    plain = sdk.images.generate(**wanted)

    assert [event.type for event in before] == ["image_generation.partial_image"] * partials
    assert [event.partial_image_index for event in before] == list(range(partials))
    assert last.type == "image_generation.completed"
    assert last.b64_json == plain.data[0].b64_json
    assert (last.size, last.quality, last.background, last.output_format) == ("1536x1024", "low", "opaque", "png")
    assert last.usage.output_tokens == plain.usage.output_tokens + 100 * partials
    assert {(event.size, event.output_format) for event in before} <= {("1536x1024", "png")}
    assert abs(last.created_at - time.time()) < 60


@pytest.mark.usefixtures("drawings")
@pytest.mark.parametrize("form", [pytest.param("png", marks=pytest.mark.slow), "jpeg", "webp"])
def test_partial_pictures_are_pictures_of_the_same_size_that_come_closer_to_the_last_one(sdk, form):
    *before, last = sdk.images.generate(**STREAMED, partial_images=3, size="1280x720", output_format=form)

    pictures = [Image.open(io.BytesIO(content(event))) for event in before]
    assert {(picture.format, picture.size) for picture in pictures} == {(form.upper(), (1280, 720))}
    far, nearer, near = (difference(content(event), content(last)) for event in before)
    assert far > nearer > near > 0


@pytest.mark.usefixtures("drawings")
def test_a_transparent_picture_is_see_through_from_the_first_partial_on(sdk):
    events = sdk.images.generate(**STREAMED, partial_images=1, background="transparent")

    for event in events:
        picture = Image.open(io.BytesIO(content(event)))
        assert (picture.mode, picture.getpixel((0, 0))[3]) == ("RGBA", 0)


def test_an_edit_streams_too_as_a_form(sdk, picture):
    item = ("a.png", picture(), "image/png")
    *before, last = sdk.images.edit(model="gpt-image-1.5", prompt="brighter", image=item, stream=True, partial_images=2)

    assert [event.type for event in before] == ["image_edit.partial_image"] * 2
    assert last.type == "image_edit.completed"
    assert last.usage.input_tokens_details.image_tokens > 0
    plain = sdk.images.edit(model="gpt-image-1.5", prompt="brighter", image=item)
    assert last.b64_json == plain.data[0].b64_json


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/openai/v1/images/generations", {}),
        ("/openai/deployments/pictures/images/generations", {"api-version": "2025-04-01-preview"}),
    ],
)
def test_azures_spellings_stream_too(path, query):
    body = {"prompt": "a cat", "model": "pictures", "stream": True, "partial_images": 1}
    with SandboxServer(deployments={"pictures": "gpt-image-1.5"}, stream_pause=0) as server:
        answer = httpx2.post(
            server.origin + path, params=query, json=body, headers={"api-key": "k"}, trust_env=False, timeout=60
        )

    assert names(answer) == ["image_generation.partial_image", "image_generation.completed"]


def test_the_wire_has_named_events_in_chunks_with_a_pause_between_them(http, tarash_sandbox):
    tarash_sandbox.stream_pause = 0.5  # a reader on a busy machine may be late by most of it
    arrived = []
    with http.stream("POST", "/v1/images/generations", json=STREAMED | {"partial_images": 2}) as answer:
        assert answer.headers["transfer-encoding"] == "chunked"
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-request-id"]
        for line in answer.iter_lines():
            if line.startswith("event: "):
                arrived.append(time.monotonic())
            elif line:
                assert json.loads(line.removeprefix("data: "))["b64_json"]

    assert len(arrived) == 3
    assert arrived[1] - arrived[0] > 0.1 < arrived[2] - arrived[1]


def test_the_connection_serves_the_next_request_after_a_stream(http, tarash_sandbox):
    http.get("/v1/models")
    before = tarash_sandbox.connections
    http.post("/v1/images/generations", json=STREAMED | {"partial_images": 1})

    assert http.get("/v1/models").status_code == 200
    assert tarash_sandbox.connections == before
    assert tarash_sandbox.broken_streams == 0


def test_leaving_the_loop_is_noticed_by_the_server(sdk, tarash_sandbox):
    tarash_sandbox.stream_pause = 0.3

    with sdk.images.generate(**STREAMED, partial_images=3) as stream:
        for event in stream:
            assert event.partial_image_index == 0
            break

    assert broken(tarash_sandbox) == 1
    tarash_sandbox.clear()
    assert tarash_sandbox.broken_streams == 0


@pytest.mark.parametrize("model", ["dall-e-2", "dall-e-3"])
@pytest.mark.parametrize("key", ["stream", "partial_images"])
def test_dall_e_knows_no_streams(http, model, key):
    answer = http.post("/v1/images/generations", json={"model": model, "prompt": "a cat", key: 1})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == f"Unknown parameter: '{key}'."
    assert answer.json()["error"]["code"] == "unknown_parameter"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"partial_images": 4}, "Invalid 'partial_images': integer above maximum value. "),
        ({"partial_images": -1}, "Invalid 'partial_images': integer below minimum value. "),
        ({"stream": "yes"}, "Invalid type for 'stream': expected a boolean, but got a string instead."),
    ],
)
def test_what_is_refused_is_refused_before_the_stream_begins(http, body, message):
    answer = http.post("/v1/images/generations", json=STREAMED | body)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(message)


BLOCKED = {
    "type": "error",
    "error": {
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
        "message": "Your request was rejected by the safety system.",
        "param": None,
    },
}


def test_a_stream_can_be_scripted_up_to_its_error(sdk, tarash_sandbox):
    partial = {"type": "image_generation.partial_image", "b64_json": "", "partial_image_index": 0}
    tarash_sandbox.play(EventStream([b": keep-alive\n\n", partial, BLOCKED]), path="/v1/images/*")

    stream = iter(sdk.images.generate(**STREAMED))

    assert next(stream).partial_image_index == 0
    with pytest.raises(openai.APIError, match="rejected by the safety system") as caught:
        next(stream)
    assert caught.value.code == "moderation_blocked"
    assert tarash_sandbox.broken_streams == 0


def test_a_scripted_stream_can_be_cut_off(sdk, tarash_sandbox):
    partial = {"type": "image_generation.partial_image", "b64_json": "", "partial_image_index": 0}
    tarash_sandbox.play(EventStream([partial], then="drop"))

    stream = iter(sdk.images.generate(**STREAMED))

    assert next(stream).type == "image_generation.partial_image"
    with pytest.raises(openai.APIConnectionError):
        next(stream)


def test_azures_content_filter_is_an_answer_of_ones_own(http, tarash_sandbox):
    body = json.dumps({"error": {"code": "content_policy_violation", "inner_error": {"code": "X"}}}).encode()
    tarash_sandbox.play(Answer(400, body=body), path="/openai/*")

    answer = http.post("/openai/v1/images/generations", json={"model": "mine", "prompt": "a cat"})

    assert answer.json()["error"]["code"] == "content_policy_violation"


@pytest.mark.usefixtures("drawings")
def test_a_partial_picture_is_no_plain_colour(sdk):
    first = next(iter(sdk.images.generate(**STREAMED, partial_images=3)))

    assert ImageStat.Stat(Image.open(io.BytesIO(content(first))).convert("L")).stddev[0] > 20
