"""fal: images and videos of many vendors, each by a job in one queue. No HTTP library is imported before a request.

A dozen well-known models are known without asking; `refresh_models` fetches the schemas of the platform.
"""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.plugins import CORE_SETTINGS, HTTP_SETTINGS, ProviderSpec, hookimpl
from tarash_gateway_fal.rows import DEFAULT_IMAGE_MODEL, DEFAULT_VIDEO_MODEL, static_rows

__all__ = ["tarash_provider_specs"]


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Names fal and what a few of its models accept."""
    images, videos = static_rows()
    yield ProviderSpec(
        name="fal",
        api_version=1,
        factory="tarash_gateway_fal.provider:FalProvider",
        title="fal",
        image_models=images,
        video_models=videos,
        default_image_model=DEFAULT_IMAGE_MODEL,
        default_video_model=DEFAULT_VIDEO_MODEL,
        key_variables=("FAL_KEY",),
        settings=(*HTTP_SETTINGS, "platform_url"),
        plain_settings=(*CORE_SETTINGS, "platform_url"),
        live_models=True,
    )
