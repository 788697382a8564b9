"""xAI: images and videos by Grok Imagine, over plain HTTP. No HTTP library is imported before the first request."""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.plugins import CORE_SETTINGS, HTTP_SETTINGS, ProviderSpec, hookimpl
from tarash_gateway_xai.rows import DEFAULT_IMAGE_MODEL, DEFAULT_VIDEO_MODEL, IMAGE_MODELS, VIDEO_MODELS

__all__ = [
    "DEFAULT_IMAGE_MODEL",
    "DEFAULT_VIDEO_MODEL",
    "IMAGE_MODELS",
    "VIDEO_MODELS",
    "tarash_provider_specs",
]


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Names xAI and what its models accept."""
    yield ProviderSpec(
        name="xai",
        api_version=1,
        factory="tarash_gateway_xai.provider:XaiProvider",
        title="xAI",
        image_models=IMAGE_MODELS,
        video_models=VIDEO_MODELS,
        default_image_model=DEFAULT_IMAGE_MODEL,
        default_video_model=DEFAULT_VIDEO_MODEL,
        key_variables=("XAI_API_KEY",),
        settings=HTTP_SETTINGS,
        plain_settings=CORE_SETTINGS,
    )
