"""OpenAI, and every server that speaks its protocol: images and videos through the official SDK.

What other plugins may build on: `OpenAIProvider` bound to a `Connection`, and the rows `IMAGE_MODELS` and
`VIDEO_MODELS`. The SDK is imported when the first request is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.plugins import CORE_SETTINGS, HTTP_SETTINGS, Provider, ProviderSpec, hookimpl, lazy_names
from tarash_gateway_openai.image_rows import IMAGE_MODELS
from tarash_gateway_openai.video_rows import DEFAULT_VIDEO_MODEL, VIDEO_MODELS

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins.http import Connection
    from tarash_gateway_openai.provider import OpenAIProvider

__all__ = [
    "DEFAULT_VIDEO_MODEL",
    "IMAGE_MODELS",
    "VIDEO_MODELS",
    "Connection",
    "OpenAIProvider",
    "spec",
    "tarash_create_provider",
    "tarash_provider_specs",
]


def spec(
    name: str = "openai", title: str = "OpenAI", key_variables: tuple[str, ...] = ("OPENAI_API_KEY",)
) -> ProviderSpec:
    """Returns the spec of a provider that speaks this protocol with these models, under its own name."""
    return ProviderSpec(
        name=name,
        api_version=1,
        title=title,
        image_models=IMAGE_MODELS,
        video_models=VIDEO_MODELS,
        default_video_model=DEFAULT_VIDEO_MODEL,
        model_prefix="openai/",
        key_variables=key_variables,
        settings=(*HTTP_SETTINGS, "organization", "project"),
        plain_settings=(*CORE_SETTINGS, "organization", "project"),
    )


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Declares OpenAI and what its models accept."""
    yield spec()


@hookimpl
def tarash_create_provider(config: GenerationConfig) -> Provider:
    """Returns a provider for OpenAI's service, or for the server at `config.base_url`."""
    from tarash_gateway_openai.provider import OpenAIProvider  # noqa: PLC0415 # not for rows alone

    return OpenAIProvider(config)


# What sends requests lives apart: who only looks at rows does not load it.
__getattr__, __dir__ = lazy_names(__name__, {"provider": "Connection OpenAIProvider"}, __all__)
