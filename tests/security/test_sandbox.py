"""What a web page, and a stranger on the same machine, try on a sandbox that listens on loopback."""

from __future__ import annotations

import json
import socket

import httpx2
import pytest

from tarash_gateway_sandbox import SandboxServer
from tarash_gateway_sandbox.jobs import Job, JobStore
from tarash_gateway_sandbox.memory import BoundedDict, History, LatestList
from tarash_gateway_sandbox.openai.videos import OpenAIJob

KEY = {"authorization": "Bearer k"}


@pytest.fixture
def server():
    with SandboxServer(quick=True, job_seconds=0) as server:
        yield server


@pytest.fixture
def client(server):
    with httpx2.Client(base_url=server.origin, headers=KEY, trust_env=False, timeout=60, verify=False) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:8765",
        "127.0.0.1.evil.test",
        "localhost.evil.test",
        "127.0.0.1@evil.test",
        "10.0.0.1",
        "[::2]:80",
        "[",
        "",
        "2130706433.test",
    ],
)
def test_a_rebound_page_reads_nothing(client, server, host):
    client.post("/v1/videos", json={"prompt": "a secret plan"})
    server._recorder.clear()

    answer = client.get("/v1/videos", headers={"host": host})
    assert answer.status_code == 421
    assert "secret plan" not in answer.text
    assert "does not answer to the name" in answer.json()["error"]["message"]
    assert "--allow-host NAME" in answer.json()["error"]["message"]
    assert server.requests == []


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.9.9.9:80", "[::1]:80", "box.localhost."]
)
def test_names_that_stay_on_the_machine_are_answered(client, host):
    assert client.get("/v1/videos", headers={"host": host}).status_code == 200


def test_a_rebound_page_gets_no_further_with_a_scripted_answer(client, server):
    server.fail("poll_500", times=None)
    assert client.get("/v1/videos/video_1", headers={"host": "evil.test"}).status_code == 421


def test_a_name_can_be_allowed():
    with SandboxServer(allowed_hosts=["Media.Test"]) as server:
        answer = httpx2.get(
            f"{server.url}/models", headers={**KEY, "host": "media.test"}, trust_env=False, timeout=60, verify=False
        )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1/images/generations", "/openai/v1/videos", "/api/v1/images", "/google/v1/interactions", "/nowhere"]
)
def test_no_body_is_read_without_a_key(server, path):
    """The head alone is answered: the client waits with its body, and never gets to send it."""
    host, port = server.origin.removeprefix("http://").split(":")
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: 500000000\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode())
        status = int(connection.recv(4096).split()[1])
    assert status in {401, 403, 404}
    assert [request.body for request in server.requests] == [b""]


def test_a_client_that_sends_a_large_body_without_a_key_sees_the_answer(server):
    answer = httpx2.post(
        f"{server.url}/videos", json={"prompt": "x" * 30_000_000}, trust_env=False, timeout=60, verify=False
    )
    assert answer.status_code == 401
    assert server.requests[-1].body == b""


def test_a_refused_request_leaves_the_connection_to_the_next_one(server):
    with httpx2.Client(base_url=server.origin, trust_env=False, timeout=60, verify=False) as client:
        before = server.connections
        assert client.post("/v1/videos", json={"prompt": "x"}).status_code == 401
        assert client.post("/v1/videos", json={"prompt": "x"}, headers=KEY).status_code == 200
        assert server.connections == before + 1
        assert client.post("/v1/videos", content=iter([b"x"])).status_code == 401
        assert client.post("/v1/videos", json={"prompt": "x"}, headers=KEY).status_code == 200
    assert [len(request.body) > 0 for request in server.requests] == [False, True, False, True]


def test_old_jobs_are_forgotten(monkeypatch):
    monkeypatch.setattr("tarash_gateway_sandbox.memory.MOST_BYTES", 1000)
    store = JobStore()
    wanted = {"model": "sora-2", "prompt": "x" * 300, "size": "720x1280", "seconds": 4, "duration": 1.0}
    jobs = [OpenAIJob(**wanted) for _ in range(10)]
    for job in jobs:
        store.add(job)
    assert store.listed() == jobs[-3:]
    assert store.get(jobs[0].id, Job) is None


def test_what_a_server_remembers_is_bounded(monkeypatch):
    monkeypatch.setattr("tarash_gateway_sandbox.memory.MOST_BYTES", 100)
    kept = BoundedDict(3)
    for number in range(10):
        kept.keep(number, number, 1)
    assert list(kept) == [7, 8, 9]
    kept.keep("large", 0, 99)
    assert list(kept) == [9, "large"]
    kept.keep("large", 1, 10)
    kept.pop("large")
    kept.keep("next", 1, 98)
    assert list(kept) == [9, "next"]
    kept.clear()
    kept.keep("after", 1, 100)
    assert list(kept) == ["after"]

    history = History(3, len)
    for text in ("a", "b", "c", "d", "e" * 99):
        history.add(text)
    assert history.snapshot() == ["d", "e" * 99]

    texts = LatestList()
    texts += [str(number) for number in range(2000)]
    texts.append("last")
    assert (len(texts), texts[0], texts[-1]) == (1000, "1001", "last")


def test_one_vendor_shows_and_deletes_no_job_of_another(client, server):
    router = client.post(
        "/api/v1/videos", json={"model": "google/veo-3.1", "prompt": "a secret plan", "duration": 4}
    ).json()
    mine = client.post("/v1/videos", json={"prompt": "mine"}).json()

    assert [job["id"] for job in client.get("/v1/videos").json()["data"]] == [mine["id"]]
    assert client.get("/v1/videos", params={"after": router["id"]}).status_code == 404
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/content"), ("POST", "/remix")):
        answer = client.request(
            method, f"/v1/videos/{router['id']}{path}", json={"prompt": "x"} if method == "POST" else None
        )
        assert answer.status_code == 404, (method, path)
        assert "secret plan" not in answer.text
    assert client.get(f"/api/v1/videos/{router['id']}").status_code == 200
    assert client.get(f"/api/v1/videos/{mine['id']}").status_code == 404
    assert json.dumps(client.get("/v1/videos").json()).count("secret plan") == 0


def test_no_job_of_another_face_is_a_job_of_openai():
    """The list and the deletion of OpenAI's face show and take no job of another vendor, also not of the next one."""
    from tarash_gateway_sandbox.fal import queue
    from tarash_gateway_sandbox.openrouter import videos as openrouter
    from tarash_gateway_sandbox.xai import videos as xai

    assert [module.__name__ for module in (queue, openrouter, xai)]  # loaded, so that their jobs are known
    kinds = set(Job.__subclasses__()) - {OpenAIJob}
    assert len(kinds) >= 3
    assert [kind for kind in kinds if kind.listed or issubclass(kind, OpenAIJob)] == []


def test_the_jobs_of_xai_are_not_openais(client, server):
    body = {"model": "grok-imagine-video", "prompt": "a secret plan", "duration": 4}
    name = client.post("/xai/v1/videos/generations", json=body).json()["request_id"]
    assert client.get("/v1/videos").json()["data"] == []
    assert client.delete(f"/v1/videos/{name}").status_code == 404
