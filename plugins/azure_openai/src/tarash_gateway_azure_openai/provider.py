"""The provider: OpenAI's protocol over one deployment of one resource."""

from __future__ import annotations

from tarash.tarash_gateway.models import GenerationConfig
from tarash_gateway_azure_openai.connection import connect
from tarash_gateway_openai import OpenAIProvider


class AzureOpenAIProvider(OpenAIProvider):
    """One deployment of one resource."""

    def __init__(self, config: GenerationConfig) -> None:
        connection, credentials = connect(config)
        super().__init__(config, connection, key_variable=credentials.source)
