"""What the Azure plugin's tests share: configs for the sandbox's Azure routes, and both flavours of each call."""

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
from tarash_gateway_openai import clients
from tarash_gateway_sandbox import Answer

KEY = "azure-key-of-the-tests-0123456789"


@pytest.fixture(autouse=True)
def _no_client_is_left():
    yield
    clients.close_clients()


@pytest.fixture
def image_config(tarash_sandbox):
    def config(model="my-pictures", **settings):
        fixed = {"provider": "azure_openai", "api_key": KEY, "base_url": tarash_sandbox.origin, **settings}
        return ImageGenerationConfig(model=model, **fixed)

    return config


@pytest.fixture
def video_config(tarash_sandbox):
    def config(model="my-sora-deployment", **settings):
        fixed = {"provider": "azure_openai", "api_key": KEY, "base_url": tarash_sandbox.origin, "poll_interval": 0.02}
        return VideoGenerationConfig(model=model, **{**fixed, **settings})

    return config


@pytest.fixture
def image_request():
    def request(prompt="a cat", **fields):
        return ImageGenerationRequest(prompt=prompt, **{"size": "1024x1024", **fields})

    return request


@pytest.fixture
def video_request():
    def request(prompt="a lake", **fields):
        return VideoGenerationRequest(prompt=prompt, **{"duration_seconds": 4, "aspect_ratio": "16:9", **fields})

    return request


@pytest.fixture
def answering():
    """Makes an answer out of what its JSON is to be."""

    def answer(body, status=200, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(status, named, json.dumps(body).encode())

    return answer


@pytest.fixture
def item(picture):
    """One good picture of an answer."""
    return {"b64_json": base64.b64encode(picture()).decode()}


@pytest.fixture
def drawing_nothing(tarash_sandbox, answering, item):
    """The sandbox, which gives one small picture to all."""
    tarash_sandbox.play(answering({"created": 1, "data": [item]}), path="*/images/*", times=None)
    return tarash_sandbox


@pytest.fixture
def posts(tarash_sandbox):
    """The creating requests that arrived."""
    return lambda: [request for request in tarash_sandbox.requests if request.method == "POST"]
