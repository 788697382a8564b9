"""`timeout` is one wall-clock deadline, also against a server that is never silent and never done."""

import asyncio
import time

import openai  # noqa: F401 # loaded before the clock runs: a second is soon over on a busy machine
import pytest

from tarash.tarash_gateway import (
    resume_video,
    resume_video_async,
    stream_image,
    stream_image_async,
    submit_video,
)
from tarash.tarash_gateway.errors import GenerationTimeoutError, TarashError, UnconfirmedGenerationError
from tarash.tarash_gateway.flows.context import RetryPolicy

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

FAR_TOO_LATE = 20.0
"""Seconds that a call with a timeout of two seconds never takes, on however slow a machine; the drip takes thirty."""


class Dripping:
    """Sends its bytes one at a time, and never all of them."""

    def __init__(self, first=b"", pause=0.05):
        self.first, self.pause = first, pause

    async def send(self, wire, headers):
        await wire.raw(self.first)
        for _ in range(600):
            await wire.raw(b" " if self.first else b"HTTP/1.1 200 OK\r\nx: "[:1])
            await wire.pause(self.pause)
        wire.drop()


BODY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nx-drip: "
WHERE = pytest.mark.parametrize("first", [BODY, HEAD], ids=["in-the-body", "in-the-headers"])


@pytest.fixture(autouse=True)
def in_time():
    started = time.monotonic()
    yield
    assert time.monotonic() - started < FAR_TOO_LATE


@pytest.fixture(params=["sync", "async"])
def resume(request):
    if request.param == "sync":
        return resume_video
    return lambda *args, **options: asyncio.run(resume_video_async(*args, **options))


@WHERE
def test_an_answer_that_drips_is_given_up_at_the_deadline(
    tarash_sandbox, make_image, image_config, image_request, posts, first
):
    tarash_sandbox.play(Dripping(first))

    with pytest.raises(UnconfirmedGenerationError) as caught:
        make_image(image_config(timeout=2), image_request())

    assert caught.value.billable == "unknown"
    assert len(posts()) == 1


@pytest.mark.parametrize(("left", "reserved"), [(1.0, 0.2), (30.0, 6.0), (600.0, 10.0)])
def test_a_submit_leaves_a_fifth_of_the_time_for_a_lookup_and_ten_seconds_at_the_most(left, reserved):
    assert RetryPolicy().reserve(left) == pytest.approx(reserved)


@WHERE
def test_a_submit_that_drips_is_given_up_in_time_to_look_it_up(
    tarash_sandbox, make_video, video_config, video_request, posts, retry_policy, first
):
    tarash_sandbox.play(Dripping(first), method="POST")
    # Half a second is for the submit, all else for the lookup, which a busy machine may need.
    retry_policy(lookup_seconds=60.0, lookup_share=1 - 0.5 / 60)

    with pytest.raises(UnconfirmedGenerationError):
        make_video(video_config(timeout=60), video_request())

    assert [request.method for request in tarash_sandbox.requests][:2] == ["POST", "GET"]
    assert len(posts()) == 1


@WHERE
def test_a_look_that_drips_ends_with_the_job(tarash_sandbox, resume, video_config, video_request, posts, first):
    job = submit_video(video_config(), video_request())
    tarash_sandbox.play(Dripping(first), method="GET", times=None)

    with pytest.raises(GenerationTimeoutError) as caught:
        resume(video_config(timeout=1), job)

    assert caught.value.job.id == job.id
    assert len(posts()) == 1


def test_a_download_that_drips_ends_with_the_job_and_without_a_file(
    tarash_sandbox, resume, video_config, video_request, tmp_path, posts
):
    tarash_sandbox.job_seconds = 0.01
    job = submit_video(video_config(), video_request())
    tarash_sandbox.play(Dripping(BODY), path="/v1/videos/*/content", times=None)

    with pytest.raises(TarashError) as caught:
        resume(video_config(timeout=2), job, save_to=tmp_path / "clip.mp4")

    assert caught.value.job.status == "completed"
    assert list(tmp_path.iterdir()) == []
    assert len(posts()) == 1


def test_a_stream_that_drips_is_given_up_at_the_deadline(tarash_sandbox, image_config, image_request, posts):
    events = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9000\r\n\r\n"
    tarash_sandbox.play(Dripping(events), times=2)
    config, request = image_config("gpt-image-1", timeout=2), image_request(size="1024x1024")

    with pytest.raises(UnconfirmedGenerationError):
        list(stream_image(config, request))

    async def read():
        return [update async for update in stream_image_async(config, request)]

    with pytest.raises(UnconfirmedGenerationError):
        asyncio.run(read())
    assert len(posts()) == 2


def test_a_stalled_download_is_continued_on_another_connection(
    tarash_sandbox, video_config, video_request, monkeypatch
):
    from tarash.tarash_gateway.plugins.http import _download as download

    monkeypatch.setattr(download, "QUIET_SECONDS", 0.3)
    job = submit_video(video_config(), video_request())

    class Stalling:
        async def send(self, wire, headers):
            await wire.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n" + b"\0" * 100)
            await wire.pause(3)
            wire.drop()

    tarash_sandbox.play(Stalling(), path="/v1/videos/*/content")

    assert resume_video(video_config(), job).video.content_type == "video/mp4"
