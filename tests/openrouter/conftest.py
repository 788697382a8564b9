"""What the OpenRouter plugin's tests share: a sandbox that draws little, configs for its face, and requests."""

from __future__ import annotations

import logging

import pytest

from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash_gateway_sandbox import SandboxServer

KEY = "sk-or-of-the-tests-0123456789"
VEO = "google/veo-3.1-lite"


@pytest.fixture(autouse=True)
def _no_rows_of_this_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("TARASH_CACHE", str(tmp_path / "cache"))
    for name in ("OPENROUTER_API_KEY", "OPENROUTER_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def _router():
    with SandboxServer(job_seconds=0.1, stream_pause=0.01, slow_seconds=0.3, quick=True) as server:
        yield server


@pytest.fixture
def router(_router):
    """A sandbox without requests, faults and jobs; its pictures and clips are small."""
    _router.clear()
    _router.job_seconds = 0.1
    return _router


@pytest.fixture
def video_config(router):
    def config(model=VEO, **settings):
        fixed = {"provider": "openrouter", "api_key": KEY, "base_url": router.openrouter_url, "poll_interval": 0.02}
        return VideoGenerationConfig(model=model, **{**fixed, **settings})

    return config


@pytest.fixture
def image_config(router):
    def config(model="openai/gpt-image-2", **settings):
        fixed = {"provider": "openrouter", "api_key": KEY, "base_url": router.openrouter_url, **settings}
        return ImageGenerationConfig(model=model, **fixed)

    return config


@pytest.fixture
def video_request():
    def request(prompt="a lake at dawn", **fields):
        return VideoGenerationRequest(prompt=prompt, **fields)

    return request


@pytest.fixture
def image_request():
    def request(prompt="a cat on a wall", **fields):
        return ImageGenerationRequest(prompt=prompt, **fields)

    return request


@pytest.fixture
def posts(router):
    """The creating requests that arrived."""
    return lambda: [request for request in router.requests if request.method == "POST"]


@pytest.fixture
def log_lines(caplog):
    """Everything that anybody logged, as text."""
    caplog.set_level(logging.DEBUG)
    return lambda: "\n".join(f"{record.name} {record.getMessage()}" for record in caplog.records)
