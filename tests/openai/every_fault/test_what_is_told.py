"""What a fault leaves in words: on a job, in the log, and as the next thing to do."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway import generate_video, resume_video, submit_video
from tarash.tarash_gateway.errors import GenerationTimeoutError

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def test_a_finished_job_does_not_keep_the_word_of_an_earlier_status(tarash_sandbox, video_config, video_request):
    tarash_sandbox.job_seconds = 0.2
    received = []
    response = generate_video(
        video_config("sora-2@job_unknown_status"),
        video_request(),
        on_progress=lambda update: received.append(update.job),
    )

    assert "rendering" in {job.vendor_status for job in received if job is not None}
    assert (response.job.status, response.job.vendor_status) == ("completed", None)


def test_an_unknown_status_in_the_job_list_is_no_line_in_the_log(tarash_sandbox, video_config, video_request, caplog):
    tarash_sandbox.job_seconds = 0.0
    tarash_sandbox.end_jobs_as("archived")
    submit_video(video_config(), video_request("another job"))
    tarash_sandbox.end_jobs_as("completed")
    caplog.clear()

    generate_video(video_config("sora-2@dropped_after_creation"), video_request())

    assert "archived" not in caplog.text


@pytest.mark.parametrize("fault", ["job_stuck_queued", "poll_500", "poll_never_answers"])
def test_a_call_that_ran_out_of_time_says_how_its_job_is_fetched(video_config, video_request, fault):
    with pytest.raises(GenerationTimeoutError, match=r"resume_video\(config, error\.job\)"):
        generate_video(video_config(f"sora-2@{fault}", timeout=1.5), video_request())


def test_a_resume_that_keeps_a_file_names_its_job(video_config, video_request, tmp_path):
    job = submit_video(video_config(), video_request())
    resume_video(video_config(), job, save_to=tmp_path / "clip.mp4")

    kept = resume_video(video_config(), job, save_to=tmp_path / "clip.mp4", exists="skip")

    assert kept.job.id == job.id
