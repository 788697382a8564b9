"""A stream's spans end with it; between two pictures its reader does other things, which are not below them."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from tarash.tarash_gateway import stream_image, stream_image_async
from tarash.tarash_gateway.plugins import CallContext, CallOutcome
from tarash_gateway_opentelemetry.open_spans import OpenSpan, OpenSpans

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@pytest.fixture
def partials(image_request):
    return image_request(size="1024x1024", extra_params={"partial_images": 2})


def test_a_stream_is_a_call_with_an_attempt(telemetry, image_config, partials):
    received = [trace.get_current_span() for _ in stream_image(image_config("gpt-image-1"), partials)]

    call, attempt = telemetry.spans
    assert (call.name, attempt.name) == ("stream_image", "generate_content gpt-image-1")
    assert attempt.parent.span_id == call.context.span_id
    assert attempt.attributes["gen_ai.request.stream"] is True
    assert attempt.attributes["gen_ai.usage.output_tokens"] > 0
    assert len(received) > 2
    assert set(received) == {trace.INVALID_SPAN}
    assert telemetry.still_open == 0


def test_an_async_stream_is_below_the_span_of_its_reader(telemetry, image_config, partials):
    async def read():
        with telemetry.tracer.start_as_current_span("a page") as page:
            async for _ in stream_image_async(image_config("gpt-image-1"), partials):
                assert trace.get_current_span() is page

    asyncio.run(read())
    page, call, attempt = telemetry.spans
    assert call.parent.span_id == page.context.span_id
    assert attempt.parent.span_id == call.context.span_id


def test_two_streams_that_are_read_in_turns_do_not_mix(telemetry, image_config, partials):
    streams = [stream_image(image_config("gpt-image-1"), partials) for _ in range(2)]
    for _ in zip(*streams, strict=True):
        pass
    for stream in streams:
        list(stream)

    calls = {
        span.context.span_id: span.attributes["tarash.request_id"] for span in telemetry.spans if span.parent is None
    }
    attempts = [span for span in telemetry.spans if span.parent is not None]
    assert len(set(calls.values())) == len(attempts) == 2
    assert [calls[span.parent.span_id] for span in attempts] == [
        span.attributes["tarash.request_id"] for span in attempts
    ]


def test_a_stream_that_is_left_ends_its_spans(telemetry, image_config, partials):
    stream = stream_image(image_config("gpt-image-1"), partials)
    next(stream)
    stream.close()

    assert [span.attributes["tarash.left"] for span in telemetry.spans] == [True, True]
    assert telemetry.still_open == 0


def test_an_async_stream_that_is_left_ends_its_spans(telemetry, image_config, partials):
    async def leave():
        async with contextlib.aclosing(stream_image_async(image_config("gpt-image-1"), partials)) as stream:
            async for _ in stream:
                break

    asyncio.run(leave())
    assert [span.attributes["tarash.left"] for span in telemetry.spans] == [True, True]
    assert telemetry.still_open == 0


def received(number):
    return CallContext(f"req_{number}", "image", "stream", "acme", "m", "https://acme.example", datetime.now(UTC), 1)


def test_leaving_a_stream_is_no_error(telemetry):
    telemetry.observer.tarash_before_generate(received(1))
    telemetry.observer.tarash_after_generate(received(1), CallOutcome(0.1, error=GeneratorExit()))

    (span,) = telemetry.spans
    assert span.status.status_code == StatusCode.UNSET
    assert span.attributes["tarash.left"] is True
    assert "error.type" not in {**span.attributes, **telemetry.points("gen_ai.client.operation.duration")[0].attributes}


def test_streams_of_which_no_end_is_told_are_ended_when_there_are_too_many(telemetry):
    spans = OpenSpans(most_streams=3)
    for number in range(5):
        spans.add(received(number), OpenSpan(telemetry.tracer.start_span(str(number))))

    assert [span.name for span in telemetry.spans] == ["0", "1"]
    assert {span.attributes["tarash.left"] for span in telemetry.spans} == {True}
    assert len(spans) == 3
    assert spans.take(received(0)) is None
    assert spans.take(received(4)) is not None


def test_calls_that_are_no_streams_may_be_as_many_as_there_are(telemetry):
    spans = OpenSpans(most_streams=3)
    for number in range(5):
        context = CallContext(f"req_{number}", "video", "generate", "acme", "m", None, datetime.now(UTC))
        spans.add(context, OpenSpan(telemetry.tracer.start_span(str(number))))

    assert (len(spans), telemetry.spans) == (5, [])
