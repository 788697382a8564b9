"""Kiln for Tarash Gateway: what the plugin offers, and what makes its provider.

Importing this loads no HTTP library: whoever lists the models of all plugins should not wait for one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tarash.tarash_gateway.plugins import ProviderSpec, hookimpl

from .rows import KEY_VARIABLE, VIDEO_MODELS

if TYPE_CHECKING:
    from tarash.tarash_gateway.models import GenerationConfig
    from tarash.tarash_gateway.plugins import Provider


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Pure data: it reads no file and no environment variable, and opens no connection."""
    yield ProviderSpec(
        name="kiln",
        api_version=1,
        title="Kiln",
        video_models=VIDEO_MODELS,
        key_variables=(KEY_VARIABLE,),
    )


@hookimpl
def tarash_create_provider(config: GenerationConfig) -> Provider:
    """Called once for each call of the gateway's functions; it sends nothing."""
    # Imported here: it needs more than a list of rows does.
    from .provider import KilnProvider

    return KilnProvider(config)
