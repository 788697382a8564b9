"""OpenRouter: video and images of many vendors behind one key, over plain HTTP.

The HTTP library is imported when the first request is sent. The shipped rows are a few well-known models; the vendor
publishes all of its own, which `refresh_models` fetches.
"""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.plugins import CORE_SETTINGS, HTTP_SETTINGS, ProviderSpec, hookimpl
from tarash_gateway_openrouter.endpoint import KEY_VARIABLE
from tarash_gateway_openrouter.static_rows import (
    DEFAULT_IMAGE_MODEL,
    DEFAULT_VIDEO_MODEL,
    IMAGE_MODELS,
    VIDEO_MODELS,
)

__all__ = [
    "DEFAULT_IMAGE_MODEL",
    "DEFAULT_VIDEO_MODEL",
    "IMAGE_MODELS",
    "VIDEO_MODELS",
    "tarash_provider_specs",
]


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Declares OpenRouter and what a few of its models accept."""
    yield ProviderSpec(
        name="openrouter",
        api_version=1,
        factory="tarash_gateway_openrouter.provider:OpenRouterProvider",
        title="OpenRouter",
        image_models=IMAGE_MODELS,
        video_models=VIDEO_MODELS,
        default_image_model=DEFAULT_IMAGE_MODEL,
        default_video_model=DEFAULT_VIDEO_MODEL,
        key_variables=(KEY_VARIABLE,),
        settings=(*HTTP_SETTINGS, "referer", "title"),
        plain_settings=(*CORE_SETTINGS, "referer", "title"),
        live_models=True,
    )
