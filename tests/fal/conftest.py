"""What the tests of the fal plugin share: where its face of the sandbox is, and its models."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

KEY = "11111111-2222-3333-4444-555555555555:0123456789abcdef"


@pytest.fixture
def face():
    """What `image_config` and `video_config` fill in."""
    return SimpleNamespace(
        provider="fal",
        api_key=KEY,
        url="fal_url",
        image_model="fal-ai/flux/dev",
        video_model="fal-ai/kling-video/v2.6/pro/text-to-video",
    )
