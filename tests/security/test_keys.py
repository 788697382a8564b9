"""Keys: what a crash reporter prints (locals of all frames, the chain of causes) holds none, for any vendor and call."""

from __future__ import annotations

import asyncio

import pytest

from tarash.tarash_gateway import generate_image, generate_image_async, submit_video, submit_video_async
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash_gateway_sandbox import SandboxServer
from tarash_gateway_sandbox.replies import json_answer

KEY = "sk-proj-4f9d1b7c2e8a6053-of-nobody"

VENDORS = {
    "openai": ("url", "gpt-image-2", "sora-2"),
    "azure_openai": ("origin", "my-images", "my-videos"),
    "google": ("google_url", "gemini-nano-banana-2.1", "gemini-omni-1.2-flash"),
    "openrouter": ("openrouter_url", "openai/gpt-image-2", "google/veo-3.1-lite"),
    "xai": ("xai_url", "grok-imagine-image-2.0", "grok-imagine-video-1.5"),
    "fal": ("fal_url", "fal-ai/flux/dev", "fal-ai/kling-video/v2.6/pro/text-to-video"),
}


@pytest.fixture(scope="module")
def server():
    with SandboxServer(quick=True, job_seconds=0.02) as running:
        yield running


def chain_of(error):
    """The error, its causes and its contexts."""
    found = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def locals_of(error):
    """The locals of every frame that the error passed but those of this file."""
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename != __file__:
            yield from frame.tb_frame.f_locals.items()
        frame = frame.tb_next


def holds_key(value, depth=3):
    """Whether the repr of a value holds the key, or that of what it is made of."""
    if KEY in repr(value):
        return True
    if depth and hasattr(value, "__dict__") and type(value).__module__.startswith(("httpx2", "httpcore2", "openai")):
        return any(holds_key(part, depth - 1) for part in vars(value).values())
    return False


@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning")
@pytest.mark.parametrize("flavour", ["sync", "async"])
@pytest.mark.parametrize("kind", ["image", "edit", "video"])
@pytest.mark.parametrize("provider", VENDORS)
@pytest.mark.parametrize("status", [401, 500])
def test_no_local_and_no_cause_holds_the_key(server, png, provider, kind, flavour, status):
    place, image_model, video_model = VENDORS[provider]
    fixed = {
        "provider": provider,
        "api_key": KEY,
        "base_url": getattr(server, place),
        "max_retries": 0,
        "timeout": 60.0,
    }
    server.clear()
    server.play(json_answer({"error": {"message": "refused"}}, status=status), times=None)
    if kind == "video":
        config, request = VideoGenerationConfig(model=video_model, **fixed), VideoGenerationRequest(prompt="a pier")
        calls = (submit_video, submit_video_async)
    else:
        images = [{"image": png}] if kind == "edit" else []
        config = ImageGenerationConfig(model=image_model, **fixed)
        request = ImageGenerationRequest(prompt="a pier", image_list=images)
        calls = (generate_image, generate_image_async)
    with pytest.raises(TarashError) as caught:
        calls[0](config, request) if flavour == "sync" else asyncio.run(calls[1](config, request))
    for error in chain_of(caught.value):
        assert KEY not in f"{error}{error!r}{vars(error)!r}"
        assert [name for name, value in locals_of(error) if holds_key(value)] == []
