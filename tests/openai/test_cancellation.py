"""A call that is broken off says which job it leaves behind, closes what it has open, and pays for nothing twice."""

from __future__ import annotations

import asyncio
import base64
import gc
import signal
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tarash.tarash_gateway import (
    cancel_video,
    generate_image,
    generate_image_async,
    generate_video,
    generate_video_async,
    resume_video,
    resume_video_async,
    stream_image,
    submit_video_async,
)
from tarash.tarash_gateway.errors import TarashError, ValidationError

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

PATIENCE = 20
"""Seconds after which a test gives up waiting for what must come; nothing is measured by it."""


class Hanging:
    """An answer that does not come, or stops in its middle, until the other side leaves."""

    def __init__(self, begin=None, kind="application/json"):
        self._begin, self._kind = begin, kind
        self.arrived, self.left = threading.Event(), threading.Event()

    async def send(self, wire, headers):
        if self._begin is not None:
            await wire.begin(200, {"content-type": self._kind})
            await wire.piece(self._begin)
        self.arrived.set()
        try:
            await wire.pause(PATIENCE)
        except ConnectionError:
            self.left.set()
            raise


@pytest.fixture(scope="module", autouse=True)
def _only_these_tests_are_collected():
    """What was there before, the SDK among it, is looked through once, and not after each test: that takes a second."""
    import openai  # noqa: F401

    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_stays_open(tarash_sandbox):
    """An unclosed socket tells so when it is collected, and a warning is an error."""
    yield
    gc.collect()


@pytest.fixture
def hang(tarash_sandbox):
    """Lets the next request of a stage hang."""
    places = {"submit": ("POST", "/v1/videos"), "look": ("GET", "/v1/videos/*"), "image": ("POST", "/v1/images/*")}

    def hang(stage):
        if stage == "download":
            hanging = Hanging(b"\0\0\0\x18ftypmp42" + b"\0" * 100_000, "video/mp4")
            tarash_sandbox.play(hanging, method="GET", path="/v1/videos/*/content")
        elif stage == "wait":
            hanging = Hanging()
            tarash_sandbox.job_seconds = PATIENCE
        else:
            hanging = Hanging()
            method, path = places[stage]
            tarash_sandbox.play(hanging, method=method, path=path)
        return hanging

    return hang


class Heard(list):
    """What a progress callback was told; the wait of a video begins when it is told of a job."""

    def __init__(self, stage, hanging):
        self.stage, self.hanging = stage, hanging

    def __call__(self, update):
        self.append(update)
        if self.stage == "wait" and update.job is not None:
            self.hanging.arrived.set()

    @property
    def job(self):
        return next((update.job for update in reversed(self) if update.job is not None), None)


async def at_stage(hanging):
    assert await asyncio.to_thread(hanging.arrived.wait, PATIENCE)


async def gone(hanging):
    assert await asyncio.to_thread(hanging.left.wait, PATIENCE), "the connection was left open"


STAGES = ["submit", "wait", "look", "download"]


@pytest.fixture
def config_at(video_config):
    """A config that waits long where the test is about waiting."""
    return lambda stage: video_config(poll_interval=PATIENCE if stage == "wait" else 0.02)


def assert_nothing_was_undone(sandbox, posts):
    assert len(posts()) == 1
    assert not [request for request in sandbox.requests if request.method == "DELETE"]


@pytest.mark.parametrize("into_a_file", [False, True], ids=["memory", "file"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_task_that_is_cancelled_names_its_job_and_leaves_it_to_be_resumed(
    tarash_sandbox, hang, config_at, video_config, video_request, posts, tmp_path, stage, into_a_file
):
    hanging = hang(stage)
    heard = Heard(stage, hanging)
    target = {"save_to": tmp_path / "film.mp4"} if into_a_file else {}

    async def cancelled():
        call = generate_video_async(config_at(stage), video_request(), on_progress=heard, **target)
        task = asyncio.create_task(call)
        await at_stage(hanging)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert task.cancelled()
        if stage != "wait":
            await gone(hanging)
        return caught.value

    error = asyncio.run(cancelled())

    assert type(error) is asyncio.CancelledError
    assert list(tmp_path.iterdir()) == []
    assert_nothing_was_undone(tarash_sandbox, posts)
    notes = "".join(error.__notes__)
    if stage == "submit":
        assert "broken off at openai/sora-2" in notes
        return
    assert f"job {heard.job.id} at openai was left running; its video can still be fetched" in notes
    tarash_sandbox.job_seconds = 0
    if stage == "wait":
        return  # its job takes as long as it took when it was made
    response = resume_video(video_config(), heard.job, **target)
    assert response.video.duration_seconds == 4
    assert len(posts()) == 1


@pytest.mark.parametrize("stage", STAGES)
def test_a_timeout_of_asyncio_is_one_and_its_traceback_names_the_job(hang, config_at, video_request, posts, stage):
    hanging = hang(stage)
    heard = Heard(stage, hanging)

    async def too_slow():
        async with asyncio.timeout(None) as scope:
            task = asyncio.create_task(at_stage(hanging))
            task.add_done_callback(lambda _: scope.reschedule(asyncio.get_running_loop().time()))
            await generate_video_async(config_at(stage), video_request(), on_progress=heard)

    with pytest.raises(TimeoutError) as caught:
        asyncio.run(too_slow())

    assert not isinstance(caught.value, TarashError)
    assert len(posts()) == 1
    if stage != "submit":
        assert f"job {heard.job.id} at openai was left running" in "".join(traceback.format_exception(caught.value))


def test_wait_for_is_a_timeout_too(hang, config_at, video_request):
    hang("look")
    with pytest.raises(TimeoutError) as caught:
        asyncio.run(asyncio.wait_for(generate_video_async(config_at("look"), video_request()), 0.5))
    assert "was left running" in "".join(traceback.format_exception(caught.value))


def test_a_submit_that_is_cancelled_is_sent_once(hang, config_at, video_request, posts):
    hanging = hang("submit")

    async def cancelled():
        task = asyncio.create_task(submit_video_async(config_at("submit"), video_request()))
        await at_stage(hanging)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone(hanging)

    asyncio.run(cancelled())
    assert len(posts()) == 1


def test_a_resume_that_is_cancelled_can_be_resumed_again(hang, config_at, video_request, posts, tmp_path):
    async def twice():
        job = await submit_video_async(config_at("look"), video_request())
        hanging = hang("download")
        task = asyncio.create_task(resume_video_async(config_at("look"), job, save_to=tmp_path / "film.mp4"))
        await at_stage(hanging)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert job.id in "".join(caught.value.__notes__)
        await gone(hanging)
        assert list(tmp_path.iterdir()) == []
        return await resume_video_async(config_at("look"), job, save_to=tmp_path / "film.mp4")

    assert asyncio.run(twice()).video.path == tmp_path / "film.mp4"
    assert [file.name for file in tmp_path.iterdir()] == ["film.mp4"]
    assert len(posts()) == 1


def test_a_client_works_on_after_a_call_was_cancelled(hang, image_config, image_request, posts):
    async def cancelled_then_good():
        hanging = hang("image")
        task = asyncio.create_task(generate_image_async(image_config(), image_request()))
        await at_stage(hanging)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert "broken off at openai/dall-e-2" in "".join(caught.value.__notes__)
        await gone(hanging)
        return await generate_image_async(image_config(), image_request())

    assert asyncio.run(cancelled_then_good()).images
    assert len(posts()) == 2


def test_every_request_of_a_fan_out_ends_with_the_call(tarash_sandbox, image_config, image_request, posts):
    hanging = [Hanging() for _ in range(3)]
    for item in hanging:
        tarash_sandbox.play(item)

    async def cancelled():
        config = image_config("dall-e-3", fan_out=True)
        task = asyncio.create_task(generate_image_async(config, image_request(size="1024x1024", n=3)))
        for item in hanging:
            await at_stage(item)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for item in hanging:
            await gone(item)

    asyncio.run(cancelled())
    assert len(posts()) == 3


def test_one_failure_of_a_task_group_leaves_the_jobs_of_the_others_to_be_resumed(
    tarash_sandbox, video_config, video_request, posts
):
    tarash_sandbox.job_seconds = 0.5
    jobs, config = {}, video_config(poll_interval=0.05)

    def listening(number, both_run):
        def reported(update):
            if update.job is not None:
                jobs[number] = update.job
            if len(jobs) == 2:
                both_run.set()

        return reported

    async def group():
        both_run = asyncio.Event()

        async def fails_once_the_others_run():
            await both_run.wait()
            await generate_video_async(config, video_request(duration_seconds=5))

        async with asyncio.TaskGroup() as tasks:
            for number in range(2):
                tasks.create_task(
                    generate_video_async(config, video_request(), on_progress=listening(number, both_run))
                )
            tasks.create_task(fails_once_the_others_run())

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(group())

    assert [type(error) for error in caught.value.exceptions] == [ValidationError]
    assert len(posts()) == 2
    assert not [request for request in tarash_sandbox.requests if request.method == "DELETE"]
    assert all(resume_video(config, job).videos for job in jobs.values())
    assert len(posts()) == 2


@pytest.fixture
def ctrl_c():
    """Presses Ctrl-C in the main thread once an answer hangs there."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_kill"):
        pytest.skip("signals reach the main thread only")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    pressers = []

    def press_at(hanging):
        def press():
            if hanging.arrived.wait(PATIENCE):
                time.sleep(0.02)  # the server has the request; the call goes on to wait for its answer
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

        pressers.append(threading.Thread(target=press))
        pressers[-1].start()

    yield press_at
    for presser in pressers:
        presser.join()
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("into_a_file", [False, True], ids=["memory", "file"])
@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_names_the_job_and_leaves_it_to_be_resumed(
    tarash_sandbox, hang, ctrl_c, config_at, video_config, video_request, posts, tmp_path, stage, into_a_file
):
    hanging = hang(stage)
    heard = Heard(stage, hanging)
    target = {"save_to": tmp_path / "film.mp4"} if into_a_file else {}

    ctrl_c(hanging)
    with pytest.raises(KeyboardInterrupt) as caught:
        generate_video(config_at(stage), video_request(), on_progress=heard, **target)

    assert stage == "wait" or hanging.left.wait(PATIENCE), "the connection was left open"
    assert list(tmp_path.iterdir()) == []
    assert_nothing_was_undone(tarash_sandbox, posts)
    notes = "".join(caught.value.__notes__)
    if stage == "submit":
        assert "broken off at openai/sora-2" in notes
        return
    assert f"job {heard.job.id} at openai was left running; its video can still be fetched" in notes
    if stage != "wait":
        assert resume_video(video_config(), heard.job).videos
        assert len(posts()) == 1


def test_ctrl_c_while_a_picture_is_made_closes_the_connection(hang, ctrl_c, image_config, image_request, posts):
    hanging = hang("image")
    ctrl_c(hanging)
    with pytest.raises(KeyboardInterrupt):
        generate_image(image_config(), image_request())
    assert hanging.left.wait(PATIENCE)
    assert generate_image(image_config(), image_request()).images
    assert len(posts()) == 2


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
@pytest.mark.parametrize("status", ["submitting", "queued", "in_progress", "downloading", "completed"])
def test_a_callback_that_breaks_a_call_off_leaves_the_job(
    tarash_sandbox, make_video, video_config, video_request, posts, interrupt, status
):
    jobs = []

    def reported(update):
        if update.job is not None:
            jobs.append(update.job)
        if update.status == status:
            raise interrupt

    with pytest.raises(interrupt) as caught:
        make_video(video_config(), video_request(), on_progress=reported)

    assert type(caught.value) is interrupt
    if status == "submitting":
        assert posts() == []
        return
    assert_nothing_was_undone(tarash_sandbox, posts)
    assert f"job {jobs[-1].id} at openai was left running" in "".join(caught.value.__notes__)
    assert resume_video(video_config(), jobs[-1]).videos
    assert len(posts()) == 1


def test_the_last_update_of_a_call_that_was_broken_off_names_its_job(hang, config_at, video_request):
    hanging = hang("look")
    heard = Heard("look", hanging)

    async def cancelled():
        call = generate_video_async(config_at("look"), video_request(), on_progress=heard)
        task = asyncio.create_task(call)
        await at_stage(hanging)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert heard[-1].job is not None


def partial_of(picture):
    return {"type": "image_generation.partial_image", "b64_json": base64.b64encode(picture()).decode()}


def test_ctrl_c_in_a_stream_closes_its_connection(hang, tarash_sandbox, ctrl_c, image_config, image_request, picture):
    from tarash_gateway_sandbox.replies import event_bytes

    hanging = Hanging(event_bytes(partial_of(picture)), "text/event-stream")
    tarash_sandbox.play(hanging)
    ctrl_c(hanging)
    with pytest.raises(KeyboardInterrupt):
        list(stream_image(image_config("gpt-image-2"), image_request(size=None)))
    assert hanging.left.wait(PATIENCE)


def test_a_cancelled_call_in_a_loop_that_ends_leaves_nothing_behind(hang, config_at, video_request, posts):
    hanging = hang("look")

    async def forgotten():
        task = asyncio.create_task(generate_video_async(config_at("look"), video_request()))
        await at_stage(hanging)
        return task  # `asyncio.run` cancels what still runs

    task = asyncio.run(forgotten())
    assert task.cancelled()
    assert hanging.left.wait(PATIENCE)
    assert len(posts()) == 1


def test_threads_that_wait_do_not_keep_others_from_being_interrupted(hang, image_config, image_request):
    hanging = hang("image")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(generate_image, image_config(timeout=0.5, max_retries=0), image_request())
        assert hanging.arrived.wait(PATIENCE)
        assert generate_image(image_config(), image_request()).images
        with pytest.raises(TarashError):
            waiting.result(PATIENCE)
    assert hanging.left.wait(PATIENCE)


def test_only_cancel_video_sends_a_delete(tarash_sandbox, hang, config_at, video_config, video_request):
    hang("wait")
    jobs = []

    def reported(update):
        if update.job is not None:
            jobs.append(update.job)
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        generate_video(config_at("wait"), video_request(), on_progress=reported)
    assert [request.method for request in tarash_sandbox.requests] == ["POST"]
    cancel_video(video_config(), jobs[-1])
    assert [request.method for request in tarash_sandbox.requests] == ["POST", "DELETE"]
