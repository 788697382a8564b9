"""The whole way through, against the sandbox: a prompt goes in, a picture or a clip comes out; sync and async alike."""

from __future__ import annotations

import io
import logging

import av
import pytest
from PIL import Image

from tarash.tarash_gateway import generate_image, generate_video
from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.models import ImageGenerationResponse, ImageType, VideoGenerationResponse

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # the page's models are retired
)

SMALL = {"duration_seconds": 4, "size": "720x1280"}


def decoded(content):
    with av.open(io.BytesIO(content)) as clip:
        stream = clip.streams.video[0]
        rate, frames = stream.average_rate, sum(1 for _ in clip.decode(stream))
        return stream.width, stream.height, float(frames / rate)


@pytest.mark.parametrize("form", ["url", "b64_json"])
def test_a_picture_that_comes_as_a_url_or_as_base64_becomes_media(make_image, image_config, image_request, form):
    response = make_image(image_config("dall-e-2"), image_request(extra_params={"response_format": form}))

    (media,) = response.images
    picture = Image.open(io.BytesIO(media.content))
    picture.load()
    assert (picture.format, picture.size) == ("PNG", (256, 256))
    assert (media.content_type, media.width, media.height) == ("image/png", 256, 256)
    assert media.size_bytes == len(media.content)
    assert (media.url is not None) == (form == "url")


def test_a_response_says_what_was_asked_of_whom(make_image, image_config, image_request, posts):
    response = make_image(image_config("gpt-image-1.5"), image_request(size="1024x1792", seed=7))

    assert (response.provider, response.model, response.status) == ("openai", "gpt-image-1.5", "completed")
    assert response.request_id.startswith("req_")
    assert response.provider_request_id.startswith("req_")
    assert response.provider_request_id != response.request_id
    assert response.usage["total_tokens"] > 0
    assert [adjustment.field for adjustment in response.adjustments] == ["size"]
    assert "seed: gpt-image-1.5 has no such parameter; it was left out" in response.warnings
    assert [attempt.outcome for attempt in response.attempts] == ["succeeded"]
    assert (response.images[0].width, response.images[0].height) == (1024, 1536)
    assert len(posts()) == 1


def test_a_response_survives_json_and_its_raw_answer_holds_no_picture(make_image, image_config, image_request):
    requested = image_request(extra_params={"response_format": "b64_json"})

    response = make_image(image_config(), requested)

    assert response.raw_response["data"][0]["b64_json"].startswith("<")
    assert ImageGenerationResponse.model_validate_json(response.model_dump_json()) == response


def test_a_prompt_that_the_model_rewrote_is_on_the_picture(make_image, image_config, image_request):
    response = make_image(image_config("dall-e-3"), image_request(size="1024x1024"))

    assert response.images[0].revised_prompt.startswith("a cat")


def test_four_pictures_of_one_request_are_four_media(make_image, image_config, image_request, posts):
    response = make_image(image_config(), image_request(n=4))

    assert len({media.sha256 for media in response.images}) == 4
    assert len(posts()) == 1


def test_more_pictures_than_one_request_gives_are_fanned_out_where_the_config_says_so(
    tarash_sandbox, make_image, image_config, image_request, one_picture, posts
):
    tarash_sandbox.play(one_picture, times=None)

    response = make_image(image_config("dall-e-3", fan_out=True), image_request(size="1024x1024", n=3))

    assert len(response.images) == 3
    assert [sent.json["n"] for sent in posts()] == [1, 1, 1]


def test_a_picture_tells_its_progress_and_a_callback_that_raises_is_logged(
    tarash_sandbox, make_image, image_config, image_request, one_picture, caplog
):
    tarash_sandbox.play(one_picture)
    received = []

    def tell(update):
        received.append(update.status)
        msg = "the screen is gone"
        raise RuntimeError(msg)

    response = make_image(image_config(), image_request(), on_progress=tell)

    assert len(response.images) == 1
    assert received == ["submitting", "completed"]
    assert "the progress callback raised; the call goes on" in caplog.text


def test_no_prompt_and_no_key_is_in_any_log_line(make_image, image_config, image_request, caplog):
    caplog.set_level(logging.DEBUG, logger="tarash")

    make_image(image_config(api_key="sk-very-secret-key"), image_request("a purple walrus"))

    assert "walrus" not in caplog.text
    assert "sk-very" not in caplog.text


def test_a_video_is_submitted_watched_and_downloaded(tarash_sandbox, make_video, video_config, video_request, posts):
    updates = []

    response = make_video(video_config(), video_request(**SMALL), on_progress=updates.append)

    assert decoded(response.video.content) == (720, 1280, pytest.approx(4, abs=0.1))
    assert (response.size, response.video.content_type) == ("720x1280", "video/mp4")
    assert response.duration_seconds == pytest.approx(4, abs=0.1)
    assert response.job.status == "completed"
    assert response.job.expires_at > response.job.created_at
    assert len(posts()) == 1
    statuses = [update.status for update in updates]
    assert statuses[0] == "submitting"
    assert statuses[-2:] == ["downloading", "completed"]
    assert {"queued", "in_progress"} >= set(statuses[1:-2]) != set()


def test_every_update_holds_the_job_once_it_exists_and_progress_never_goes_back(
    tarash_sandbox, make_video, video_config, video_request
):
    tarash_sandbox.job_seconds = 0.4
    updates = []

    response = make_video(video_config(), video_request(**SMALL), on_progress=updates.append)

    assert updates[0].job is None
    assert {update.job.id for update in updates[1:]} == {response.job.id}
    assert {update.request_id for update in updates} == {response.request_id}
    progress = [update.progress for update in updates[1:]]
    assert progress == sorted(progress)
    assert progress[-1] == 100
    assert [update.elapsed_seconds for update in updates] == sorted(update.elapsed_seconds for update in updates)


def test_an_async_callback_is_awaited_in_either_flavour(make_video, video_config, video_request):
    received = []

    async def tell(update):
        received.append(update.status)

    make_video(video_config(), video_request(**SMALL), on_progress=tell)

    assert received[0] == "submitting"
    assert received[-1] == "completed"


def test_a_clip_can_go_straight_to_a_file(make_video, video_config, video_request, tmp_path):
    place = tmp_path / "lake.mp4"

    response = make_video(video_config(), video_request(**SMALL), save_to=place)

    assert response.video.path == place
    assert response.video.data is None
    assert response.video.content == place.read_bytes()
    assert decoded(place.read_bytes())[:2] == (720, 1280)
    assert [path.name for path in tmp_path.iterdir()] == ["lake.mp4"]
    assert VideoGenerationResponse.model_validate_json(response.model_dump_json()) == response


@pytest.mark.parametrize("fault", ["no-folder", "there-already"])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_sent(
    tarash_sandbox, make_video, video_config, video_request, tmp_path, fault
):
    place = tmp_path / ("lake.mp4" if fault == "there-already" else "nowhere/lake.mp4")
    if fault == "there-already":
        place.write_bytes(b"mine")

    with pytest.raises(SaveError, match=r"lake\.mp4"):
        make_video(video_config(), video_request(**SMALL), save_to=place)

    assert tarash_sandbox.requests == []
    assert not place.exists() or place.read_bytes() == b"mine"


def test_an_image_becomes_a_video(make_video, video_config, video_request, picture, posts):
    requested = video_request(**SMALL, image_list=[ImageType(image=picture(720, 1280))])

    response = make_video(video_config(), requested)

    assert decoded(response.video.content)[:2] == (720, 1280)
    assert len(posts()[0].files) == 1
    assert not any("image_list" in warning for warning in response.warnings)


def test_a_picture_that_was_made_becomes_a_video(make_video, video_config, video_request, image_config, image_request):
    made = generate_image(image_config("dall-e-2"), image_request(size="1024x1024")).images[0]
    requested = video_request(duration_seconds=4, aspect_ratio="1:1", image_list=[ImageType(image=made)])

    response = make_video(video_config(), requested)

    assert response.size == "1024x1024"


def test_a_reference_image_of_another_size_is_a_warning_and_the_vendors_refusal_is_told(
    make_video, video_config, video_request, picture, caplog
):
    requested = video_request(**SMALL, image_list=[ImageType(image=picture(64, 64))])

    with pytest.raises(Exception, match="Inpaint image must match the requested width and height"):
        make_video(video_config(), requested)


@pytest.mark.parametrize("way", ["extra_params", "job", "id"])
def test_a_video_is_remixed(make_video, video_config, video_request, way):
    first = generate_video(video_config(), video_request(**SMALL))
    requested = {
        "extra_params": {"extra_params": {"video_id": first.job.id}},
        "job": {"operation": "remix", "video": first.job},
        "id": {"operation": "remix", "video": first.job.id},
    }[way]

    response = make_video(video_config(), video_request("with snow", **requested))

    assert response.job.id != first.job.id
    assert response.size == "720x1280"
    assert response.video.sha256 != first.video.sha256


def test_a_remix_says_what_it_left_out(make_video, video_config, video_request):
    first = generate_video(video_config(), video_request(**SMALL))

    response = make_video(video_config(), video_request(**SMALL, extra_params={"video_id": first.job.id}))

    left_out = sorted(warning.split(":")[0] for warning in response.warnings if "a remix takes no such" in warning)
    assert left_out == ["duration_seconds", "size"]
