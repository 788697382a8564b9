"""What the OpenAI plugin's tests share: configs for the sandbox, both flavours of each call, and pictures to send."""

from __future__ import annotations

import base64
import json

import pytest

from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash_gateway_sandbox import Answer

KEY = "sk-of-the-tests-0123456789"


@pytest.fixture
def image_config(tarash_sandbox):
    def config(model="dall-e-2", **settings):
        fixed = {"provider": "openai", "api_key": KEY, "base_url": tarash_sandbox.url, **settings}
        return ImageGenerationConfig(model=model, **fixed)

    return config


@pytest.fixture
def video_config(tarash_sandbox):
    def config(model="openai/sora-2", **settings):
        fixed = {"provider": "openai", "api_key": KEY, "base_url": tarash_sandbox.url, "poll_interval": 0.02}
        return VideoGenerationConfig(model=model, **{**fixed, **settings})

    return config


@pytest.fixture
def image_request():
    """A small picture, since most tests are not about what is in it."""

    def request(prompt="a cat", **fields):
        return ImageGenerationRequest(prompt=prompt, **{"size": "256x256", **fields})

    return request


@pytest.fixture
def video_request():
    def request(prompt="a lake", **fields):
        return VideoGenerationRequest(prompt=prompt, **fields)

    return request


@pytest.fixture
def answering():
    """Makes an answer out of what its body is to be: JSON, text or bytes."""

    def answer(body, status=200, content_type="application/json", **headers):
        content = (
            body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(status, named, content, content_type)

    return answer


@pytest.fixture
def one_picture(answering, picture):
    """A small good answer, for tests that need no drawing."""
    return answering({"created": 1, "data": [{"b64_json": base64.b64encode(picture()).decode()}]})


@pytest.fixture
def posts(tarash_sandbox):
    """The creating requests that arrived."""
    return lambda: [request for request in tarash_sandbox.requests if request.method == "POST"]
