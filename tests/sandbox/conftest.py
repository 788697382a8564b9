"""What the sandbox's tests share: a client of the official SDK, a plain HTTP client, and pictures to send."""

from __future__ import annotations

import io
import time

import httpx2
import openai
import pytest
from PIL import Image


@pytest.fixture
def sdk(tarash_sandbox):
    with openai.OpenAI(api_key=tarash_sandbox.api_key, base_url=tarash_sandbox.url, max_retries=0) as client:
        yield client


@pytest.fixture
def http(tarash_sandbox):
    headers = {"authorization": f"Bearer {tarash_sandbox.api_key}"}
    with httpx2.Client(base_url=tarash_sandbox.origin, headers=headers, trust_env=False) as client:
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
        until = time.monotonic() + 10
        while job["status"] != "completed":
            assert time.monotonic() < until
            time.sleep(0.02)
            job = http.get(f"/v1/videos/{job['id']}").json()
        return job

    return wait
