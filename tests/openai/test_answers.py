"""What comes back is read leniently: compatible servers leave fields out and use other words."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pytest

from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError
from tarash.tarash_gateway.models import ImageJob, VideoJob
from tarash.tarash_gateway.plugins.http import Answer, read_images, read_job

NEW = VideoJob(provider="openai", model="sora-2", id="", endpoint="https://x/v1")


def incoming(body, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(200, named, json.dumps(body).encode())


def test_an_image_job_is_read_as_a_video_job_is():
    new = ImageJob(provider="acme", model="acme-1", id="", endpoint="https://x/v1")
    answer = {"id": "job_1", "status": "IN_QUEUE", "queue_position": 3, "seconds": 4, "video_url": "https://x/v.mp4"}
    job = read_job(incoming(answer), new).job

    assert isinstance(job, ImageJob)
    assert (job.id, job.status, job.queue_position) == ("job_1", "queued", 3)
    assert not hasattr(job, "duration_seconds")

    failed = {"id": "job_1", "status": "failed", "error": {"code": "content_policy", "message": "not for us"}}
    with pytest.raises(ContentPolicyError):
        read_job(incoming(failed), job)


def test_a_job_of_id_status_and_time_alone_is_enough():
    status = read_job(incoming({"id": "video_1", "status": "queued", "created_at": 1_760_000_000}), NEW)

    assert (status.job.id, status.job.status) == ("video_1", "queued")
    assert status.job.created_at == datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
    assert (status.job.progress, status.job.size, status.poll_after) == (None, None, None)
    assert (status.job.provider, status.job.model, status.job.endpoint) == ("openai", "sora-2", "https://x/v1")


@pytest.mark.parametrize(
    ("word", "status", "kept"),
    [
        ("queued", "queued", None),
        ("pending", "queued", "pending"),
        ("in_progress", "in_progress", None),
        ("processing", "in_progress", "processing"),
        ("running", "in_progress", "running"),
        ("completed", "completed", None),
        ("succeeded", "completed", "succeeded"),
        ("Succeeded", "completed", "Succeeded"),
        ("failed", "failed", None),
        ("cancelled", "cancelled", None),
        ("canceled", "cancelled", "canceled"),
        ("expired", "expired", None),
        ("dreaming", "in_progress", "dreaming"),
    ],
)
def test_the_words_of_compatible_servers_are_understood(word, status, kept):
    job = read_job(incoming({"id": "video_1", "status": word}), NEW).job

    assert (job.status, job.vendor_status) == (status, kept)


def test_an_unknown_status_is_logged_once_for_each_job_and_word(caplog):
    received = read_job(incoming({"id": "video_1", "status": "dreaming"}), NEW).job
    read_job(incoming({"id": "video_1", "status": "dreaming"}), received)

    reported = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert reported == ["job video_1 has a status 'dreaming' that is not known; it is taken as in_progress"]


def test_a_job_without_a_status_is_queued():
    assert read_job(incoming({"id": "video_1"}), NEW).job.status == "queued"


def test_a_look_that_says_less_keeps_what_is_known():
    known = NEW.model_copy(update={"id": "video_1", "size": "1280x720", "progress": 40.0, "provider_request_id": "a"})

    job = read_job(incoming({"status": "in_progress"}), known).job

    assert (job.id, job.size, job.progress, job.provider_request_id) == ("video_1", "1280x720", 40.0, "a")


def test_a_whole_job_is_read_with_its_times_and_its_headers():
    body = {
        "id": "video_1",
        "object": "video",
        "status": "completed",
        "progress": 100,
        "created_at": 1_760_000_000,
        "completed_at": 1_760_000_060,
        "expires_at": 1_760_003_660,
        "seconds": "8",
        "size": "1280x720",
        "usage": {"duration_seconds": 8},
        "error": None,
    }

    status = read_job(incoming(body, x_request_id="req_v", openai_poll_after_ms="1500"), NEW)

    assert (status.job.progress, status.job.duration_seconds, status.job.size) == (100.0, 8.0, "1280x720")
    assert (status.job.completed_at - status.job.created_at).total_seconds() == 60
    assert (status.job.expires_at - status.job.completed_at).total_seconds() == 3600
    assert (status.poll_after, status.usage, status.raw) == (1.5, {"duration_seconds": 8}, body)
    assert status.job.provider_request_id == "req_v"
    assert status.job.error_code is status.job.error_message is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("progress", "half"),
        ("progress", True),
        ("progress", {"a": 1}),
        ("created_at", "yesterday"),
        ("created_at", 1e30),
        ("seconds", []),
        ("size", {"w": 1}),
        ("usage", "8"),
        ("error", ["x"]),
        ("error", {"code": 5, "message": {"x": 1}}),
    ],
)
def test_a_field_of_another_type_is_left_aside(field, value):
    status = read_job(incoming({"id": "video_1", "status": "in_progress", field: value}), NEW)

    assert status.job.status == "in_progress"
    assert VideoJob.model_validate_json(status.job.model_dump_json()) == status.job


@pytest.mark.parametrize("value", ["", "soon", "-5", "nan"], ids=["empty", "words", "negative", "not-a-number"])
def test_a_poll_header_that_is_no_time_is_survived(value):
    status = read_job(incoming({"id": "video_1"}, openai_poll_after_ms=value), NEW)

    assert not status.poll_after


@pytest.mark.parametrize(
    "body", [{}, {"id": ""}, {"id": None}, {"id": {"x": 7}}], ids=["none", "empty", "null", "object"]
)
def test_a_submit_without_an_id_is_no_job(body):
    with pytest.raises(InvalidResponseError) as caught:
        read_job(incoming(body), NEW)

    assert str(caught.value) == "the vendor's answer holds no job id"


def test_pictures_are_read_with_what_comes_beside_them():
    body = {
        "created": 1,
        "data": [{"b64_json": "aGk="}, {"url": "https://x/y.png", "revised_prompt": "a big cat"}],
        "usage": {"total_tokens": 5},
    }

    answer = read_images(incoming(body, apim_request_id="req_azure"))

    assert [(o.base64, o.url, o.revised_prompt) for o in answer.outputs] == [
        ("aGk=", None, None),
        (None, "https://x/y.png", "a big cat"),
    ]
    assert (answer.provider_request_id, answer.usage, answer.raw) == ("req_azure", {"total_tokens": 5}, body)


def test_items_that_are_no_pictures_are_left_aside_where_one_is():
    answer = read_images(incoming({"data": [None, "x", {}, {"b64_json": "aGk="}]}))

    assert [output.base64 for output in answer.outputs] == ["aGk="]


@pytest.mark.parametrize("code", ["contentFilter", "content_filter"])
def test_azures_refusal_with_status_200_is_a_content_policy_error(code):
    said = {
        "code": code,
        "message": "filtered",
        "inner_error": {"content_filter_results": {"hate": {"filtered": True}}},
    }

    with pytest.raises(ContentPolicyError) as caught:
        read_images(incoming({"created": 1, "error": said}))

    assert str(caught.value) == "moderation refused the request: filtered"
    assert caught.value.categories == ("hate",)


def test_filter_results_beside_a_good_picture_are_no_refusal():
    item = {"b64_json": "aGk=", "content_filter_results": {"hate": {"filtered": False}}}

    assert len(read_images(incoming({"data": [item], "prompt_filter_results": []})).outputs) == 1
