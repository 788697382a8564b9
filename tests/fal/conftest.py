"""What the tests of the fal plugin share: a sandbox that draws little, configs for its face, and requests."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash_gateway_sandbox import SandboxServer

KEY = "11111111-2222-3333-4444-555555555555:0123456789abcdef"


@pytest.fixture(scope="session")
def _vendor():
    with SandboxServer(job_seconds=0.1, slow_seconds=0.3, quick=True) as server:
        yield server


@pytest.fixture
def vendor(_vendor):
    """A sandbox without requests, faults and jobs; its images and videos are small."""
    _vendor.clear()
    _vendor.job_seconds = 0.1
    return _vendor


@pytest.fixture
def image_config(vendor):
    def config(model="fal-ai/flux/dev", **settings):
        return ImageGenerationConfig(
            **{"provider": "fal", "api_key": KEY, "base_url": vendor.fal_url, **settings}, model=model
        )

    return config


@pytest.fixture
def video_config(vendor):
    def config(model="fal-ai/kling-video/v2.6/pro/text-to-video", **settings):
        fixed = {"provider": "fal", "api_key": KEY, "base_url": vendor.fal_url, "poll_interval": 0.02}
        return VideoGenerationConfig(**{**fixed, **settings}, model=model)

    return config


@pytest.fixture
def posts(vendor):
    """The creating requests that arrived."""
    return lambda: [request for request in vendor.requests if request.method == "POST"]
