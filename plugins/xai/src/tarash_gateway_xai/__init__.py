"""xAI: images and videos by Grok Imagine, over plain HTTP. No HTTP library is imported before the first request."""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.plugins import HTTP_SETTINGS, Provider, ProviderSpec, hookimpl
from tarash_gateway_xai.rows import DEFAULT_IMAGE_MODEL, DEFAULT_VIDEO_MODEL, IMAGE_MODELS, VIDEO_MODELS

__all__ = [
    "DEFAULT_IMAGE_MODEL",
    "DEFAULT_VIDEO_MODEL",
    "IMAGE_MODELS",
    "VIDEO_MODELS",
    "tarash_create_provider",
    "tarash_provider_specs",
]


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Names xAI and what its models accept."""
    yield ProviderSpec(
        name="xai",
        api_version=1,
        title="xAI",
        image_models=IMAGE_MODELS,
        video_models=VIDEO_MODELS,
        default_image_model=DEFAULT_IMAGE_MODEL,
        default_video_model=DEFAULT_VIDEO_MODEL,
        key_variables=("XAI_API_KEY",),
        settings=HTTP_SETTINGS,
    )


@hookimpl
def tarash_create_provider(config: GenerationConfig) -> Provider:
    """Makes a provider for xAI, or for the server at `config.base_url` in its place."""
    from tarash_gateway_xai.provider import XaiProvider  # noqa: PLC0415 # not for rows alone

    return XaiProvider(config)
