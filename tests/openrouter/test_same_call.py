"""The same call, six vendors: one request object, and what becomes of it at each that is installed."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway import list_providers
from tarash.tarash_gateway.errors import ContentPolicyError, UnconfirmedGenerationError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

KEY = "sk-of-the-same-call-0123456789"

VENDORS = {
    "openai": ("url", "sora-2", "gpt-image-2", "/v1/videos", "/v1/images/generations"),
    "azure_openai": ("origin", "my-videos", "my-pictures", "/openai/v1/videos", "/openai/v1/images/generations"),
    "google": ("google_url", "gemini-omni-1.1-flash", "gemini-nano-banana-2.1", "*/interactions", "*:generateContent"),
    "openrouter": ("openrouter_url", "google/veo-3.1-lite", "openai/gpt-image-2", "/api/v1/videos", "/api/v1/images"),
    "xai": (
        "xai_url",
        "grok-imagine-video-1.5",
        "grok-imagine-image-2.0",
        "*/videos/generations",
        "*/images/generations",
    ),
    "fal": ("fal_url", "fal-ai/veo3.1", "fal-ai/flux-2-pro", "*/fal-ai/veo3.1", "*/fal-ai/flux-2-pro"),
}
"""Provider to where the sandbox plays it, its models, and where its creating requests go."""

INSTALLED = [name for name in VENDORS if name in list_providers()]

VIDEO = VideoGenerationRequest(prompt="a mountain lake at golden hour", duration_seconds=8, aspect_ratio="16:9")
IMAGE = ImageGenerationRequest(prompt="a city at night", aspect_ratio="16:9")
FULL = VideoGenerationRequest(
    prompt="a mountain lake at golden hour",
    duration_seconds=8,
    aspect_ratio="16:9",
    resolution="720p",
    seed=7,
    negative_prompt="fog",
    generate_audio=True,
)


@pytest.fixture
def config(router):
    def made(provider, kind=VideoGenerationConfig, **settings):
        where, video, image, *_ = VENDORS[provider]
        model = video if kind is VideoGenerationConfig else image
        fixed = {"provider": provider, "model": model, "api_key": KEY, "base_url": getattr(router, where)}
        return kind(**{**fixed, "poll_interval": 0.02, "timeout": 30.0, "max_retries": 0, **settings})

    return made


@pytest.mark.parametrize("provider", INSTALLED)
def test_one_video_request_runs_at_every_vendor(router, make_video, config, provider):
    response = make_video(config(provider), VIDEO)

    assert response.video.content_type == "video/mp4"
    assert response.provider == provider
    assert response.job.request["prompt"] == VIDEO.prompt
    assert [paid.prompt for paid in router.paid] == [VIDEO.prompt]


@pytest.mark.parametrize("provider", INSTALLED)
def test_one_image_request_runs_at_every_vendor(router, make_image, config, provider):
    base_model = {"base_model": "gpt-image-2"} if provider == "azure_openai" else {}
    response = make_image(config(provider, ImageGenerationConfig, **base_model), IMAGE)

    assert response.images[0].width
    assert len(router.paid) == 1


@pytest.mark.parametrize("provider", INSTALLED)
def test_what_a_vendor_does_not_have_is_told_and_never_refused(router, make_video, config, provider):
    base_model = {"base_model": "sora-2"} if provider == "azure_openai" else {}
    response = make_video(config(provider, **base_model), FULL)

    reported = {warning.partition(":")[0] for warning in response.warnings}
    fields = {"resolution", "seed", "negative_prompt", "generate_audio"}
    sent = {name for name in fields if response.request.get(name) is not None}
    # What is neither sent nor told is what the model does anyway.
    assert fields - reported - sent <= {"generate_audio"}
    assert not reported & sent


CHAINS = [(first, second) for first in INSTALLED for second in INSTALLED if first != second]


@pytest.mark.parametrize(("first", "second"), CHAINS, ids=[f"{first} then {second}" for first, second in CHAINS])
def test_a_refusal_moves_on_to_another_vendor(router, make_video, config, first, second):
    router.fail("unavailable", path=VENDORS[first][3], method="POST", times=None)
    response = make_video(config(first, fallback_configs=[config(second)]), VIDEO)

    assert [attempt.outcome for attempt in response.attempts] == ["failed", "succeeded"]
    assert response.provider == second
    assert len(router.paid) == 1


@pytest.mark.parametrize(("first", "second"), CHAINS, ids=[f"{first} then {second}" for first, second in CHAINS])
def test_what_may_have_been_paid_is_not_paid_again_elsewhere(router, make_video, config, first, second):
    router.fail("dropped_after_creation", path=VENDORS[first][3], method="POST", times=1)
    try:
        response = make_video(config(first, fallback_configs=[config(second)]), VIDEO)
    except UnconfirmedGenerationError:
        pass  # the vendor has no list to look into
    else:
        assert response.provider == first  # found in the vendor's list

    assert len(router.paid) == 1


def test_a_refusal_of_moderation_goes_to_nobody_else(router, make_video, config):
    router.fail("router_moderation", times=None)
    with pytest.raises(ContentPolicyError):
        make_video(config("openrouter", fallback_configs=[config("openai")]), VIDEO)

    assert router.paid == []
    assert len(router.requests) == 1


def test_a_config_that_cannot_take_the_request_is_skipped(router, make_video, config):
    model = "x-ai/grok-imagine-video-1.5-lite"
    chain = [config("openrouter", model="google/veo-3.1"), config("openrouter", model=model)]
    request = VIDEO.model_copy(update={"duration_seconds": 12.0})
    response = make_video(config("openai", fallback_configs=chain, model="sora-9"), request)

    assert [attempt.outcome for attempt in response.attempts] == ["failed", "skipped", "succeeded"]
    assert response.job.model == model
