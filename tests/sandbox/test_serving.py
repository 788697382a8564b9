"""A server in the foreground, one that tells of its requests, and a quick one."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import threading

import av
import httpx2
import pytest
from PIL import Image

from tarash_gateway_sandbox import SandboxServer, serve

IMAGE = {"prompt": "a cat", "model": "gpt-image-2"}
VIDEO = {"prompt": "a lake", "model": "sora-2"}
IMAGES, VIDEOS = "/v1/images/generations", "/v1/videos"


# A server in the foreground.


def test_every_request_is_told_with_its_status():
    reported = []
    with SandboxServer(
        quick=True, on_request=lambda request, status: reported.append((request.path, status))
    ) as server:
        headers = {"authorization": "Bearer k"}
        with httpx2.Client(base_url=server.url, headers=headers, trust_env=False, timeout=60, verify=False) as client:
            client.get("/models")
            for fault in ("slow_drip", "length_too_long", "poll_500", "dropped"):
                with contextlib.suppress(httpx2.RemoteProtocolError):
                    client.post("/images/generations", json=IMAGE, headers={"x-sandbox-fault": fault})

    assert reported == [("/v1/models", 200), *[("/v1/images/generations", status) for status in (200, 200, 200, 0)]]


def test_a_listener_that_breaks_harms_no_client(caplog):
    with SandboxServer(on_request=lambda request: None) as server:
        answer = httpx2.get(
            f"{server.url}/models", headers={"authorization": "Bearer k"}, trust_env=False, timeout=60, verify=False
        )

    assert answer.status_code == 200
    assert "on_request failed" in caplog.text


def test_a_server_runs_in_the_foreground_until_it_is_ended():
    until, received = threading.Event(), []

    def look(server):
        answer = httpx2.get(
            f"{server.url}/models", headers={"authorization": "Bearer k"}, trust_env=False, timeout=60, verify=False
        )
        received.append((answer.status_code, server.origin))
        until.set()

    serve(on_start=look, until=until, port=0, faults=["gone"])

    assert received[0][0] == 410
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(received[0][1], trust_env=False, timeout=60, verify=False)


# A quick one.


def test_a_quick_server_makes_videos_of_one_colour_with_the_size_and_length_asked_for(client):
    videos = []
    for prompt in ("a lake", "a hill"):
        wanted = VIDEO | {"prompt": prompt, "seconds": "12", "size": "1280x720"}
        job = client.post(VIDEOS, json=wanted).json()["id"]
        videos.append(client.get(f"{VIDEOS}/{job}/content").content)
        poster = Image.open(io.BytesIO(client.get(f"{VIDEOS}/{job}/content?variant=thumbnail").content))
        assert (poster.format, poster.size) == ("WEBP", (640, 360))

    assert videos[0] != videos[1]
    for content in videos:
        with av.open(io.BytesIO(content)) as container:
            frames = [frame.to_image() for frame in container.decode(video=0)]
            assert container.duration == 12 * av.time_base
        assert {frame.size for frame in frames} == {(1280, 720)}
        assert all(least == most for least, most in frames[-1].getextrema())


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "gif", "svg"])
def test_a_quick_server_makes_images_of_one_colour_with_the_size_and_format_asked_for(client, form):
    body = {"model": "gpt-image-2.5-sunburst", "prompt": "a lake", "size": "1536x1024", "output_format": form}
    count = 1 if form == "svg" else 3
    data = client.post("/v1/images/generations", json=body | {"n": count}).json()["data"]

    contents = [base64.b64decode(item["b64_json"]) for item in data]

    assert len(set(contents)) == count
    if form == "svg":
        assert b'width="1536" height="1024"' in contents[0]
        return
    for content in contents:
        image = Image.open(io.BytesIO(content))
        assert (image.format, image.size, getattr(image, "n_frames", 1)) == (
            form.upper(),
            (1536, 1024),
            9 if form == "gif" else 1,
        )
        assert all(least == most for least, most in image.convert("RGB").getextrema())


@pytest.mark.parametrize("form", ["png", "webp"])
def test_a_quick_server_makes_images_with_transparent_corners(client, form):
    body = {"model": "gpt-image-1", "prompt": "a lake", "output_format": form, "background": "transparent"}
    data = client.post("/v1/images/generations", json=body).json()["data"]

    image = Image.open(io.BytesIO(base64.b64decode(data[0]["b64_json"]))).convert("RGBA")

    assert (image.getpixel((0, 0))[3], image.getpixel((512, 512))[3]) == (0, 255)


def test_the_partial_images_of_a_quick_server_differ_from_the_finished_one(client):
    body = {"model": "gpt-image-1", "prompt": "a lake", "stream": True, "partial_images": 3}
    events = client.post("/v1/images/generations", json=body).text.split("data: ")[1:]

    assert len({json.loads(event.split("\n")[0])["b64_json"] for event in events}) == 4


@pytest.mark.parametrize(("value", "quick"), [("1", True), ("0", False), ("", False)])
def test_a_variable_of_the_environment_makes_servers_quick(monkeypatch, value, quick):
    monkeypatch.setenv("TARASH_SANDBOX_QUICK", value)

    assert SandboxServer().quick is quick
    assert SandboxServer(quick=False).quick is False
