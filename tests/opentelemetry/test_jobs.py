"""A video's span has an event for each status of its job; a job that is picked up says where it came from."""

import asyncio

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from tarash.tarash_gateway import (
    cancel_video,
    generate_video,
    generate_video_async,
    poll_video,
    resume_video,
    resume_video_async,
    submit_video,
)
from tarash.tarash_gateway.errors import GenerationFailedError, GenerationTimeoutError

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def statuses(span):
    return [event.attributes["tarash.job.status"] for event in span.events if event.name == "tarash.job.updated"]


def test_each_status_of_a_job_is_an_event(telemetry, make_video, video_config, video_request):
    response = make_video(video_config(), video_request())

    call, attempt = telemetry.spans
    assert (call.name, attempt.name) == ("generate_video", "generate_content sora-2")
    received = statuses(attempt)
    assert (received[0], received[-1]) == ("queued", "completed")
    assert len(received) == len(set(received))
    assert {event.attributes["tarash.job.id"] for event in attempt.events} == {response.job.id}
    assert attempt.attributes["gen_ai.response.id"] == attempt.attributes["tarash.job.id"] == response.job.id
    assert attempt.attributes["gen_ai.output.type"] == "video"
    assert attempt.attributes["tarash.output.seconds"] == response.duration_seconds
    assert statuses(call) == []


def test_progress_alone_is_no_event(telemetry, video_config):
    """A span keeps 128 events; a vendor that counts to 100 would use them up."""
    from datetime import UTC, datetime

    from tarash.tarash_gateway.models import VideoJob
    from tarash.tarash_gateway.plugins import CallContext, CallOutcome

    context = CallContext("req_1", "video", "generate", "acme", "m", "https://acme.example", datetime.now(UTC), 1)
    telemetry.observer.tarash_before_generate(context)
    for percent in range(100):
        job = VideoJob(
            provider="acme", model="m", id="j", endpoint="https://acme.example", status="in_progress", progress=percent
        )
        telemetry.observer.tarash_job_updated(context, job)
    telemetry.observer.tarash_after_generate(context, CallOutcome(0.1))

    assert statuses(telemetry.spans[0]) == ["in_progress"]


def test_a_resumed_job_names_the_call_that_submitted_it(telemetry, video_config, video_request):
    job = submit_video(video_config(), video_request())
    response = resume_video(video_config(), job)

    call, submitted, resumed = telemetry.spans
    assert (call.name, submitted.name) == ("submit_video", "generate_content sora-2")
    assert submitted.attributes["tarash.job.id"] == job.id
    assert (resumed.name, resumed.kind, resumed.parent) == ("fetch_response sora-2", SpanKind.CLIENT, None)
    assert resumed.attributes["tarash.operation"] == "resume"
    assert resumed.attributes["tarash.job.id"] == job.id
    assert resumed.attributes["tarash.job.request_id"] == job.request_id == call.attributes["tarash.request_id"]
    assert resumed.attributes["tarash.request_id"] == response.request_id != job.request_id
    assert statuses(resumed)[-1] == "completed"


def test_a_look_and_a_cancellation_are_spans_of_their_own(telemetry, tarash_sandbox, video_config, video_request):
    tarash_sandbox.job_seconds = 60
    job = submit_video(video_config(), video_request())
    poll_video(video_config(), job)
    cancel_video(video_config(), job)

    assert [span.name for span in telemetry.spans[2:]] == ["fetch_response sora-2", "cancel_response sora-2"]
    assert {span.attributes["tarash.job.id"] for span in telemetry.spans[1:]} == {job.id}


def test_a_job_that_fails_ends_its_spans(telemetry, tarash_sandbox, make_video, video_config, video_request):
    tarash_sandbox.fail("job_failed")
    with pytest.raises(GenerationFailedError) as caught:
        make_video(video_config(), video_request())

    attempt = telemetry.spans[1]
    assert statuses(attempt)[-1] == "failed"
    assert attempt.attributes["error.type"] == "GenerationFailedError"
    assert attempt.attributes["tarash.job.id"] == caught.value.job.id


def test_a_job_that_takes_too_long_is_on_the_span_to_be_resumed(
    telemetry, tarash_sandbox, video_config, video_request, pauses_leap
):
    tarash_sandbox.job_seconds = 600
    with pauses_leap(), pytest.raises(GenerationTimeoutError) as caught:
        generate_video(video_config(timeout=60, poll_interval=20), video_request())

    assert telemetry.spans[1].attributes["tarash.job.id"] == caught.value.job.id
    assert telemetry.spans[1].attributes["tarash.error.billable"] == "unknown"


def cancelled_when(received, call):
    """Cancels a call as soon as `seen` says so."""

    async def run():
        task = asyncio.create_task(call)
        while not received():  # noqa: ASYNC110 # an observer is no coroutine
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_a_cancelled_call_ends_its_spans_with_their_job(telemetry, tarash_sandbox, video_config, video_request):
    tarash_sandbox.job_seconds = 60
    made = lambda: any(request.path.startswith("/v1/videos/") for request in tarash_sandbox.requests)  # noqa: E731
    cancelled_when(made, generate_video_async(video_config(), video_request()))

    call, attempt = telemetry.spans
    assert {span.attributes["error.type"] for span in (call, attempt)} == {"CancelledError"}
    assert attempt.status.status_code == StatusCode.ERROR
    assert dict(attempt.events[-1].attributes) == {"exception.type": "asyncio.exceptions.CancelledError"}
    assert attempt.attributes["tarash.job.id"]
    assert telemetry.still_open == 0


def test_a_cancelled_resume_ends_its_span(telemetry, tarash_sandbox, video_config, video_request):
    tarash_sandbox.job_seconds = 60
    job = submit_video(video_config(), video_request())
    tarash_sandbox.clear()
    cancelled_when(lambda: tarash_sandbox.requests, resume_video_async(video_config(), job))

    assert telemetry.spans[-1].attributes["error.type"] == "CancelledError"
    assert telemetry.spans[-1].attributes["tarash.job.id"] == job.id
    assert telemetry.still_open == 0
