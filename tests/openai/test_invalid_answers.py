"""Answers that are not what they should be: an error that says what came, never a traceback from somewhere inside."""

from __future__ import annotations

import base64

import pytest

from tarash.tarash_gateway import generate_video
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    DownloadError,
    InvalidResponseError,
    JobExpiredError,
    UnconfirmedGenerationError,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # the page's models are retired
)

PAGE = "<!DOCTYPE html><html><title>Sign in</title></html>"


def encoded(data):
    return base64.b64encode(data).decode()


@pytest.fixture
def unusable(tarash_sandbox, make_image, image_config, image_request, answering, posts):
    """Lets the server answer something unusable and gives the error; nothing is sent a second time."""

    def answer(body, **how):
        tarash_sandbox.play(answering(body, **how))
        with pytest.raises(InvalidResponseError) as caught:
            make_image(image_config(), image_request())
        assert len(posts()) == 1
        return caught.value

    return answer


def test_a_web_page_with_status_200_is_told_as_one(unusable):
    error = unusable(PAGE, content_type="text/html")

    assert str(error) == (
        f"the vendor's answer is not JSON (status 200, content type text/html): {PAGE!r}. "
        "Is base_url right, and is it not behind a proxy's login page?"
    )
    assert (error.provider, error.model, error.status_code) == ("openai", "dall-e-2", 200)


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        pytest.param('{"created": 1, "data": [{"b64_js', "the vendor's answer is not JSON", id="json-cut"),
        pytest.param(b"", "the vendor's answer is not JSON", id="nothing"),
        pytest.param(b"\xff\xfe\x00", "the vendor's answer is not JSON", id="no-text"),
        pytest.param([], "the vendor's answer is a JSON list where an object belongs", id="list"),
        pytest.param("null", "the vendor's answer is a JSON NoneType where an object belongs", id="null"),
        pytest.param({"data": []}, "the vendor's answer holds no image: 'data' is empty", id="data-empty"),
        pytest.param({"data": None}, "the vendor's answer holds no image", id="data-null"),
        pytest.param({}, "the vendor's answer holds no image", id="data-missing"),
        pytest.param({"data": "x"}, "the vendor's answer holds no image", id="data-a-string"),
        pytest.param({"data": ["x", None]}, "the vendor's answer holds no image", id="data-of-strings"),
        pytest.param({"data": [{"revised_prompt": "x"}]}, "has neither b64_json nor url", id="no-picture-in-an-item"),
        pytest.param({"data": [{"b64_json": 5}]}, "holds no image", id="base64-a-number"),
        pytest.param({"data": [{"url": {"x": 1}}]}, "holds no image", id="url-an-object"),
        pytest.param(
            {"data": [{"b64_json": "§§§"}]}, "the vendor's image is broken: is not base64", id="broken-base64"
        ),
        pytest.param({"data": [{"b64_json": "A"}]}, "the vendor's image is broken: is not base64", id="one-letter"),
        pytest.param(
            {"data": [{"b64_json": encoded(PAGE.encode())}]},
            "the vendor's image is broken: neither PNG, JPEG, WebP, GIF, SVG, AVIF",
            id="base64-of-a-page",
        ),
        pytest.param(
            {"data": None, "error": {"code": "oops", "message": "no capacity"}},
            "the vendor answered 200 with an error in it: no capacity",
            id="error-with-a-good-status",
        ),
    ],
)
def test_an_answer_without_a_picture_says_what_came(unusable, body, reported):
    assert reported in str(unusable(body))


def test_half_a_picture_is_no_picture(unusable, picture):
    whole = picture()

    error = unusable({"data": [{"b64_json": encoded(whole[: len(whole) // 2])}]})

    assert str(error).startswith("the vendor's image is broken: PNG")
    assert error.billable == "yes"


def test_of_four_pictures_the_three_that_came_are_a_success_with_a_warning(
    tarash_sandbox, make_image, image_config, image_request, answering, picture
):
    tarash_sandbox.play(answering({"data": [{"b64_json": encoded(picture(8 + at))} for at in range(3)]}))

    response = make_image(image_config(), image_request(n=4))

    assert [image.width for image in response.images] == [8, 9, 10]
    assert response.warnings[-1] == "4 images were asked for, the vendor made 3"


def test_the_good_pictures_of_an_answer_are_kept_and_the_broken_one_is_a_warning(
    tarash_sandbox, make_image, image_config, image_request, answering, picture
):
    items = [{"b64_json": encoded(picture())}, {"b64_json": "broken§"}]
    tarash_sandbox.play(answering({"data": items}))

    response = make_image(image_config(), image_request(n=2))

    assert len(response.images) == 1
    assert response.warnings[-1].startswith("item 2 of 2 cannot be used: the vendor's image is broken: is not base64")


@pytest.mark.parametrize("fault", ["not-found", "not-a-picture"])
def test_a_picture_whose_download_fails_keeps_its_url_and_is_a_warning(
    tarash_sandbox, make_image, image_config, image_request, answering, fault
):
    url = f"{tarash_sandbox.origin}/files/gone.png"
    tarash_sandbox.play(answering({"data": [{"url": url}]}), method="POST")
    if fault == "not-a-picture":
        tarash_sandbox.play(answering(PAGE, content_type="text/html"), path="/files/*")

    response = make_image(image_config(), image_request())

    assert response.images[0].url == url
    assert response.images[0].data is None
    assert str(response.images[0]) == url
    assert response.warnings[-1].startswith("an image was made and could not be downloaded (")
    assert response.warnings[-1].endswith("; its address is in Media.url")
    with pytest.raises(DownloadError, match="the bytes were not downloaded; the vendor's address of them is http"):
        _ = response.images[0].content


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(PAGE, id="web-page"),
        pytest.param('{"id": "vid', id="json-cut"),
        pytest.param([], id="list"),
        pytest.param({"status": "queued"}, id="no-id"),
        pytest.param({"id": {"x": 5}}, id="id-an-object"),
    ],
)
def test_an_unreadable_answer_to_a_submitted_video_is_unconfirmed_and_sent_once(
    tarash_sandbox, make_video, video_config, video_request, answering, posts, body
):
    tarash_sandbox.play(answering(body), times=None)

    with pytest.raises(UnconfirmedGenerationError) as caught:
        make_video(video_config(), video_request())

    assert len(posts()) == 1
    assert caught.value.billable == "unknown"
    assert str(caught.value).startswith(
        "the request to openai went out and its outcome is unknown (the vendor's answer"
    )
    assert "It may have been billed, so it was not sent again." in str(caught.value)
    assert isinstance(caught.value.__cause__, InvalidResponseError)


@pytest.mark.parametrize(
    ("body", "how"),
    [
        pytest.param(PAGE, {"content_type": "text/html"}, id="web-page"),
        pytest.param('{"id": "vid', {}, id="json-cut"),
        pytest.param([], {}, id="list"),
        pytest.param({"error": {"message": "try again"}}, {"status": 503, "retry_after_ms": "10"}, id="503"),
        pytest.param({"error": {"message": "oops"}}, {"status": 500, "retry_after_ms": "10"}, id="500"),
        pytest.param({"error": {"message": "not yet there"}}, {"status": 404}, id="404-of-a-young-job"),
        pytest.param({"error": {"message": "slowly"}}, {"status": 429, "retry_after_ms": "10"}, id="429"),
    ],
)
def test_an_unreadable_look_at_a_job_is_survived(
    tarash_sandbox, make_video, video_config, video_request, answering, posts, body, how
):
    tarash_sandbox.play(answering(body, **how), method="GET", path="/v1/videos/*")

    response = make_video(video_config(), video_request(duration_seconds=4, size="720x1280"))

    assert response.video.content_type == "video/mp4"
    assert len(posts()) == 1


def finished(answering, tarash_sandbox):
    tarash_sandbox.play(answering({"id": "video_1", "status": "completed", "seconds": "4"}), method="POST")


def test_a_clip_that_is_a_web_page_is_a_download_error_that_names_the_job(
    tarash_sandbox, make_video, video_config, video_request, answering, posts
):
    finished(answering, tarash_sandbox)
    tarash_sandbox.play(answering(PAGE, content_type="text/html"), path="*/content", times=None)

    with pytest.raises(DownloadError) as caught:
        make_video(video_config(), video_request())

    assert caught.value.job.id == "video_1"
    assert caught.value.billable == "yes"
    assert str(caught.value).startswith("what came for job video_1 is not a whole video (text/html): neither PNG")
    assert ". It costs nothing to fetch it again" in str(caught.value)
    assert len(posts()) == 1


def test_a_clip_that_is_cut_is_a_download_error_that_names_the_job(
    tarash_sandbox, make_video, video_config, video_request, answering
):
    finished(answering, tarash_sandbox)
    cut = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2\x00\x00\x04\x00moov"
    tarash_sandbox.play(answering(cut, content_type="video/mp4"), path="*/content", times=None)

    with pytest.raises(DownloadError, match="MP4 ends inside one of its boxes") as caught:
        make_video(video_config(), video_request())

    assert caught.value.job.status == "completed"


def test_a_clip_that_is_gone_is_told_as_expired_and_not_made_again(
    tarash_sandbox, make_video, video_config, video_request, answering, posts
):
    finished(answering, tarash_sandbox)
    gone = {"error": {"message": "Video has expired", "code": None}}
    tarash_sandbox.play(answering(gone, status=410), path="*/content", times=None)

    with pytest.raises(JobExpiredError) as caught:
        make_video(video_config(), video_request())

    assert str(caught.value).startswith(
        "the video of job video_1 is not there (any more): Video has expired (HTTP 410)"
    )
    assert caught.value.job.id == "video_1"
    assert len(tarash_sandbox.requests) == 2
    assert len(posts()) == 1


def test_a_clip_that_is_there_a_moment_late_is_fetched_all_the_same(
    tarash_sandbox, make_video, video_config, video_request, answering, posts
):
    early = {"error": {"message": "Video is not ready yet"}}
    tarash_sandbox.play(answering(early, status=404), path="*/content")

    response = make_video(video_config(), video_request(duration_seconds=4))

    assert response.duration_seconds == pytest.approx(4, abs=0.1)
    assert len(posts()) == 1


def test_a_clip_that_stays_away_is_told_as_expired_after_a_few_tries(
    tarash_sandbox, video_config, video_request, answering, retry_policy
):
    finished(answering, tarash_sandbox)
    never = answering({"error": {"message": "no such video"}}, status=404)
    tarash_sandbox.play(never, path="*/content", times=None)
    retry_policy(first_delay=0.01)

    with pytest.raises(JobExpiredError, match="the video of job video_1 is not there"):
        generate_video(video_config(), video_request())

    requested = [request for request in tarash_sandbox.requests if request.path.endswith("/content")]
    assert 3 <= len(requested) <= 5


def test_a_job_that_the_vendor_no_longer_knows_is_told_as_expired(
    tarash_sandbox, make_video, video_config, video_request, answering, posts, retry_policy
):
    retry_policy(first_delay=0.01)
    gone = answering({"error": {"message": "not found"}}, status=404)
    tarash_sandbox.play(gone, method="GET", path="/v1/videos/*", times=None)

    with pytest.raises(JobExpiredError, match="the vendor does not know job video_") as caught:
        make_video(video_config(timeout=60), video_request())

    assert caught.value.job.id.startswith("video_")
    assert len(posts()) == 1


def test_a_key_that_is_revoked_while_a_job_runs_is_an_error_that_names_the_job(
    tarash_sandbox, make_video, video_config, video_request, answering, posts
):
    revoked = answering({"error": {"message": "revoked", "code": "invalid_api_key"}}, status=401)
    tarash_sandbox.play(revoked, method="GET", times=None)

    with pytest.raises(AuthenticationError) as caught:
        make_video(video_config(), video_request())

    assert caught.value.job.id.startswith("video_")
    assert len(tarash_sandbox.requests) == 2
    assert len(posts()) == 1


def test_a_good_answer_with_a_wrong_content_type_is_good(
    tarash_sandbox, make_image, image_config, image_request, answering, picture
):
    tarash_sandbox.play(answering({"data": [{"b64_json": encoded(picture())}]}, content_type="text/plain"))

    assert make_image(image_config(), image_request()).images[0].width == 64
