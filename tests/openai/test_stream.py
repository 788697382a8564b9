"""Streamed pictures over real server-sent events: partial ones, the result, and streams that do not end well."""

from __future__ import annotations

import asyncio
import base64
import io
import threading
import time
from datetime import date

import pytest
from PIL import Image

from tarash.tarash_gateway import generate_image, register_plugin, stream_image, stream_image_async
from tarash.tarash_gateway.capabilities import ImageModel
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ContentPolicyError,
    InvalidRequestError,
    TarashError,
    UnconfirmedGenerationError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest, ImageType
from tarash.tarash_gateway.plugins import Provider, ProviderSpec, hookimpl
from tarash_gateway_sandbox import Answer, EventStream, RawBytes
from tarash_gateway_sandbox.replies import event_bytes

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # some of these models are deprecated
)

SMALL = {"size": "1024x1024", "quality": "low"}

BLOCKED = {
    "type": "error",
    "error": {
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
        "message": "Your request was rejected by the safety system.",
        "param": None,
    },
}


@pytest.fixture(params=["sync", "async"])
def stream(request):
    """All updates of `stream_image`, or of its twin in a loop of its own."""
    if request.param == "sync":
        return lambda config, requested: list(stream_image(config, requested))

    async def collect(config, requested):
        return [update async for update in stream_image_async(config, requested)]

    return lambda config, requested: asyncio.run(collect(config, requested))


@pytest.fixture(params=["sync", "async"])
def stream_until(request):
    """Reads updates until one of that status, and leaves the loop."""

    def leave(config, requested, status):
        for update in stream_image(config, requested):
            if update.status == status:
                return update
        return None

    async def leave_async(config, requested, status):
        updates = stream_image_async(config, requested)
        try:
            async for update in updates:
                if update.status == status:
                    return update
        finally:
            await updates.aclose()

    if request.param == "sync":
        return leave
    return lambda *args: asyncio.run(leave_async(*args))


@pytest.fixture
def partial(picture):
    """The event of a small partial picture."""

    def event(index=0, content=None):
        encoded = base64.b64encode(picture() if content is None else content).decode()
        return {"type": "image_generation.partial_image", "b64_json": encoded, "partial_image_index": index}

    return event


@pytest.fixture
def completed(picture):
    """The event of a small finished picture."""

    def event(**options):
        encoded = base64.b64encode(picture(32, 32)).decode()
        return {"type": "image_generation.completed", "b64_json": encoded, **options}

    return event


def statuses(updates):
    return [update.status for update in updates]


def told_until(config, requested):
    """The updates of a sync stream up to its error, and the error."""
    updates = []
    with pytest.raises(TarashError) as caught:
        updates.extend(stream_image(config, requested))
    return updates, caught.value


def left(server):
    """How many streams the server saw being left, after a moment."""
    until = time.monotonic() + 5
    while server.broken_streams == 0 and time.monotonic() < until:
        time.sleep(0.01)
    return server.broken_streams


def test_two_partial_pictures_come_by_default_and_then_the_one_that_comes_without_a_stream(
    stream, image_config, image_request, posts
):
    config, requested = image_config("gpt-image-2"), image_request(**SMALL)

    updates = stream(config, requested)

    assert statuses(updates) == ["submitting", "partial", "partial", "completed"]
    (sent,) = posts()
    assert sent.json == {
        "model": "gpt-image-2",
        "prompt": "a cat",
        "n": 1,
        "size": "1024x1024",
        "quality": "low",
        "stream": True,
        "partial_images": 2,
    }
    response = updates[-1].response
    assert response.images[0].content == generate_image(config, requested).images[0].content
    for update in updates[1:-1]:
        assert (update.image.width, update.image.height, update.image.content_type) == (1024, 1024, "image/png")
    assert len({update.image.sha256 for update in [*updates[1:-1]]} | {response.images[0].sha256}) == 3


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_as_many_partial_pictures_come_as_are_asked_for(stream, image_config, image_request, posts, count):
    updates = stream(image_config("gpt-image-2"), image_request(**SMALL, extra_params={"partial_images": count}))

    assert statuses(updates) == ["submitting", *["partial"] * count, "completed"]
    assert posts()[0].json["partial_images"] == count


def test_the_last_update_says_what_a_response_says(stream, image_config, image_request):
    updates = stream(image_config("gpt-image-2"), image_request(**SMALL, seed=7))

    response = updates[-1].response
    assert (response.provider, response.model, response.status) == ("openai", "gpt-image-2", "completed")
    assert response.provider_request_id.startswith("req_")
    assert response.usage["output_tokens"] == 272 + 2 * 100
    assert (response.cost_source, response.cost) == ("computed", pytest.approx((8 * 5 + 472 * 30) / 1e6))
    assert response.warnings == ["seed: gpt-image-2 has no such parameter; it was left out"]
    assert response.raw_response["b64_json"].startswith("<")
    assert response.raw_response["type"] == "image_generation.completed"
    assert {update.request_id for update in updates} == {response.request_id}
    elapsed = [update.elapsed_seconds for update in updates]
    assert elapsed == sorted(elapsed)


@pytest.mark.parametrize("masked", [False, True], ids=["image", "image-and-mask"])
def test_an_edit_is_streamed_too(stream, image_config, image_request, picture, posts, masked):
    config = image_config("gpt-image-1.5")
    options = {"mask_image": picture(mode="RGBA")} if masked else {}
    requested = image_request(**SMALL, image_list=[ImageType(image=picture())], **options)

    updates = stream(config, requested)

    assert statuses(updates) == ["submitting", "partial", "partial", "completed"]
    (sent,) = posts()
    assert sent.path == "/v1/images/edits"
    assert (sent.fields["stream"], sent.fields["partial_images"]) == ("true", "2")
    assert [file.field for file in sent.files] == (["image", "mask"] if masked else ["image"])
    assert updates[-1].response.images[0].content == generate_image(config, requested).images[0].content


@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_partial_pictures_have_the_format_that_is_asked_for(stream, image_config, image_request, form):
    updates = stream(image_config("gpt-image-2"), image_request(**SMALL, output_format=form))

    assert {update.image.content_type for update in updates[1:-1]} == {f"image/{form}"}
    assert Image.open(io.BytesIO(updates[-1].response.images[0].content)).format == form.upper()


class Waiting:
    """Sends its last event only when somebody has seen the first."""

    def __init__(self, first, last):
        self.first, self.last, self.received = first, last, threading.Event()

    async def send(self, wire, headers):
        await wire.begin(200, {"content-type": "text/event-stream", **headers})
        await wire.piece(event_bytes(self.first))
        while not self.received.is_set():
            await wire.pause(0.01)
        await wire.piece(event_bytes(self.last))
        await wire.end()


def test_a_partial_picture_is_there_before_the_last_one_is_made(
    tarash_sandbox, image_config, image_request, partial, completed
):
    waiting = Waiting(partial(), completed())
    tarash_sandbox.play(waiting)
    updates = stream_image(image_config("gpt-image-2", timeout=60), image_request(**SMALL))

    assert next(update for update in updates if update.status == "partial").image
    waiting.received.set()
    assert statuses(updates) == ["completed"]


def test_leaving_the_loop_closes_the_connection(tarash_sandbox, stream_until, image_config, image_request, posts):
    tarash_sandbox.stream_pause = 0.2

    update = stream_until(image_config("gpt-image-2"), image_request(**SMALL), "partial")

    assert update.image.width == 1024
    assert left(tarash_sandbox) == 1
    assert len(posts()) == 1


def test_leaving_the_loop_before_anything_was_asked_for_sends_nothing(
    tarash_sandbox, stream_until, image_config, image_request
):
    stream_until(image_config("gpt-image-2"), image_request(**SMALL), "submitting")

    assert tarash_sandbox.requests == []


def test_the_client_works_after_a_stream_that_was_left(tarash_sandbox, stream_until, image_config, image_request):
    config = image_config("gpt-image-2")
    stream_until(config, image_request(**SMALL), "partial")

    assert len(generate_image(config, image_request(**SMALL)).images) == 1


def test_a_stream_that_is_read_to_its_end_keeps_its_connection(tarash_sandbox, image_config, image_request):
    config = image_config("gpt-image-2", api_key="sk-of-this-test-only")
    list(stream_image(config, image_request(**SMALL)))
    before = tarash_sandbox.connections

    generate_image(config, image_request(**SMALL))

    assert tarash_sandbox.connections == before
    assert tarash_sandbox.broken_streams == 0


@pytest.mark.parametrize("before", [0, 1], ids=["at-once", "in-mid-stream"])
def test_a_moderation_event_is_a_refusal_of_the_result(
    tarash_sandbox, stream, image_config, image_request, partial, posts, before
):
    tarash_sandbox.play(EventStream([partial()] * before + [BLOCKED]))

    with pytest.raises(ContentPolicyError) as caught:
        stream(image_config("gpt-image-2", max_retries=3), image_request(**SMALL))

    error = caught.value
    assert str(error) == "moderation ended the stream: Your request was rejected by the safety system."
    assert (error.stage, error.code, error.billable) == ("output", "moderation_blocked", "unknown")
    assert (error.provider, error.model, error.retryable) == ("openai", "gpt-image-2", False)
    assert len(posts()) == 1


@pytest.mark.parametrize("before", [0, 1], ids=["at-once", "in-mid-stream"])
def test_another_error_event_leaves_it_unknown_what_was_billed(
    tarash_sandbox, stream, image_config, image_request, partial, posts, before
):
    fault = {"type": "error", "error": {"type": "server_error", "code": None, "message": "The server had an error."}}
    tarash_sandbox.play(EventStream([partial()] * before + [fault]), times=None)

    with pytest.raises(UnconfirmedGenerationError, match=r"the stream ended with an error: The server had an error\."):
        stream(image_config("gpt-image-2", max_retries=3), image_request(**SMALL))

    assert len(posts()) == 1


@pytest.mark.parametrize("before", [1, 2], ids=["one-partial", "two-partials"])
def test_a_stream_that_is_dropped_is_unconfirmed_and_not_sent_again(
    tarash_sandbox, stream, image_config, image_request, partial, posts, before
):
    tarash_sandbox.play(EventStream([partial(index) for index in range(before)], then="drop"), times=None)

    with pytest.raises(UnconfirmedGenerationError, match="the request to openai went out and its outcome is unknown"):
        stream(image_config("gpt-image-2", max_retries=3), image_request(**SMALL))

    assert len(posts()) == 1


@pytest.mark.parametrize(
    "reply",
    [EventStream([], then="drop"), EventStream([b": keep-alive\n\n"], then="drop"), RawBytes()],
    ids=["after-the-head", "after-a-comment", "without-an-answer"],
)
def test_a_stream_that_is_dropped_before_its_first_event_is_unconfirmed_too(
    tarash_sandbox, stream, image_config, image_request, posts, reply
):
    tarash_sandbox.play(reply, times=None)

    with pytest.raises(UnconfirmedGenerationError) as caught:
        stream(image_config("gpt-image-2", max_retries=3), image_request(**SMALL))

    assert caught.value.billable == "unknown"
    assert len(posts()) == 1


@pytest.mark.parametrize("before", [0, 1], ids=["nothing", "partials-only"])
def test_a_stream_that_ends_well_and_without_a_picture_is_unconfirmed(
    tarash_sandbox, stream, image_config, image_request, partial, posts, before
):
    tarash_sandbox.play(EventStream([partial()] * before), times=None)

    with pytest.raises(UnconfirmedGenerationError, match=r"\(the stream ended without a result\)"):
        stream(image_config("gpt-image-2", max_retries=3), image_request(**SMALL))

    assert len(posts()) == 1


def test_a_partial_picture_that_is_broken_does_no_harm(
    tarash_sandbox, stream, image_config, image_request, partial, completed
):
    events = [partial(0, b"no picture"), {"type": "image_generation.partial_image"}, partial(2), completed()]
    tarash_sandbox.play(EventStream(events))

    updates = stream(image_config("gpt-image-2"), image_request(**SMALL))

    assert statuses(updates) == ["submitting", "partial", "completed"]


def test_comments_and_events_that_nobody_knows_are_passed_over(
    tarash_sandbox, stream, image_config, image_request, partial, completed
):
    news = {"type": "image_generation.in_progress", "note": "new"}
    tarash_sandbox.play(
        EventStream([b": keep-alive\n\n", news, partial(), b"data: [1]\n\n", completed(), b"data: [DONE]\n\n"])
    )

    updates = stream(image_config("gpt-image-2"), image_request(**SMALL))

    assert statuses(updates) == ["submitting", "partial", "completed"]


def test_several_finished_pictures_of_one_stream_are_all_in_the_response(
    tarash_sandbox, stream, image_config, image_request, completed
):
    tarash_sandbox.play(EventStream([completed(), completed()]))

    updates = stream(image_config("gpt-image-2"), image_request(**SMALL, n=2))

    assert len(updates[-1].response.images) == 2


def test_a_server_that_does_not_stream_gives_its_picture_all_the_same(
    tarash_sandbox, stream, image_config, image_request, one_picture
):
    tarash_sandbox.play(one_picture)

    updates = stream(image_config("acme-image-9"), image_request())

    assert statuses(updates) == ["submitting", "completed"]
    assert updates[-1].response.images[0].width == 64


def test_a_server_that_refuses_with_a_good_status_is_heard(
    tarash_sandbox, stream, image_config, image_request, answering
):
    tarash_sandbox.play(answering({"error": {"code": "content_filter", "message": "No."}}))

    with pytest.raises(ContentPolicyError, match=r"^moderation ended the stream: No\.$"):
        stream(image_config("acme-image-9"), image_request())


def test_a_refusal_before_the_stream_is_the_vendors_refusal(stream, image_config, image_request, posts):
    colour = ImageModel(model="gpt-image-2", source="https://acme.test", checked_on=date(2026, 1, 1))

    with pytest.raises(InvalidRequestError, match=r"^Unknown parameter: 'colour'\. \(HTTP 400, unknown_parameter\)$"):
        stream(image_config("gpt-image-2", capabilities=colour), image_request(**SMALL, extra_params={"colour": "red"}))

    assert len(posts()) == 1


def test_a_key_that_is_refused_is_told_as_such(stream, image_config, image_request, posts):
    with pytest.raises(AuthenticationError):
        stream(image_config("gpt-image-2", api_key="sk-invalid-key-0123456789", max_retries=3), image_request(**SMALL))

    assert len(posts()) == 1


def test_a_busy_vendor_is_asked_again(tarash_sandbox, stream, image_config, image_request, posts):
    busy = b'{"error": {"message": "Rate limit reached.", "type": "requests", "code": "rate_limit_exceeded"}}'
    tarash_sandbox.play(Answer(429, {"retry-after-ms": "10"}, busy))

    updates = stream(image_config("gpt-image-2", max_retries=1), image_request(**SMALL))

    assert statuses(updates) == ["submitting", "waiting", "partial", "partial", "completed"]
    assert len(posts()) == 2


@pytest.mark.parametrize("model", ["dall-e-3", "dall-e-2"])
def test_a_model_that_does_not_stream_is_refused_before_anything_is_sent(
    tarash_sandbox, stream, image_config, image_request, model
):
    with pytest.raises(ValidationError) as caught:
        stream(image_config(model), image_request(size="1024x1024"))

    assert str(caught.value) == (
        f"openai/{model}: 1 problem, nothing was sent"
        f"\n  - stream: {model} streams no partial images; use generate_image"
    )
    assert tarash_sandbox.requests == []


@pytest.mark.parametrize(
    ("fields", "reported"),
    [
        ({"output_format": "gif"}, "stream: True: a gif is not streamed; allowed: False"),
        ({"output_format": "svg"}, "stream: True: an svg is not streamed; allowed: False"),
        (
            {"extra_params": {"partial_images": 4}},
            "extra_params.partial_images: 4 is not taken by gpt-image-2.6-flare; allowed: 0 to 3; nearest: 3",
        ),
    ],
    ids=["gif", "svg", "too-many"],
)
def test_what_cannot_be_streamed_is_refused_when_the_function_is_called(
    tarash_sandbox, image_config, image_request, fields, reported
):
    for call in (stream_image, stream_image_async):
        with pytest.raises(ValidationError) as caught:
            call(image_config("gpt-image-2.6-flare"), image_request(**SMALL, **fields))
        assert [str(problem) for problem in caught.value.problems] == [reported]
    assert tarash_sandbox.requests == []


class Still(Provider):
    endpoint = "https://api.acme.test"


class StillPlugin:
    """A provider that streams nothing."""

    @hookimpl
    def tarash_provider_specs(self):
        return [ProviderSpec(name="still", api_version=1)]

    @hookimpl
    def tarash_create_provider(self, config):
        return Still()


def test_a_provider_without_streams_says_so(stream):
    with (
        register_plugin(StillPlugin()),
        pytest.raises(UnsupportedOperationError, match=r"^Still cannot stream images$") as caught,
    ):
        stream(ImageGenerationConfig(provider="still", model="any"), ImageGenerationRequest(prompt="a cat"))

    assert (caught.value.provider, caught.value.billable) == ("still", "no")


def test_a_fallback_takes_over_before_anything_was_made(stream, image_config, image_request, posts):
    spare = image_config("gpt-image-2")
    config = image_config("gpt-image-2", api_key="sk-invalid-key-0123456789", fallback_configs=[spare])

    updates = stream(config, image_request(**SMALL))

    assert statuses(updates) == ["submitting", "submitting", "partial", "partial", "completed"]
    assert [attempt.outcome for attempt in updates[-1].response.attempts] == ["failed", "succeeded"]
    assert len(posts()) == 2


def test_a_fallback_does_not_take_over_from_a_stream_that_broke_off(
    tarash_sandbox, stream, image_config, image_request, partial, posts
):
    tarash_sandbox.play(EventStream([partial()], then="drop"))
    config = image_config("gpt-image-2", fallback_configs=[image_config("gpt-image-1.5")])

    with pytest.raises(UnconfirmedGenerationError):
        stream(config, image_request(**SMALL))

    assert len(posts()) == 1


def test_the_updates_before_a_stream_breaks_off_are_told(tarash_sandbox, image_config, image_request, partial):
    tarash_sandbox.play(EventStream([partial(0), partial(1)], then="drop"))

    updates, error = told_until(image_config("gpt-image-2"), image_request(**SMALL))

    assert statuses(updates) == ["submitting", "partial", "partial"]
    assert type(error) is UnconfirmedGenerationError
