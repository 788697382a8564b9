"""What these tests share: a ledger in a temporary folder, and configs for the sandbox."""

from __future__ import annotations

import json

import pytest

import tarash_gateway_ledger
from tarash.tarash_gateway import register_plugin
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

KEY = "sk-of-the-tests-0123456789"


@pytest.fixture(autouse=True)
def _only_the_ledger(monkeypatch):
    from tarash.tarash_gateway.plugins import observers

    monkeypatch.setattr(observers, "_installed", ())
    with register_plugin(tarash_gateway_ledger):
        yield


@pytest.fixture
def path(tmp_path, monkeypatch):
    """The file that the environment names."""
    path = tmp_path / "spent.jsonl"
    monkeypatch.setenv(tarash_gateway_ledger.VARIABLE, str(path))
    return path


@pytest.fixture
def lines(path):
    """Reads the ledger."""
    return lambda: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def image_config(tarash_sandbox):
    def config(model="dall-e-2", **settings):
        fixed = {"provider": "openai", "api_key": KEY, "base_url": tarash_sandbox.url, **settings}
        return ImageGenerationConfig(model=model, **fixed)

    return config


@pytest.fixture
def video_config(tarash_sandbox):
    def config(model="sora-2", **settings):
        fixed = {"provider": "openai", "api_key": KEY, "base_url": tarash_sandbox.url, "poll_interval": 0.02}
        return VideoGenerationConfig(model=model, **{**fixed, **settings})

    return config


@pytest.fixture
def image_request():
    def request(prompt="a lighthouse at dusk", **fields):
        return ImageGenerationRequest(prompt=prompt, **{"size": "256x256", **fields})

    return request


@pytest.fixture
def video_request():
    def request(prompt="a lake at dawn", **fields):
        return VideoGenerationRequest(prompt=prompt, **fields)

    return request
