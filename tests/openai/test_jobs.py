"""A job by itself, over real HTTP: submitted here, resumed elsewhere, cancelled, and never made twice."""

import asyncio
import json
import os
import signal
import textwrap
from dataclasses import replace

import pytest

from tarash.tarash_gateway import (
    cancel_video,
    cancel_video_async,
    generate_video,
    poll_video,
    poll_video_async,
    resume_video,
    resume_video_async,
    submit_video,
    submit_video_async,
)
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConfigurationError,
    GenerationTimeoutError,
    JobExpiredError,
    SaveError,
    UnconfirmedGenerationError,
    ValidationError,
)
from tarash.tarash_gateway.models import VideoJob
from tarash_gateway_sandbox import Answer, RawBytes
from tarash_gateway_sandbox.faults.fault import USUAL

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def posts(server):
    return [request for request in server.requests if request.method == "POST"]


def flavours(sync, asynchronous):
    return pytest.mark.parametrize(
        "call", [sync, lambda *args, **options: asyncio.run(asynchronous(*args, **options))], ids=["sync", "async"]
    )


@flavours(submit_video, submit_video_async)
def test_a_submit_returns_as_soon_as_the_vendor_has_the_job(tarash_sandbox, video_config, video_request, call):
    job = call(video_config(), video_request())

    assert (job.provider, job.model, job.status) == ("openai", "sora-2", "queued")
    assert job.endpoint == tarash_sandbox.url
    assert job.request["prompt"] == video_request().prompt
    assert len(tarash_sandbox.requests) == 1


def test_a_job_is_plain_json_without_a_key(tarash_sandbox, video_config, video_request):
    job = submit_video(video_config(), video_request())

    text = job.model_dump_json()
    assert tarash_sandbox.api_key not in text
    assert VideoJob.model_validate(json.loads(text)) == job


@flavours(poll_video, poll_video_async)
def test_a_look_is_one_request(tarash_sandbox, video_config, video_request, call):
    job = submit_video(video_config(), video_request())

    received = call(video_config(), job)

    assert (received.id, received.request) == (job.id, job.request)
    assert [request.method for request in tarash_sandbox.requests] == ["POST", "GET"]


def test_a_look_has_no_patience(tarash_sandbox, video_config, video_request):
    job = submit_video(video_config(), video_request())
    tarash_sandbox.play(RawBytes(), method="GET")

    with pytest.raises(Exception, match="closed the connection") as caught:
        poll_video(video_config(), job)

    assert caught.value.job == job
    assert len(tarash_sandbox.requests) == 2


@flavours(resume_video, resume_video_async)
def test_a_job_is_resumed_and_nothing_is_made_anew(tarash_sandbox, video_config, video_request, call):
    job = submit_video(video_config(), video_request())
    statuses = []

    response = call(video_config(), job, on_progress=lambda update: statuses.append(update.status))

    assert response.video.content_type == "video/mp4"
    assert (response.job.id, response.job.status) == (job.id, "completed")
    assert statuses[-2:] == ["downloading", "completed"]
    assert len(posts(tarash_sandbox)) == 1


def test_a_job_is_resumed_into_a_file(tarash_sandbox, video_config, video_request, tmp_path):
    job = submit_video(video_config(), video_request())

    response = resume_video(video_config(), job, save_to=tmp_path / "clip.mp4")

    assert response.video.path == tmp_path / "clip.mp4"
    with pytest.raises(SaveError, match="is already there"):
        resume_video(video_config(), job, save_to=tmp_path / "clip.mp4")
    kept = resume_video(video_config(), job, save_to=tmp_path / "clip.mp4", exists="skip")
    assert kept.video.content == response.video.content
    assert kept.warnings == [f"{tmp_path / 'clip.mp4'} was already there; nothing was sent"]


def test_a_timeout_leaves_a_job_that_can_be_resumed(tarash_sandbox, video_config, video_request, pauses_leap):
    tarash_sandbox.fail("job_stuck_in_progress")
    with pauses_leap(), pytest.raises(GenerationTimeoutError) as caught:
        generate_video(video_config(timeout=60, poll_interval=20), video_request())

    (job,) = tarash_sandbox._vendor.jobs.all()
    tarash_sandbox._vendor.jobs.add(replace(job, course=USUAL))  # it goes on
    response = resume_video(video_config(), caught.value.job)

    assert response.job.id == caught.value.job.id
    assert len(posts(tarash_sandbox)) == 1


def test_a_process_that_is_killed_leaves_a_job_for_another(
    tarash_sandbox, video_config, video_request, tmp_path, warm_python
):
    script = f"""
        import os, signal, warnings
        warnings.simplefilter("ignore")
        from pathlib import Path
        from tarash.tarash_gateway import generate_video
        from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest

        def told(update):
            if update.job is not None:
                Path("job.json").write_text(update.job.model_dump_json())
                os.kill(os.getpid(), signal.SIGKILL)

        generate_video(
            VideoGenerationConfig(provider="openai", model="sora-2", api_key="sk-x", base_url={tarash_sandbox.url!r}),
            VideoGenerationRequest(prompt="A kite", duration_seconds=4),
            on_progress=told,
        )
    """
    done = warm_python.run(["-c", textwrap.dedent(script)], cwd=tmp_path)
    assert done.returncode == -signal.SIGKILL

    job = VideoJob.model_validate_json((tmp_path / "job.json").read_text())
    response = resume_video(video_config(), job)

    assert response.job.id == job.id
    assert len(posts(tarash_sandbox)) == 1
    assert not any(name.endswith(".part") for name in os.listdir(tmp_path))


@flavours(cancel_video, cancel_video_async)
def test_a_job_is_cancelled(tarash_sandbox, video_config, video_request, call):
    job = submit_video(video_config(), video_request())

    assert call(video_config(), job).status == "cancelled"
    assert tarash_sandbox.requests[-1].method == "DELETE"
    with pytest.raises(JobExpiredError, match="the vendor does not know job"):
        poll_video(video_config(), job)


def test_a_lost_answer_to_a_submit_is_unconfirmed_and_sent_once(tarash_sandbox, video_config, video_request):
    tarash_sandbox.play(RawBytes(), method="POST")

    with pytest.raises(UnconfirmedGenerationError):
        submit_video(video_config(), video_request())

    assert len(posts(tarash_sandbox)) == 1


@pytest.mark.parametrize("call", [poll_video, resume_video, cancel_video], ids=lambda call: call.__name__)
def test_the_key_goes_nowhere_but_to_the_jobs_home(tarash_sandbox, video_config, video_request, call):
    job = submit_video(video_config(), video_request())
    moved = job.model_copy(update={"endpoint": "http://127.0.0.1:9/v1"})
    foreign = job.model_copy(update={"provider": "acme"})
    sent = len(tarash_sandbox.requests)

    with pytest.raises(ConfigurationError, match="since its key must go nowhere else"):
        call(video_config(), moved)
    with pytest.raises(ConfigurationError, match="lives at acme, the config is for openai"):
        call(video_config(), foreign)
    assert len(tarash_sandbox.requests) == sent


def test_a_revoked_key_keeps_the_job(tarash_sandbox, video_config, video_request):
    job = submit_video(video_config(), video_request())
    tarash_sandbox.play(Answer(status=401, body=b'{"error":{"message":"no such key"}}'), method="GET")

    with pytest.raises(AuthenticationError) as caught:
        resume_video(video_config(), job)

    assert caught.value.job.id == job.id


def test_something_else_than_a_job_is_refused(video_config):
    with pytest.raises(ValidationError, match="a VideoGenerationConfig and a VideoJob belong here"):
        poll_video(video_config(), "video_1")


@flavours(resume_video, resume_video_async)
def test_a_download_that_breaks_off_goes_on_behind_the_last_byte_that_came(
    tarash_sandbox, video_config, video_request, call
):
    job = submit_video(video_config(), video_request())
    whole = resume_video(video_config(), job).video.content

    class BreakingOff:
        async def send(self, wire, headers):
            await wire.raw(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(whole) + whole[:1000])
            wire.drop()

    tarash_sandbox.play(BreakingOff(), path="/v1/videos/*/content")
    before = len(tarash_sandbox.requests)

    assert call(video_config(), job).video.content == whole
    downloads = [sent for sent in tarash_sandbox.requests[before:] if sent.path.endswith("/content")]
    assert [sent.headers.get("range") for sent in downloads] == [None, "bytes=1000-"]
