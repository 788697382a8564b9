"""Azure OpenAI: images and videos of a resource's deployments, through the OpenAI plugin.

The address is read in every spelling it comes in; a key, a token, or a credential of azure-identity goes into the
header that belongs to it. The SDK is imported when the first request is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.plugins import CORE_SETTINGS, HTTP_SETTINGS, Provider, ProviderSpec, hookimpl, lazy_names
from tarash_gateway_azure_openai.credentials import KEY_VARIABLE
from tarash_gateway_azure_openai.rows import IMAGE_MODELS, VIDEO_MODELS
from tarash_gateway_openai import DEFAULT_VIDEO_MODEL

if TYPE_CHECKING:
    from tarash_gateway_azure_openai.provider import AzureOpenAIProvider

__all__ = ["IMAGE_MODELS", "VIDEO_MODELS", "AzureOpenAIProvider", "tarash_create_provider", "tarash_provider_specs"]


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Declares Azure OpenAI. A deployment without `base_model` is converted, and never refused by a row."""
    yield ProviderSpec(
        name="azure_openai",
        api_version=1,
        title="Azure OpenAI",
        image_models=IMAGE_MODELS,
        video_models=VIDEO_MODELS,
        default_video_model=DEFAULT_VIDEO_MODEL,
        model_prefix="openai/",
        key_variables=(KEY_VARIABLE,),
        settings=(*HTTP_SETTINGS, "credential", "scope"),
        plain_settings=(*CORE_SETTINGS, "scope"),
    )


@hookimpl
def tarash_create_provider(config: GenerationConfig) -> Provider:
    """Returns a provider for one deployment, over the route that has what is asked for."""
    from tarash_gateway_azure_openai.provider import AzureOpenAIProvider  # noqa: PLC0415 # not for rows alone

    return AzureOpenAIProvider(config)


# What sends requests lives apart: who only looks at rows does not load it.
__getattr__, __dir__ = lazy_names(__name__, {"provider": "AzureOpenAIProvider"}, __all__)
