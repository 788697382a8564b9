"""What the tests of the xAI plugin share: where its face of the sandbox is, and its models."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

KEY = "xai-of-the-tests-0123456789abcdef"


@pytest.fixture
def face():
    """What `image_config` and `video_config` fill in."""
    return SimpleNamespace(
        provider="xai",
        api_key=KEY,
        url="xai_url",
        image_model="grok-imagine-image-2.0",
        video_model="grok-imagine-video-1.5",
    )
