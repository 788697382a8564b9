"""Servers that only speak the protocol: bare jobs, other words for a status, and parameters of their own."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway import check_request
from tarash.tarash_gateway.errors import GenerationFailedError, GenerationTimeoutError, JobExpiredError, TarashError
from tarash.tarash_gateway.models import ImageType
from tarash_gateway_sandbox import SandboxServer

SMALL = {"size": "320x240", "duration_seconds": 2}
ENDED = {"cancelled": GenerationFailedError, "canceled": GenerationFailedError, "expired": JobExpiredError}


@pytest.fixture(scope="module")
def running():
    with SandboxServer(profile="compatible", job_seconds=0.15, stream_pause=0) as server:
        yield server


@pytest.fixture
def server(running):
    running.clear()
    return running


@pytest.fixture
def video_at(server, video_config):
    return lambda model="acme/wan-9", **settings: video_config(model, base_url=server.url, **settings)


@pytest.fixture
def image_at(server, image_config):
    return lambda model="acme/flux-9", **settings: image_config(model, base_url=server.url, **settings)


def creating(server):
    (sent,) = [request for request in server.requests if request.method == "POST"]
    return sent


def test_a_job_that_shows_only_id_status_and_time_becomes_a_clip(server, make_video, video_at, video_request):
    updates = []

    response = make_video(video_at(), video_request(**SMALL), on_progress=updates.append)

    assert response.video.content[4:8] == b"ftyp"
    assert (response.model, response.job.status, response.job.vendor_status) == (
        "acme/wan-9",
        "completed",
        "succeeded",
    )
    assert response.job.created_at is not None
    assert response.warnings == []
    between = {update.status for update in updates[1:-2]}
    assert between <= {"queued", "in_progress"}
    assert {update.job.vendor_status for update in updates if update.job} <= {"pending", "processing", "succeeded"}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pending", "queued"),
        ("processing", "in_progress"),
        ("running", "in_progress"),
        ("PENDING", "queued"),
        ("warming_up", "in_progress"),
    ],
)
def test_a_status_in_another_word_is_waited_for(server, answering, make_video, video_at, video_request, word, status):
    server.play(answering({"id": "job_1", "status": word, "created_at": 1}), method="POST")
    server.play(answering({"id": "job_1", "status": word}), method="GET", path="/v1/videos/job_1")
    server.play(answering({"id": "job_1", "status": "cancelled"}), method="GET", path="/v1/videos/job_1")
    updates = []

    with pytest.raises(TarashError) as caught:
        make_video(video_at(), video_request(**SMALL), on_progress=updates.append)

    received = [(update.status, update.job.vendor_status) for update in updates[1:]]
    assert received[0] == (status, word)
    assert caught.value.job.id == "job_1"


@pytest.mark.parametrize("word", ENDED)
def test_a_job_that_ended_otherwise_is_told_with_its_id(server, make_video, video_at, video_request, word):
    server.end_jobs_as(word)

    with pytest.raises(ENDED[word]) as caught:
        make_video(video_at(), video_request(**SMALL))

    error = caught.value
    assert error.job.status == ("expired" if word == "expired" else "cancelled")
    assert error.job.id in str(error)
    assert len([request for request in server.requests if request.method == "POST"]) == 1


def test_a_job_that_failed_says_why(server, make_video, video_at, video_request):
    server.end_jobs_as("failed", {"code": "out_of_memory", "message": "The worker ran out of memory."})

    with pytest.raises(GenerationFailedError, match=r"The worker ran out of memory\.") as caught:
        make_video(video_at(), video_request(**SMALL))

    assert caught.value.job.error_code == "out_of_memory"


def test_a_word_that_nobody_knows_is_waited_for_until_the_deadline(server, make_video, video_at, video_request, caplog):
    server.end_jobs_as("melted")

    with pytest.raises(GenerationTimeoutError) as caught:
        make_video(video_at(timeout=1), video_request(**SMALL))

    assert (caught.value.job.status, caught.value.job.vendor_status) == ("in_progress", "melted")
    reported = [record for record in caplog.records if "has a status 'melted' that is not known" in record.getMessage()]
    assert len(reported) == 1


def test_fields_that_openai_has_not_go_to_a_video_model_without_a_row(server, make_video, video_at, video_request):
    extra = {"guidance_scale": 6.5, "num_inference_steps": 30}
    requested = video_request(**SMALL, seed=7, negative_prompt="people", extra_params=extra)
    assert check_request(video_at(), requested) == []

    response = make_video(video_at(), requested)

    assert creating(server).fields == {
        "model": "acme/wan-9",
        "prompt": "a lake",
        "seconds": "2",
        "size": "320x240",
        "seed": "7",
        "negative_prompt": "people",
        "guidance_scale": "6.5",
        "num_inference_steps": "30",
    }
    assert response.warnings == []


def test_fields_that_openai_has_not_go_to_an_image_model_without_a_row(server, make_image, image_at, image_request):
    requested = image_request(
        size="300x200", seed=7, negative_prompt="dogs", quality="ultra", n=2, extra_params={"guidance": 7.5}
    )
    assert check_request(image_at(), requested) == []

    response = make_image(image_at(), requested)

    assert creating(server).json == {
        "model": "acme/flux-9",
        "prompt": "a cat",
        "n": 2,
        "size": "300x200",
        "quality": "ultra",
        "seed": 7,
        "negative_prompt": "dogs",
        "guidance": 7.5,
    }
    assert [(media.width, media.height) for media in response.images] == [(300, 200), (300, 200)]
    assert response.warnings == []


def test_a_ratio_and_a_tier_go_to_an_image_model_without_a_row(
    server, one_picture, make_image, image_at, image_request
):
    server.play(one_picture)

    make_image(image_at(), image_request(size=None, aspect_ratio="5:4", resolution="2K"))

    sent = creating(server).json
    assert (sent["aspect_ratio"], sent["resolution"]) == ("5:4", "2K")
    assert "size" not in sent


def test_an_image_model_without_a_row_edits(server, make_image, image_at, image_request, picture):
    requested = image_request(size="320x240", image_list=[ImageType(image=picture())], extra_params={"strength": 0.5})

    response = make_image(image_at(), requested)

    assert (creating(server).path, creating(server).fields["strength"]) == ("/v1/images/edits", "0.5")
    assert response.images[0].width == 320


def test_a_reference_of_any_size_is_taken(server, make_video, video_at, video_request, picture):
    requested = video_request(**SMALL, image_list=[ImageType(image=picture(50, 40))])

    assert make_video(video_at(), requested).warnings == []
    assert [file.field for file in creating(server).files] == ["input_reference"]


def test_a_model_with_a_slash_in_its_name_keeps_it_and_only_our_own_prefix_is_taken_off(
    server, make_image, image_at, image_request
):
    make_image(image_at("openai/acme/flux-9"), image_request(size="64x48"))

    assert creating(server).json["model"] == "acme/flux-9"


def test_a_server_that_streams_as_openai_does_is_read(server, image_at, image_request):
    from tarash.tarash_gateway import stream_image

    updates = list(stream_image(image_at(), image_request(size="320x240", extra_params={"partial_images": 1})))

    assert [update.status for update in updates] == ["submitting", "partial", "completed"]
