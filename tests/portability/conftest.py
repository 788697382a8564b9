"""One server with the faces of all vendors, and configs for each."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash_gateway_sandbox import SandboxServer

KEY = "sk-of-the-tests-0123456789"
AZURE_MODELS = ("gpt-image-2", "gpt-image-1.5", "gpt-image-1-mini", "gpt-image-1", "dall-e-3", "dall-e-2", "sora-2")


@pytest.fixture(autouse=True)
def _no_rows_of_this_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("TARASH_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def all_faces():
    deployments = {name: name for name in AZURE_MODELS}
    with SandboxServer(quick=True, job_seconds=0.02, stream_pause=0, deployments=deployments) as server:
        yield server


@pytest.fixture
def faces(all_faces):
    all_faces.clear()
    return all_faces


@pytest.fixture
def config_for(faces):
    """Makes a config for any provider whose requests go to the sandbox."""

    def config_for(kind, provider, model, **settings):
        urls = {
            "openai": faces.url,
            "azure_openai": faces.origin,
            "google": faces.google_url,
            "google-vertex": faces.google_url,
            "openrouter": faces.openrouter_url,
            "xai": faces.xai_url,
            "fal": faces.fal_url,
        }
        known = {"api_key": KEY, "base_url": urls[provider], "timeout": 30.0, **settings}
        if provider == "google-vertex":
            known["provider_config"] = {"project": "my-project", "location": "us-central1"}
        if kind == "image":
            return ImageGenerationConfig(provider=provider, model=model, poll_interval=0.02, **known)
        return VideoGenerationConfig(provider=provider, model=model, poll_interval=0.02, **known)

    return config_for
