"""Observers are told of every call, attempt and job; they can neither refuse nor harm one."""

import asyncio
import logging

import pytest

from tarash.tarash_gateway import generate_video, register_plugin, resume_video, stream_image, submit_video
from tarash.tarash_gateway.errors import AuthenticationError, GenerationTimeoutError, PluginLoadError
from tarash.tarash_gateway.plugins import hookimpl
from tarash_gateway_sandbox import Answer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


class Told:
    """An observer that keeps what it is told."""

    def __init__(self):
        self.before, self.after, self.jobs = [], [], []

    @hookimpl
    def tarash_before_generate(self, context):
        self.before.append(context)

    @hookimpl
    def tarash_after_generate(self, context, outcome):
        self.after.append((context, outcome))

    @hookimpl
    def tarash_job_updated(self, context, job):
        self.jobs.append((context, job))


@pytest.fixture
def reported():
    observer = Told()
    with register_plugin(observer):
        yield observer


def test_a_call_and_its_attempt_are_told_with_one_id(reported, make_image, image_config, image_request):
    response = make_image(image_config(), image_request())

    call, attempt = reported.before
    assert (call.request_id, call.operation, call.kind, call.attempt) == (
        response.request_id,
        "generate",
        "image",
        None,
    )
    assert (attempt.request_id, attempt.attempt) == (response.request_id, 1)
    assert attempt.endpoint == image_config().base_url
    assert call.request["prompt"] == image_request().prompt
    (first, of_attempt), (second, of_call) = reported.after
    assert (first, second) == (attempt, call)
    assert of_attempt.response.images == of_call.response.images
    assert of_call.error is None
    assert of_call.seconds > 0


def test_each_config_of_a_chain_is_an_attempt(reported, tarash_sandbox, make_image, image_config, image_request):
    tarash_sandbox.play(Answer(401, body=b"{}"))
    chain = image_config(fallback_configs=(image_config("dall-e-3"),))

    make_image(chain, image_request(size="1024x1024"))

    assert [(context.attempt, context.model) for context in reported.before] == [
        (None, "dall-e-2"),
        (1, "dall-e-2"),
        (2, "dall-e-3"),
    ]
    outcomes = {context.attempt: outcome for context, outcome in reported.after}
    assert isinstance(outcomes[1].error, AuthenticationError)
    assert outcomes[2].error is outcomes[None].error is None


def test_every_news_of_a_job_is_told(reported, make_video, video_config, video_request):
    response = make_video(video_config(), video_request())

    statuses = [job.status for _, job in reported.jobs]
    assert statuses[0] == "queued"
    assert statuses[-1] == "completed"
    assert {context.attempt for context, _ in reported.jobs} == {1}
    assert reported.after[-1][1].job.id == response.job.id
    received = [(job.status, job.progress) for _, job in reported.jobs]
    assert len(received) == len(set(received))


def test_a_submit_and_a_resume_are_calls_of_their_own(reported, video_config, video_request):
    job = submit_video(video_config(), video_request())
    response = resume_video(video_config(), job)

    assert [context.operation for context in reported.before] == ["submit", "submit", "resume"]
    assert reported.after[1][1].job.id == job.id
    assert reported.after[-1][1].response == response
    assert reported.before[-1].request == {}


def test_a_stream_is_told(reported, image_config, image_request):
    list(stream_image(image_config("gpt-image-1"), image_request(size="1024x1024")))

    assert [context.operation for context in reported.before] == ["stream", "stream"]
    assert len(reported.after) == 2


def test_a_stream_that_is_left_is_told(reported, image_config, image_request):
    stream = stream_image(image_config("gpt-image-1"), image_request(size="1024x1024"))
    next(stream)
    stream.close()

    assert [context.attempt for context, _ in reported.after] == [1, None]
    assert [type(outcome.error) for _, outcome in reported.after] == [GeneratorExit] * 2
    assert all(outcome.seconds > 0 for _, outcome in reported.after)


def test_a_call_about_a_job_is_told_with_it(reported, tarash_sandbox, video_config, video_request):
    job = submit_video(video_config(), video_request())
    tarash_sandbox.play(Answer(401, body=b"{}"), method="GET")
    with pytest.raises(AuthenticationError):
        resume_video(video_config(), job)

    assert reported.before[-1].job == job
    assert reported.after[-1][1].job == job


def test_an_error_is_told_with_its_job(reported, tarash_sandbox, make_video, video_config, video_request, pauses_leap):
    tarash_sandbox.job_seconds = 600
    with pauses_leap(), pytest.raises(GenerationTimeoutError) as caught:
        make_video(video_config(timeout=60, poll_interval=20), video_request())

    assert [outcome.error for _, outcome in reported.after] == [caught.value] * 2
    assert reported.after[0][1].job.id == caught.value.job.id


def test_a_call_that_is_cancelled_is_told(reported, tarash_sandbox, video_config, video_request):
    from tarash.tarash_gateway import generate_video_async

    tarash_sandbox.job_seconds = 60

    async def cancelled():
        task = asyncio.create_task(generate_video_async(video_config(), video_request()))
        while not reported.jobs:  # noqa: ASYNC110 # the hook is no coroutine
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())
    assert [type(outcome.error) for _, outcome in reported.after] == [asyncio.CancelledError] * 2


def test_one_that_fails_is_named_in_the_log_and_harms_nothing(
    reported, make_video, video_config, video_request, caplog
):
    class Broken:
        @hookimpl
        def tarash_before_generate(self, context):
            raise RuntimeError("before")

        @hookimpl
        def tarash_after_generate(self, context, outcome):
            raise RuntimeError("after")

        @hookimpl
        def tarash_job_updated(self, context, job):
            raise RuntimeError("job")

    with register_plugin(Broken()), caplog.at_level(logging.WARNING, "tarash.observers"):
        assert make_video(video_config(), video_request()).job is not None

    lines = {record.getMessage() for record in caplog.records if record.name == "tarash.observers"}
    assert lines == {
        f"observer Broken (registered in this process) failed in {hook}"
        for hook in ("tarash_before_generate", "tarash_after_generate", "tarash_job_updated")
    }
    assert len(reported.after) == 2


def test_a_context_holds_no_key(reported, tarash_sandbox, make_image, image_config, image_request):
    tarash_sandbox.play(Answer(401, body=b'{"error":{"message":"bad key sk-of-the-tests-0123456789"}}'))
    with pytest.raises(AuthenticationError):
        make_image(image_config(), image_request())

    key = image_config().api_key.get_secret_value()
    assert key not in repr(reported.before) + repr(reported.after) + repr(
        [context.request for context in reported.before]
    )
    assert image_request().prompt not in repr(reported.before)


def test_one_that_is_unregistered_is_told_no_more(make_image, image_config, image_request):
    observer = Told()
    registration = register_plugin(observer)
    registration.unregister()

    make_image(image_config(), image_request())
    assert observer.before == []


def test_what_implements_no_hook_is_refused():
    with pytest.raises(PluginLoadError, match="offers no provider and observes no call"):
        register_plugin(object())


def test_without_an_observer_a_flow_tells_nobody(video_config, video_request, monkeypatch):
    from tarash.tarash_gateway.plugins import observers
    from tarash.tarash_gateway.plugins._observers import Observers

    monkeypatch.setattr(observers, "_installed", ())  # whatever is installed beside this checkout
    monkeypatch.setattr(Observers, "notify", lambda *_: pytest.fail("there is nobody to tell"))
    generate_video(video_config(), video_request())
