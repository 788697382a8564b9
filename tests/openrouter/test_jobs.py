"""Jobs: looked at with patience, resumed in another process, and what this vendor cannot do."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tarash.tarash_gateway import cancel_video, poll_video, recover_videos, resume_video, submit_video
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConfigurationError,
    ContentPolicyError,
    GenerationFailedError,
    GenerationTimeoutError,
    JobExpiredError,
    UnsupportedOperationError,
)
from tarash.tarash_gateway.journal import Journal
from tarash_gateway_sandbox import Answer
from tarash_gateway_sandbox.faults.fault import USUAL


@pytest.fixture(autouse=True)
def _at_once(retry_policy):
    retry_policy(first_delay=0.001)


def test_a_job_has_the_vendors_states_in_our_words(router, video_config, video_request):
    router.job_seconds = 60
    job = submit_video(video_config(), video_request())

    assert job.id.startswith("gen-vid-")
    assert (job.status, job.vendor_status) == ("queued", "pending")
    assert poll_video(video_config(), job).status == "queued"


@pytest.mark.parametrize(
    "fault", ["poll_500", "poll_502_page", "poll_503", "poll_dropped", "poll_html", "poll_bad_json", "poll_404_early"]
)
def test_a_look_that_fails_in_passing_is_patience(router, make_video, video_config, video_request, fault):
    router.fail(fault, times=2)

    assert make_video(video_config(), video_request()).video.size_bytes
    assert len(router.paid) == 1


def test_a_status_that_is_new_is_taken_as_running(router, make_video, video_config, video_request, caplog):
    router.job_seconds = 1.0  # longer than a busy machine takes until the first poll
    router.fail("job_unknown_status")

    assert make_video(video_config(), video_request()).video.size_bytes
    assert len([record for record in caplog.records if "'rendering' that is not known" in record.getMessage()]) == 1


def test_a_job_that_moderation_ended_is_a_matter_of_policy(router, make_video, video_config, video_request, posts):
    router.fail("router_policy")
    with pytest.raises(ContentPolicyError, match="Content policy violation") as caught:
        make_video(video_config(fallback_configs=[video_config("google/veo-3.1")]), video_request())

    assert (caught.value.stage, caught.value.job.status) == ("output", "failed")
    assert len(posts()) == 1


def test_a_job_that_failed_says_why(router, make_video, video_config, video_request):
    router.fail("router_failed")
    with pytest.raises(GenerationFailedError, match="failed: Provider timed out") as caught:
        make_video(video_config(), video_request())

    assert caught.value.job.error_message == "Provider timed out"


def test_the_reason_of_a_failed_job_does_not_quote_the_prompt(router, make_video, video_config, video_request):
    router.end_jobs_as("failed")
    job = submit_video(video_config(), video_request("a very particular lake"))
    body = b'{"id": "%s", "status": "failed", "error": "cannot draw a very particular lake"}' % job.id.encode()
    router.play(Answer(body=body), path="/api/v1/videos/gen-*")
    with pytest.raises(GenerationFailedError, match=r"cannot draw \[prompt\]") as caught:
        resume_video(video_config(), job)

    assert "particular" not in str(caught.value.raw)
    assert caught.value.job.error_message == "cannot draw [prompt]"


@pytest.mark.parametrize(
    ("fault", "kind"), [("job_cancelled", GenerationFailedError), ("job_expired", JobExpiredError)]
)
def test_a_job_that_ended_otherwise_is_told(router, make_video, video_config, video_request, fault, kind):
    router.fail(fault)
    with pytest.raises(kind):
        make_video(video_config(), video_request())


def test_a_key_that_is_revoked_leaves_the_job(router, make_video, video_config, video_request):
    router.fail("poll_401", times=None)
    with pytest.raises(AuthenticationError) as caught:
        make_video(video_config(), video_request())

    assert caught.value.job.id.startswith("gen-vid-")


def test_a_job_that_takes_too_long_is_left_running_and_can_be_resumed(
    router, make_video, video_config, video_request, pauses_leap
):
    router.fail("job_stuck_in_progress")
    with pauses_leap(), pytest.raises(GenerationTimeoutError) as caught:
        make_video(video_config(timeout=60, poll_interval=20), video_request())

    (job,) = router._vendor.jobs.all()
    router._vendor.jobs.add(replace(job, course=USUAL))  # it goes on

    assert resume_video(video_config(), caught.value.job).video.size_bytes
    assert len(router.paid) == 1


RESUME = """
import sys
from tarash.tarash_gateway import resume_video
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoJob
from tarash_gateway_sandbox.faults.fault import USUAL

config = VideoGenerationConfig(provider="openrouter", model="google/veo-3.1-lite", base_url=sys.argv[1])
print(resume_video(config, VideoJob.model_validate_json(sys.stdin.read())).video)
"""


def test_a_job_is_resumed_in_another_process(router, video_config, video_request, warm_python):
    job = submit_video(video_config(), video_request())
    reported = job.model_dump_json()
    env = {**os.environ, "OPENROUTER_API_KEY": "sk-or-of-another-process"}
    done = warm_python.run(["-c", RESUME, router.openrouter_url], stdin=reported, env=env)

    assert done.stdout.startswith("<video/mp4 ")
    assert "sk-or" not in reported
    assert len(router.paid) == 1


def test_a_job_of_another_address_is_not_looked_at_with_this_key(router, video_config, video_request):
    job = submit_video(video_config(), video_request())
    moved = job.model_copy(update={"endpoint": "https://evil.example/api/v1"})
    with pytest.raises(ConfigurationError, match="its key must go nowhere else"):
        resume_video(video_config(), moved)

    assert len(router.requests) == 1


def test_this_vendor_cancels_no_job(router, video_config, video_request):
    job = submit_video(video_config(), video_request())
    with pytest.raises(UnsupportedOperationError, match="cannot cancel video jobs") as caught:
        cancel_video(video_config(), job)

    assert caught.value.job.id == job.id
    assert len(router.requests) == 1


def test_a_journal_keeps_the_jobs_that_were_not_fetched_although_there_is_no_list(
    router, video_config, video_request, tmp_path
):
    journal = Journal(tmp_path / "journal")
    with journal:
        job = submit_video(video_config(), video_request())

    assert [found.id for found in recover_videos(video_config(), journal)] == [job.id]
