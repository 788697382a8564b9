"""The server itself: keys, records, connections, scripted answers, life and death."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import httpx2
import openai
import pytest

from tarash_gateway_sandbox.replies import Answer, RawBytes
from tarash_gateway_sandbox.server import SandboxServer


def test_any_key_is_let_in_and_none_is_not(tarash_sandbox):
    with httpx2.Client(base_url=tarash_sandbox.url, trust_env=False, timeout=60, verify=False) as client:
        assert client.get("/models", headers={"authorization": "Bearer anything"}).status_code == 200
        for headers in ({}, {"authorization": "Basic eA=="}, {"api-key": "k"}):
            assert client.get("/models", headers=headers).status_code == 401


def test_an_invalid_key_is_refused_and_masked(tarash_sandbox):
    client = openai.OpenAI(
        api_key="sk-invalid-1234567890abcd",
        base_url=tarash_sandbox.url,
        max_retries=0,
        http_client=httpx2.Client(verify=False),
    )

    with client, pytest.raises(openai.AuthenticationError) as caught:
        client.models.list()
    assert caught.value.code == "invalid_api_key"
    assert "sk-inval*************abcd" in str(caught.value)
    assert "1234567890" not in str(caught.value)


def test_every_answer_has_a_request_id(http):
    ids = {http.get(path).headers["x-request-id"] for path in ("/v1/models", "/v1/nothing", "/car.jpg")}

    assert len(ids) == 3


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1", "/", "/v2/images/generations", "/openai/images"])
def test_an_unknown_path_is_not_found_in_the_vendors_words(http, path):
    answer = http.post(path, json={})

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_known_path_with_another_method_says_so(http):
    assert http.put("/v1/videos", json={}).status_code == 405


def test_models_are_listed(sdk):
    assert {"dall-e-3", "gpt-image-1.5", "sora-2-pro"} <= {model.id for model in sdk.models.list()}
    assert sdk.models.retrieve("sora-2").owned_by == "openai"


def test_requests_are_recorded_as_they_arrived(http, tarash_sandbox):
    http.post("/v1/images/generations?a=1&b=", json={"prompt": "a cat", "size": "1x1"})

    received = tarash_sandbox.requests[0]
    assert (received.method, received.path, received.query) == ("POST", "/v1/images/generations", {"a": "1", "b": ""})
    assert received.json == {"prompt": "a cat", "size": "1x1"}
    assert received.headers["authorization"] == "Bearer sk-sandbox"
    assert "sk-sandbox" not in repr(received)
    tarash_sandbox.clear()
    assert tarash_sandbox.requests == []


def test_connections_are_counted_not_requests(tarash_sandbox):
    before = tarash_sandbox.connections
    with httpx2.Client(
        base_url=tarash_sandbox.url, headers={"authorization": "Bearer k"}, trust_env=False, timeout=60
    ) as client:
        for _ in range(20):
            client.get("/models")
    assert tarash_sandbox.connections == before + 1


def test_a_scripted_answer_is_played_once_and_only_where_it_fits(http, tarash_sandbox):
    tarash_sandbox.play(Answer(429, {"retry-after": "2"}, b"{}"), method="get", path="/v1/videos/*")

    assert http.get("/v1/videos").status_code == 200
    answer = http.get("/v1/videos/video_1")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert answer.headers["x-request-id"]
    assert http.get("/v1/videos/video_1").status_code == 404


def test_scripted_answers_are_played_in_order_and_forgotten_by_clear(http, tarash_sandbox):
    tarash_sandbox.play(Answer(500), times=2)
    tarash_sandbox.play(Answer(503, body=b"<html>", content_type="text/html"), times=None)

    assert [http.get("/v1/models").status_code for _ in range(5)] == [500, 500, 503, 503, 503]
    tarash_sandbox.clear()
    assert http.get("/v1/models").status_code == 200


def test_a_reply_can_leave_http_behind(http, tarash_sandbox):
    tarash_sandbox.play(RawBytes())
    with pytest.raises(httpx2.RemoteProtocolError):
        http.get("/v1/models")

    tarash_sandbox.play(RawBytes(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"))
    with pytest.raises(httpx2.RemoteProtocolError):
        http.get("/v1/models")
    assert http.get("/v1/models").status_code == 200


def test_what_is_not_http_is_refused(tarash_sandbox):
    host, port = tarash_sandbox.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"hello\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")


def test_a_server_starts_and_closes_as_often_as_one_likes():
    server = SandboxServer()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url
    assert server.start() is server
    assert server.start().url == server.url == f"{server.origin}/v1"
    origin = server.origin
    server.close()
    server.close()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(origin, trust_env=False, timeout=60, verify=False)
    with server:
        assert httpx2.get(f"{server.origin}/car.jpg", trust_env=False, timeout=60, verify=False).status_code == 200


def test_a_taken_port_is_an_error_of_start(tarash_sandbox):
    port = int(tarash_sandbox.origin.rpartition(":")[2])

    with pytest.raises(OSError, match="address already in use"):
        SandboxServer(port=port).start()


def test_closing_does_not_wait_for_open_connections(http):
    with SandboxServer() as server:
        client = httpx2.Client(trust_env=False, timeout=60, verify=False)
        client.get(f"{server.origin}/car.jpg")
        before = time.monotonic()
    assert time.monotonic() - before < 2
    client.close()


@pytest.mark.parametrize("module", ["tarash_gateway_sandbox", "tarash_gateway_sandbox.server"])
def test_importing_the_sandbox_loads_no_imaging_and_no_http_library(module):
    heavy = ("PIL", "av", "h11", "openai", "httpx2")
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
