"""Spans hang together: below the caller's own span, above what the call does, whatever runs beside it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from tarash.tarash_gateway import generate_image, generate_image_async, register_plugin
from tarash.tarash_gateway.errors import AuthenticationError
from tarash_gateway_opentelemetry import OpenTelemetryObserver
from tarash_gateway_sandbox import Answer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def lineage(telemetry, name):
    """The names from a span up to its root."""
    by_id = {span.context.span_id: span for span in telemetry.spans}
    found = {span.name: span for span in telemetry.spans}[name]
    names = [found.name]
    while found.parent is not None:
        found = by_id[found.parent.span_id]
        names.append(found.name)
    return names


def test_a_call_is_below_the_span_of_its_caller(telemetry, make_image, image_config, image_request):
    with telemetry.tracer.start_as_current_span("a page"):
        make_image(image_config(), image_request())

    assert lineage(telemetry, "generate_content dall-e-2") == ["generate_content dall-e-2", "generate_image", "a page"]


def test_what_a_call_does_is_below_its_attempt(telemetry, make_video, video_config, video_request):
    """So are the HTTP requests of a library that is traced too, and the trace ids of our log lines."""
    make_video(
        video_config(), video_request(), on_progress=lambda update: telemetry.tracer.start_span(update.status).end()
    )

    assert lineage(telemetry, "queued") == ["queued", "generate_content sora-2", "generate_video"]


def test_after_a_call_the_callers_span_is_current_again(telemetry, tarash_sandbox, image_config, image_request):
    with telemetry.tracer.start_as_current_span("a page") as page:
        generate_image(image_config(), image_request())
        assert trace.get_current_span() is page
        tarash_sandbox.play(Answer(401, body=b"{}"))
        with pytest.raises(AuthenticationError):
            generate_image(image_config(), image_request())
        assert trace.get_current_span() is page


def families(telemetry):
    """The name of each root, and the call below it."""
    by_id = {span.context.span_id: span for span in telemetry.spans}
    calls = [span for span in telemetry.spans if span.name == "generate_image"]
    attempts = [span for span in telemetry.spans if span.name.startswith("generate_content")]
    assert len(calls) == len(attempts) == 6
    for attempt in attempts:
        call = by_id[attempt.parent.span_id]
        assert call.attributes["tarash.request_id"] == attempt.attributes["tarash.request_id"]
    return {by_id[call.parent.span_id].name: call.attributes["tarash.request_id"] for call in calls}


def test_tasks_side_by_side_do_not_mix(telemetry, image_config, image_request):
    async def item(name):
        with telemetry.tracer.start_as_current_span(name):
            return (await generate_image_async(image_config(), image_request())).request_id

    async def all_of_them():
        return await asyncio.gather(*(item(f"task {number}") for number in range(6)))

    made = asyncio.run(all_of_them())
    assert families(telemetry) == {f"task {number}": request_id for number, request_id in enumerate(made)}


def test_threads_side_by_side_do_not_mix(telemetry, image_config, image_request):
    def item(name):
        with telemetry.tracer.start_as_current_span(name):
            return generate_image(image_config(), image_request()).request_id

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(item, [f"thread {number}" for number in range(6)]))
    assert families(telemetry) == {f"thread {number}": request_id for number, request_id in enumerate(made)}


def test_requests_of_one_attempt_are_one_span(telemetry, image_config, image_request):
    config = image_config("dall-e-3", fan_out=True)
    generate_image(config, image_request(n=3, size="1024x1024"))

    assert [span.name for span in telemetry.spans] == ["generate_image", "generate_content dall-e-3"]
    assert telemetry.spans[1].attributes["tarash.outputs"] == 3


def test_two_observers_of_one_call_leave_nothing_behind(telemetry, tarash_sandbox, image_config, image_request):
    """They are told of its end in the order in which they were told of its beginning."""
    other = OpenTelemetryObserver(TracerProvider())
    tarash_sandbox.play(Answer(401, body=b"{}"))
    with telemetry.tracer.start_as_current_span("a page") as page, register_plugin(other):
        generate_image(image_config(fallback_configs=(image_config(),)), image_request())
        assert trace.get_current_span() is page

    assert lineage(telemetry, "generate_image") == ["generate_image", "a page"]
    assert len(other._open) == telemetry.still_open == 0


def test_a_callers_choice_not_to_sample_holds_for_the_call(telemetry, image_config, image_request):
    unsampled = trace.NonRecordingSpan(trace.SpanContext(1, 1, is_remote=True, trace_flags=trace.TraceFlags(0)))
    with trace.use_span(unsampled):
        generate_image(image_config(), image_request())

    assert telemetry.spans == []
    assert telemetry.still_open == 0
    assert telemetry.points("gen_ai.client.operation.duration")[0].count == 1
