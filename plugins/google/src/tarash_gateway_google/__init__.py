"""Google: Omni videos and Nano Banana images by the Gemini API, and the same with Veo by Vertex AI.

Plain HTTP, without Google's SDK: nothing is sent twice, and the key stays at its origin. The HTTP library is imported
when the first request is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tarash.tarash_gateway.plugins import CORE_SETTINGS, HTTP_SETTINGS, ProviderSpec, hookimpl, lazy_names
from tarash_gateway_google.credentials import KEY_VARIABLES
from tarash_gateway_google.image_rows import DEFAULT_IMAGE_MODEL, IMAGE_MODELS
from tarash_gateway_google.video_rows import DEFAULT_VIDEO_MODEL, VIDEO_MODELS

if TYPE_CHECKING:
    from tarash_gateway_google.provider import GoogleProvider

__all__ = ["IMAGE_MODELS", "VIDEO_MODELS", "GoogleProvider", "tarash_provider_specs"]


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Declares the Gemini API and what its models accept."""
    yield ProviderSpec(
        name="google",
        api_version=1,
        factory="tarash_gateway_google.provider:GoogleProvider",
        title="Google Gemini API",
        image_models=IMAGE_MODELS,
        video_models=VIDEO_MODELS,
        default_image_model=DEFAULT_IMAGE_MODEL,
        default_video_model=DEFAULT_VIDEO_MODEL,
        model_prefix="google/",
        key_variables=KEY_VARIABLES,
        settings=HTTP_SETTINGS,
        plain_settings=CORE_SETTINGS,
    )


# What sends requests lives apart: who only looks at rows does not load it.
__getattr__, __dir__ = lazy_names(__name__, {"provider": "GoogleProvider"}, __all__)
