"""The provider `google-vertex`: Vertex AI, with a project and a location."""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.plugins import CORE_SETTINGS, HTTP_SETTINGS, ProviderSpec, hookimpl
from tarash_gateway_google.image_rows import DEFAULT_VERTEX_IMAGE_MODEL
from tarash_gateway_google.video_rows import DEFAULT_VERTEX_VIDEO_MODEL, VERTEX_VIDEO_MODELS

__all__ = ["tarash_provider_specs"]


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Declares Vertex AI. Its image models were not checked: they have no rows, and work by their names."""
    yield ProviderSpec(
        name="google-vertex",
        api_version=1,
        factory="tarash_gateway_google.vertex:VertexProvider",
        title="Google Vertex AI",
        video_models=VERTEX_VIDEO_MODELS,
        default_image_model=DEFAULT_VERTEX_IMAGE_MODEL,
        default_video_model=DEFAULT_VERTEX_VIDEO_MODEL,
        model_prefix="google/",
        settings=(*HTTP_SETTINGS, "credential", "location", "project"),
        plain_settings=(*CORE_SETTINGS, "location", "project"),
    )
