"""Clips: fetched from wherever the vendor has them, and the key goes nowhere but to the vendor."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway import resume_video
from tarash.tarash_gateway.errors import DownloadError, JobExpiredError, UnsafeUrlError
from tarash_gateway_sandbox import Answer


@pytest.fixture(autouse=True)
def _at_once(retry_policy):
    retry_policy(first_delay=0.001)


def test_a_clip_at_another_origin_is_fetched_without_the_key(
    router, make_video, video_config, video_request, log_lines
):
    router.fail("router_content_redirect")
    named = {"referer": "https://app.example", "title": "My app"}
    response = make_video(video_config(provider_config=named), video_request())

    assert response.video.content_type == "video/mp4"
    assert len(router.openrouter.fetched) == 1
    assert router.openrouter.leaks == []
    elsewhere = router.requests[-1]
    assert elsewhere.headers["host"].startswith("localhost")
    assert not {"authorization", "http-referer", "x-openrouter-title", "cookie"} & {*elsewhere.headers}
    # The signature is as good as the clip.
    assert elsewhere.query["X-Signature"] not in f"{log_lines()} {response!r} {response.model_dump_json()}"


def test_a_clip_at_another_origin_is_continued_where_it_was_cut(router, make_video, video_config, video_request):
    router.fail("router_content_redirect", times=None)
    router.fail("content_cut_once", path="/store/*")
    response = make_video(video_config(), video_request())

    assert response.video.size_bytes
    assert [request.headers.get("range") is not None for request in router.requests if "/store/" in request.path] == [
        False,
        True,
    ]
    assert len(router.paid) == 1


def test_a_store_that_refuses_is_asked_again_through_the_vendor(router, make_video, video_config, video_request):
    router.fail("router_content_redirect", times=None)
    router.play(Answer(403, {}, b"<Error/>", "application/xml"), path="/store/*", times=2)
    response = make_video(video_config(), video_request())

    assert response.video.size_bytes
    assert len([request for request in router.requests if request.path.endswith("/content")]) == 3


@pytest.mark.parametrize(
    ("location", "reported"),
    [
        ("http://169.254.169.254/latest/meta-data", r"169\.254\.169\.254, which is"),
        ("http://10.0.0.7/clip", r"10\.0\.0\.7, which is not a public address"),
        ("http://user:pass@localhost/clip", "a user name or a password in it"),
    ],
)
def test_a_redirect_to_where_nothing_is_fetched_from_is_told(
    router, make_video, video_config, video_request, location, reported
):
    router.play(Answer(302, {"location": location}), path="*/content", times=None)
    with pytest.raises(UnsafeUrlError, match=reported) as caught:
        make_video(video_config(), video_request())

    assert caught.value.job is not None


def test_redirects_in_a_circle_end(router, make_video, video_config, video_request):
    router.play(Answer(302, {"location": "/api/v1/videos/x/content"}), path="*/content", times=None)
    with pytest.raises(DownloadError) as caught:
        make_video(video_config(), video_request())

    assert caught.value.job is not None


@pytest.mark.parametrize(
    "fault", ["router_content_409", "router_content_502", "content_404_briefly", "content_cut_once"]
)
def test_a_download_that_fails_in_passing_is_tried_again(router, make_video, video_config, video_request, fault):
    router.fail(fault, times=2 if fault != "content_cut_once" else 1)
    response = make_video(video_config(), video_request())

    assert response.video.size_bytes
    assert len(router.paid) == 1


def test_a_clip_that_is_gone_is_told_at_once(router, make_video, video_config, video_request):
    router.fail("router_content_410", times=None)
    with pytest.raises(JobExpiredError, match="no longer available") as caught:
        make_video(video_config(), video_request())

    assert caught.value.job.status == "completed"
    assert len([request for request in router.requests if request.path.endswith("/content")]) == 1


def test_a_clip_that_never_gets_ready_leaves_its_job(router, make_video, video_config, video_request):
    router.fail("router_content_409", times=None)
    with pytest.raises(DownloadError, match="is not ready yet") as caught:
        make_video(video_config(), video_request())

    assert caught.value.job is not None
    assert len(router.paid) == 1


def test_a_part_that_is_not_there_begins_anew(router, make_video, video_config, video_request):
    router.fail("content_cut_once")
    router.fail("content_416")
    response = make_video(video_config(), video_request())

    assert response.video.size_bytes


def test_a_clip_is_streamed_to_its_file(router, video_config, video_request, tmp_path):
    from tarash.tarash_gateway import submit_video

    job = submit_video(video_config(), video_request())
    response = resume_video(video_config(), job, save_to=tmp_path / "lake.mp4")

    assert response.video.path == tmp_path / "lake.mp4"
    assert response.video.data is None


def test_an_encoded_clip_is_not_unpacked(router, make_video, video_config, video_request):
    router.fail("content_gzip_bomb", times=None)
    with pytest.raises(DownloadError, match="encoded"):
        make_video(video_config(), video_request())
