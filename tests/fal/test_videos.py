"""Videos of fal: the same queue, with each model's own fields and spellings."""

from __future__ import annotations

import asyncio

import pytest

from tarash.tarash_gateway import generate_video, generate_video_async, poll_video, resume_video, submit_video
from tarash.tarash_gateway.errors import ContentPolicyError, GenerationFailedError, JobExpiredError, ValidationError
from tarash.tarash_gateway.models import VideoGenerationRequest, VideoJob
from tarash_gateway_sandbox.replies import json_answer


def request(**fields):
    return VideoGenerationRequest(prompt="a boat at low tide", **fields)


@pytest.mark.parametrize(
    ("model", "fields", "sent"),
    [
        (
            "fal-ai/kling-video/v2.6/pro/text-to-video",
            {"duration_seconds": 5, "aspect_ratio": "9:16", "generate_audio": False},
            {"duration": "5", "aspect_ratio": "9:16", "generate_audio": False},
        ),
        (
            "fal-ai/veo3.1",
            {"duration_seconds": 8, "resolution": "1080p", "seed": 1, "negative_prompt": "fog"},
            {"duration": "8s", "resolution": "1080p", "seed": 1, "negative_prompt": "fog"},
        ),
    ],
)
def test_a_video_goes_out_in_the_spelling_of_its_model(video_config, posts, model, fields, sent):
    response = generate_video(video_config(model), request(**fields))
    assert response.video.content_type == "video/mp4"
    assert posts()[0].json == {"prompt": "a boat at low tide", **sent}


def test_async_is_the_same(video_config, tmp_path):
    response = asyncio.run(generate_video_async(video_config(), request(), save_to=tmp_path / "boat.mp4"))
    assert response.video.path == tmp_path / "boat.mp4"


def test_no_key_goes_where_the_video_lies(vendor, video_config):
    generate_video(video_config(), request())
    files = [item for item in vendor.requests if item.path.startswith("/fal-media/")]
    assert files
    assert all("authorization" not in item.headers for item in files)


@pytest.mark.parametrize(
    ("model", "roles", "names"),
    [
        (
            "fal-ai/kling-video/v2.6/pro/image-to-video",
            ["first_frame", "last_frame"],
            ["start_image_url", "end_image_url"],
        ),
        (
            "fal-ai/veo3.1/first-last-frame-to-video",
            ["first_frame", "last_frame"],
            ["first_frame_url", "last_frame_url"],
        ),
        ("fal-ai/kling-video/v2.6/pro/image-to-video", ["reference"], ["start_image_url"]),
    ],
)
def test_frames_go_into_the_models_own_fields(video_config, posts, png, model, roles, names):
    images = [{"image": png, "type": role} for role in roles]
    generate_video(video_config(model), request(image_list=images))
    assert [name for name in posts()[0].json if name.endswith("_url")] == names


def test_an_image_that_a_model_has_no_field_for_is_refused_before_anything_is_sent(video_config, posts, png):
    with pytest.raises(ValidationError):
        generate_video(video_config(), request(image_list=[{"image": png, "type": "last_frame"}]))
    assert posts() == []


def test_two_images_of_one_frame_are_refused_before_anything_is_sent(video_config, posts, png):
    images = [{"image": png, "type": "first_frame"} for _ in range(2)]
    with pytest.raises(ValidationError, match="has two images of one frame; give one for each"):
        generate_video(video_config("acme/films/v9"), request(image_list=images))
    assert posts() == []


def test_a_job_is_resumed_in_another_process(video_config):
    job = submit_video(video_config(), request())
    again = VideoJob.model_validate_json(job.model_dump_json())
    assert resume_video(video_config(), again).video.content_type == "video/mp4"


def test_a_failed_job_is_told_as_failed_when_it_is_polled(vendor, video_config):
    vendor.end_jobs_as("failed", {"code": "internal", "message": "the worker crashed"})
    with pytest.raises(GenerationFailedError, match="the worker crashed") as caught:
        generate_video(video_config(), request())
    assert caught.value.job.status == "failed"


def test_a_job_that_moderation_ended_is_a_refusal(vendor, video_config):
    vendor.end_jobs_as("failed", {"code": "moderation_blocked", "message": "flagged"})
    with pytest.raises(ContentPolicyError) as caught:
        generate_video(video_config(), request())
    assert caught.value.job.id


def test_a_result_that_is_not_there_yet_is_asked_for_again(vendor, video_config):
    job = submit_video(video_config(), request())
    vendor.play(json_answer({"status": "COMPLETED"}), path="/fal/*/status")
    vendor.play(json_answer({"detail": "Request is still in progress"}, status=400), path=f"/fal/*/requests/{job.id}")
    assert poll_video(video_config(), job).status == "in_progress"
    assert resume_video(video_config(), job).video.content_type == "video/mp4"


def test_a_result_that_is_kept_no_more_has_expired(vendor, video_config):
    vendor.end_jobs_as("expired")
    with pytest.raises(JobExpiredError):
        generate_video(video_config(), request())
