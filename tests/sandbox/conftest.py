"""What the sandbox's tests share: a client of the official SDK, a plain HTTP client, and pictures to send.

Clients say `verify=False`: nothing is encrypted on loopback, and to load the certificates of a machine takes 40 ms.
"""

from __future__ import annotations

import io
import time

import httpx2
import openai
import pytest
from PIL import Image

from tarash_gateway_sandbox import SandboxServer


@pytest.fixture
def drawings(monkeypatch):
    """Servers draw, for a test that looks at what they draw."""
    monkeypatch.delenv("TARASH_SANDBOX_QUICK")


@pytest.fixture
def sdk(tarash_sandbox):
    with openai.OpenAI(
        api_key=tarash_sandbox.api_key,
        base_url=tarash_sandbox.url,
        max_retries=0,
        http_client=httpx2.Client(verify=False),
    ) as client:
        yield client


@pytest.fixture
def http(tarash_sandbox):
    headers = {"authorization": f"Bearer {tarash_sandbox.api_key}"}
    with httpx2.Client(
        base_url=tarash_sandbox.origin, headers=headers, trust_env=False, timeout=60, verify=False
    ) as client:
        yield client


@pytest.fixture
def picture():
    def encoded(width=64, height=64, form="PNG", colour=(200, 40, 90)):
        out = io.BytesIO()
        Image.new("RGB", (width, height), colour).save(out, form)
        return out.getvalue()

    return encoded


@pytest.fixture
def finished(http):
    """Creates a video job, by JSON, and waits for it."""

    def wait(path="/v1/videos", **body):
        answer = http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        job = answer.json()
        until = time.monotonic() + 60
        while job["status"] != "completed":
            assert time.monotonic() < until
            time.sleep(0.02)
            job = http.get(f"/v1/videos/{job['id']}").json()
        return job

    return wait


@pytest.fixture(scope="session")
def _quick_server():
    deployments = {"clips": "sora-2"}
    with SandboxServer(quick=True, job_seconds=0, slow_seconds=0.05, stream_pause=0, deployments=deployments) as server:
        yield server


@pytest.fixture
def server(_quick_server):
    """A server whose jobs take no time, with images and videos of one colour, as new."""
    _quick_server.clear()
    _quick_server.job_seconds, _quick_server.slow_seconds = 0, 0.05
    return _quick_server


@pytest.fixture
def client(server):
    headers = {"authorization": "Bearer k"}
    with httpx2.Client(base_url=server.origin, headers=headers, trust_env=False, timeout=60, verify=False) as client:
        yield client


@pytest.fixture
def statuses(client):
    """The statuses of some requests, one after the other."""

    def sent(count, path="/v1/videos", body=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        method = "POST" if body else "GET"
        return [client.request(method, path, json=body, headers=named).status_code for _ in range(count)]

    return sent
