"""What the Google plugin's tests share: a sandbox that draws little, and configs for its face of Google."""

from __future__ import annotations

import asyncio
import io
import os

import pytest
from PIL import Image

from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash_gateway_sandbox import SandboxServer

KEY = "AIza-of-the-tests-0123456789"
TOKEN = "ya29.of-the-tests-0123456789"
PROMPT = "a lighthouse that nobody else has seen"


@pytest.fixture(autouse=True)
def _no_google_of_this_machine(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("GOOGLE_", "GEMINI_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_waits_long(retry_policy):
    retry_policy(first_delay=0.01)


@pytest.fixture(scope="module")
def running():
    with SandboxServer(quick=True, job_seconds=0.05, stream_pause=0) as server:
        yield server


@pytest.fixture
def server(running):
    running.clear()
    running.job_seconds = 0.05
    return running


@pytest.fixture
def video_config(server):
    def config(model="gemini-omni-1.1-flash", **settings):
        fixed = {"provider": "google", "api_key": KEY, "base_url": server.google_url, "poll_interval": 0.02}
        return VideoGenerationConfig(model=model, **{"timeout": 20.0, **fixed, **settings})

    return config


@pytest.fixture
def image_config(server):
    def config(model="gemini-nano-banana-2.1", **settings):
        fixed = {"provider": "google", "api_key": KEY, "base_url": server.google_url}
        return ImageGenerationConfig(model=model, **{"timeout": 20.0, **fixed, **settings})

    return config


@pytest.fixture
def vertex_config(server):
    def config(model="veo-3.1-generate-001", **settings):
        fixed = {
            "provider": "google-vertex",
            "api_key": TOKEN,
            "base_url": server.google_url,
            "poll_interval": 0.02,
            "provider_config": {"project": "my-project", "location": "us-central1"},
        }
        kind = settings.pop("kind", VideoGenerationConfig)
        if kind is ImageGenerationConfig:
            del fixed["poll_interval"]
        return kind(model=model, **{"timeout": 20.0, **fixed, **settings})

    return config


@pytest.fixture
def video_request():
    def request(prompt=PROMPT, **fields):
        return VideoGenerationRequest(prompt=prompt, **fields)

    return request


@pytest.fixture
def image_request():
    def request(prompt=PROMPT, **fields):
        return ImageGenerationRequest(prompt=prompt, **fields)

    return request


@pytest.fixture
def posts(server):
    """The requests that create something: uploads and looks are not among them."""

    def creating():
        ends = ("/interactions", ":generateContent", ":streamGenerateContent", ":predictLongRunning")
        return [request for request in server.requests if request.method == "POST" and request.path.endswith(ends)]

    return creating


@pytest.fixture(scope="session")
def big_picture():
    """A picture that is too big to go out with every look at a job."""
    out = io.BytesIO()
    Image.frombytes("RGB", (400, 300), os.urandom(400 * 300 * 3)).save(out, "PNG")
    return out.getvalue()


def flavours(sync, asynchronous):
    return pytest.mark.parametrize(
        "call", [sync, lambda *args, **options: asyncio.run(asynchronous(*args, **options))], ids=["sync", "async"]
    )
