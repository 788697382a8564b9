"""The download of a video: the key stays at its origin, the bytes go through in pieces, and nothing is made anew."""

from __future__ import annotations

import hashlib
import json
import struct
import tracemalloc

import pytest

from tarash.tarash_gateway import generate_video
from tarash.tarash_gateway.errors import DownloadError, JobExpiredError, UnsafeUrlError
from tarash_gateway_sandbox import Answer

OMNI = "gemini-omni-1.1-flash"
MEANT = {"allow_private_urls": True}


def test_the_vendors_own_address_is_asked_for_at_the_address_of_the_config(
    make_video, server, video_config, video_request
):
    # The answer names generativelanguage.googleapis.com, where no test may go.
    make_video(video_config(), video_request())

    assert server.requests[-1].path.startswith("/google/v1beta/files/")
    assert server.requests[-1].path.endswith(":download")


@pytest.mark.parametrize("fault", ["elsewhere", "foreign_uri"])
def test_another_origin_is_asked_without_the_key(make_video, server, video_config, video_request, fault):
    response = make_video(video_config(f"{OMNI}@{fault}", provider_config=MEANT), video_request())

    assert response.video.content_type == "video/mp4"
    assert len(server.google.fetched) == 1
    assert server.google.leaks == []


@pytest.mark.parametrize("way", ["redirect", "uri"])
@pytest.mark.parametrize("host", ["127.0.0.3", "169.254.169.254", "[::ffff:127.0.0.3]"])
def test_another_origin_must_be_a_public_one(make_video, server, video_config, video_request, way, host):
    address = f"http://{host}:{server.origin.rpartition(':')[2]}/clip.mp4?signature=hush"
    if way == "redirect":
        server.play(Answer(302, {"location": address}), method="GET", path="*:download", times=None)
    else:
        part = {"type": "video", "mime_type": "video/mp4", "uri": address}
        done = {"id": "x", "status": "completed", "steps": [{"type": "model_output", "content": [part]}]}
        server.play(Answer(200, {}, json.dumps(done).encode()), method="GET", path="*/interactions/*", times=None)
    with pytest.raises(UnsafeUrlError, match="which is not a public address; nothing was fetched from it") as caught:
        make_video(video_config(), video_request())

    assert server.google.fetched == []
    assert caught.value.job is not None
    assert caught.value.billable == "yes"
    assert "hush" not in str(caught.value)


def test_an_address_of_another_origin_is_not_kept_in_the_job(server, video_config, video_request):
    response = generate_video(video_config(f"{OMNI}@foreign_uri", provider_config=MEANT), video_request())

    assert response.job.provider_data == {}


def test_a_video_inside_the_answer_needs_no_further_request(make_video, server, video_config, video_request):
    make_video(video_config(f"{OMNI}@inline_video"), video_request())

    assert not any(":download" in request.path for request in server.requests)


@pytest.mark.parametrize("fault", ["dropped", "reset"])
def test_a_download_that_breaks_off_is_tried_again(make_video, server, video_config, video_request, posts, fault):
    server.fail(fault, method="GET", path="*:download")

    make_video(video_config(), video_request())

    assert len(posts()) == 1
    assert len([request for request in server.requests if ":download" in request.path]) == 2


def test_a_download_that_is_cut_goes_on_where_it_was(make_video, server, video_config, video_request):
    server.fail("dropped_half_way", method="GET", path="*:download")

    response = make_video(video_config(), video_request())

    assert "range" in server.requests[-1].headers
    assert response.video.content[4:8] == b"ftyp"


def test_a_clip_that_is_gone_is_told_with_its_job(make_video, server, video_config, video_request):
    with pytest.raises(JobExpiredError) as caught:
        make_video(
            video_config(),
            video_request(),
            on_progress=lambda update: server.google.videos.clear() if update.status == "downloading" else None,
        )

    assert caught.value.job is not None


class Endless:
    """A clip of so many bytes, made while it is sent: a whole MP4 whose last box is filler."""

    status = 200

    def __init__(self, clip, size):
        self._clip, self._size = clip, size

    async def send(self, wire, headers):
        await wire.begin(
            200, {"content-type": "video/mp4", "content-length": str(len(self._clip) + self._size), **headers}
        )
        await wire.piece(self._clip)
        await wire.piece(struct.pack(">I4s", self._size, b"free"))
        piece, left = bytes(256 * 1024), self._size - 8
        while left:
            await wire.piece(piece[: min(left, len(piece))])
            left -= min(left, len(piece))
        await wire.end()


@pytest.mark.slow
def test_200_megabytes_go_through_in_pieces(make_video, server, video_config, video_request, tmp_path):
    clip = generate_video(video_config(), video_request()).video.content
    server.play(Endless(clip, 200 * 1024 * 1024), method="GET", path="*:download")
    tracemalloc.start()
    try:
        response = make_video(video_config(), video_request(), save_to=tmp_path / "clip.mp4")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert response.video.size_bytes == len(clip) + 200 * 1024 * 1024
    assert most < 20 * 1024 * 1024, f"{most:,} bytes"
    with (tmp_path / "clip.mp4").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == response.video.sha256


def test_a_result_in_a_bucket_is_told():
    from tarash_gateway_google.interactions import Video
    from tarash_gateway_google.urls import Urls
    from tarash_gateway_google.videos import content_request

    with pytest.raises(DownloadError, match=r"\(gs\): look for it in the storage itself"):
        content_request(Video("gs://bucket/clip.mp4"), Urls("https://x.example", "v1"))
