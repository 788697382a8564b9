"""A server in the foreground, one that tells of its requests, and a quick one."""

from __future__ import annotations

import contextlib
import io
import threading

import av
import httpx2
import pytest

from tarash_gateway_sandbox import SandboxServer, serve

IMAGE = {"prompt": "a cat", "model": "gpt-image-2"}
VIDEO = {"prompt": "a lake", "model": "sora-2"}
IMAGES, VIDEOS = "/v1/images/generations", "/v1/videos"


# A server in the foreground.


def test_every_request_is_told_with_its_status():
    told = []
    with SandboxServer(quick=True, on_request=lambda request, status: told.append((request.path, status))) as server:
        headers = {"authorization": "Bearer k"}
        with httpx2.Client(base_url=server.url, headers=headers, trust_env=False) as client:
            client.get("/models")
            for fault in ("slow_drip", "length_too_long", "poll_500", "dropped"):
                with contextlib.suppress(httpx2.RemoteProtocolError):
                    client.post("/images/generations", json=IMAGE, headers={"x-sandbox-fault": fault})

    assert told == [("/v1/models", 200), *[("/v1/images/generations", status) for status in (200, 200, 200, 0)]]


def test_a_listener_that_breaks_harms_no_client(caplog):
    with SandboxServer(on_request=lambda request: None) as server:
        answer = httpx2.get(f"{server.url}/models", headers={"authorization": "Bearer k"}, trust_env=False)

    assert answer.status_code == 200
    assert "on_request failed" in caplog.text


def test_a_server_runs_in_the_foreground_until_it_is_ended():
    until, seen = threading.Event(), []

    def look(server):
        answer = httpx2.get(f"{server.url}/models", headers={"authorization": "Bearer k"}, trust_env=False)
        seen.append((answer.status_code, server.origin))
        until.set()

    serve(on_start=look, until=until, port=0, faults=["gone"])

    assert seen[0][0] == 410
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(seen[0][1], trust_env=False)


# A quick one.


def test_a_quick_server_makes_the_same_small_clip_for_every_job(client):
    clips = []
    for prompt in ("a lake", "a hill"):
        job = client.post(VIDEOS, json=VIDEO | {"prompt": prompt, "seconds": "12"}).json()["id"]
        clips.append(client.get(f"{VIDEOS}/{job}/content").content)

    assert clips[0] == clips[1]
    with av.open(io.BytesIO(clips[0])) as container:
        assert len(list(container.decode(video=0))) == 12
