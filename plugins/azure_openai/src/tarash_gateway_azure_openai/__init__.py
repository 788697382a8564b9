"""Azure OpenAI: the provider is known by name; making one says that this version does not have it yet."""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.errors import UnsupportedOperationError
from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.plugins import Provider, ProviderSpec, hookimpl
from tarash_gateway_openai import DEFAULT_VIDEO_MODEL

NAME = "azure_openai"


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Azure OpenAI. Deployment names are arbitrary, so a request is only converted, never refused by a row."""
    yield ProviderSpec(
        name=NAME,
        api_version=1,
        title="Azure OpenAI",
        default_video_model=DEFAULT_VIDEO_MODEL,
        key_variables=("AZURE_OPENAI_API_KEY",),
    )


@hookimpl
def tarash_create_provider(config: GenerationConfig) -> Provider:
    """Refuses, and says what works today."""
    msg = "azure_openai is not in this version. A v1 endpoint works with provider='openai' and base_url='https://RESOURCE.openai.azure.com/openai/v1'."
    raise UnsupportedOperationError(msg, provider=config.provider, model=config.model)
