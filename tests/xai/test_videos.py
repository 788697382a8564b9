"""Videos of xAI: jobs, what goes out for each operation, costs and refusals."""

from __future__ import annotations

import asyncio

import pytest

from tarash.tarash_gateway import (
    cancel_video,
    generate_video,
    generate_video_async,
    poll_video,
    resume_video,
    submit_video,
)
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ContentPolicyError,
    GenerationFailedError,
    JobExpiredError,
    QuotaExceededError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.models import Media, VideoGenerationRequest, VideoJob
from tarash_gateway_sandbox.replies import json_answer


def request(**fields):
    return VideoGenerationRequest(prompt="a boat at low tide", **fields)


def test_a_video_comes_with_its_exact_cost(video_config, posts):
    response = generate_video(video_config(), request(duration_seconds=4, aspect_ratio="16:9", resolution="720p"))
    assert response.video.content_type == "video/mp4"
    assert response.cost == pytest.approx(0.32)
    (sent,) = posts()
    assert sent.path == "/xai/v1/videos/generations"
    assert sent.json == {
        "model": "grok-imagine-video-1.5",
        "prompt": "a boat at low tide",
        "duration": 4,
        "aspect_ratio": "16:9",
        "resolution": "720p",
    }


def test_async_is_the_same(video_config, tmp_path):
    response = asyncio.run(generate_video_async(video_config(), request(), save_to=tmp_path / "boat.mp4"))
    assert response.video.path == tmp_path / "boat.mp4"


def test_no_key_goes_where_the_video_lies(vendor, video_config):
    generate_video(video_config(), request())
    (fetched,) = [wanted for wanted in vendor.requests if wanted.path.startswith("/xai/files/")]
    assert "authorization" not in fetched.headers


@pytest.mark.parametrize(
    ("roles", "fields"),
    [
        (["first_frame"], {"image": 1}),
        (["first_frame", "last_frame"], {"image": 1, "last_frame": 1}),
        (["reference", "asset"], {"reference_images": 2}),
    ],
    ids=["a first frame", "both frames", "references"],
)
def test_input_images_go_where_their_role_says(video_config, posts, png, roles, fields):
    images = [{"image": png, "type": role} for role in roles]
    generate_video(video_config(), request(image_list=images))
    sent = posts()[0].json
    found = {
        name: len(sent[name]) if isinstance(sent[name], list) else 1
        for name in sent
        if "image" in name or "frame" in name
    }
    assert found == fields


def test_frames_and_references_are_refused_before_anything_is_sent(video_config, posts, png):
    images = [{"image": png, "type": role} for role in ("first_frame", "reference")]
    with pytest.raises(ValidationError):
        generate_video(video_config(), request(image_list=images))
    assert posts() == []


@pytest.mark.parametrize(("operation", "path"), [("edit", "edits"), ("extend", "extensions")])
def test_a_video_is_edited_or_extended(video_config, posts, clip, tmp_path, operation, path):
    file = tmp_path / "in.mp4"
    file.write_bytes(clip)
    response = generate_video(video_config("grok-imagine-video"), request(operation=operation, video=Media(path=file)))
    assert response.video.content_type == "video/mp4"
    (sent,) = posts()
    assert sent.path == f"/xai/v1/videos/{path}"
    assert sent.json["video"]["url"].startswith("data:video/mp4;base64,")


def test_a_job_is_resumed_in_another_process(video_config):
    job = submit_video(video_config(), request())
    again = VideoJob.model_validate_json(job.model_dump_json())
    assert resume_video(video_config(), again).video.content_type == "video/mp4"


def test_an_empty_answer_with_202_means_that_it_is_being_made(vendor, video_config):
    job = submit_video(video_config(), request())
    vendor.play(json_answer({}, status=202), path=f"/xai/v1/videos/{job.id}")
    assert poll_video(video_config(), job).status in ("queued", "in_progress")


def test_a_video_without_a_status_is_done(vendor, video_config):
    job = submit_video(video_config(), request())
    vendor.play(json_answer({"video": {"url": "https://vidgen.x.ai/1.mp4", "duration": 8}}), path="/xai/v1/videos/*")
    assert poll_video(video_config(), job).status == "completed"


@pytest.mark.parametrize(
    "video",
    [{"url": "https://vidgen.x.ai/1.mp4", "respect_moderation": False}, {}],
    ids=["respect_moderation", "no url"],
)
def test_a_video_that_moderation_withheld_is_a_refusal_and_paid(vendor, video_config, video):
    job = submit_video(video_config(), request())
    vendor.play(json_answer({"status": "done", "video": video}), path="/xai/v1/videos/*")
    with pytest.raises(ContentPolicyError, match="withheld the video") as caught:
        resume_video(video_config(), job)
    assert (caught.value.stage, caught.value.billable, caught.value.job.id) == ("output", "yes", job.id)


@pytest.mark.parametrize("error", ["the worker crashed", {"code": "internal", "message": "the worker crashed"}])
def test_a_failed_job_says_why(vendor, video_config, error):
    job = submit_video(video_config(), request())
    vendor.play(json_answer({"status": "failed", "error": error}), path="/xai/v1/videos/*")
    with pytest.raises(GenerationFailedError, match="the worker crashed"):
        resume_video(video_config(), job)


def test_a_job_that_the_vendor_does_not_know_has_expired(video_config):
    job = submit_video(video_config(), request()).model_copy(update={"id": "video_of_nobody"})
    with pytest.raises(JobExpiredError):
        resume_video(video_config(timeout=60.0), job)


def test_a_job_cannot_be_cancelled(video_config):
    with pytest.raises(UnsupportedOperationError):
        cancel_video(video_config(), submit_video(video_config(), request()))


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, "Incorrect API key provided. You can obtain one from the console.", AuthenticationError),
        (429, "Your team has used all available credits or reached its monthly spending limit.", QuotaExceededError),
        (403, "Your team has no credits left.", QuotaExceededError),
    ],
)
def test_words_say_what_a_status_does_not(vendor, video_config, posts, status, text, kind):
    vendor.play(json_answer({"code": "some-word", "error": text}, status=status))
    with pytest.raises(kind) as caught:
        generate_video(video_config(), request())
    assert caught.value.billable == "no"
    assert len(posts()) == 1
