"""Kiln for Tarash Gateway: what the plugin offers. It is pure data: listing models loads nothing more."""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.plugins import HTTP_SETTINGS, ProviderSpec, hookimpl

from .rows import KEY_VARIABLE, VIDEO_MODELS


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Reads no file and no environment variable, and opens no connection."""
    yield ProviderSpec(
        name="kiln",
        api_version=1,
        title="Kiln",
        factory="tarash_gateway_kiln.provider:KilnProvider",
        video_models=VIDEO_MODELS,
        key_variables=(KEY_VARIABLE,),
        settings=HTTP_SETTINGS,
    )
