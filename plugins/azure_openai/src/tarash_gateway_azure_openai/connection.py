"""The way to a resource: address, route and credentials of one config, read from it and from the environment."""

from __future__ import annotations

from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.models import GenerationConfig, ImageGenerationConfig
from tarash.tarash_gateway.plugins import read_variable
from tarash.tarash_gateway.plugins.http import Connection
from tarash_gateway_azure_openai.credentials import KEY_VARIABLE, Credentials, find_credentials
from tarash_gateway_azure_openai.endpoint import Endpoint, read_endpoint

ENDPOINT_VARIABLE = "AZURE_OPENAI_ENDPOINT"
VERSION_VARIABLE = "OPENAI_API_VERSION"


def connect(config: GenerationConfig) -> tuple[Connection, Credentials]:
    """Makes the connection of a config and says where its credentials are from. Nothing of OpenAI's goes into it.

    Raises:
        ConfigurationError: the address or the credentials are missing or unusable; the text says what to set.
    """
    try:
        endpoint, credentials = _found(config)
    except TarashError as error:
        error.provider, error.model = config.provider, config.model
        raise
    # Videos are on the v1 route only; images are on the deployments route where its dated version is asked for.
    deployments = isinstance(config, ImageGenerationConfig) and endpoint.dated
    connection = Connection.of(
        config,
        endpoint.deployment(config.model) if deployments else endpoint.v1,
        credentials.key,
        key_header="api-key" if credentials.auth == "api-key" else "Authorization",
        key_prefix="" if credentials.auth == "api-key" else "Bearer ",
        query=endpoint.deployment_query if deployments else endpoint.v1_query,
    )
    return connection, credentials


def _found(config: GenerationConfig) -> tuple[Endpoint, Credentials]:
    address = config.base_url or read_variable(ENDPOINT_VARIABLE) or ""
    credentials = find_credentials(config)
    missing = []
    if not address:
        missing.append(
            "no address: give base_url in the config, such as 'https://RESOURCE.openai.azure.com/', "
            f"or set {ENDPOINT_VARIABLE}"
        )
    if credentials is None:
        missing.append(
            "no key: give api_key in the config (a key, a token, or a function that gives tokens) or "
            f"provider_config={{'credential': DefaultAzureCredential()}}, or set {KEY_VARIABLE}"
        )
    if credentials is None or missing:
        msg = f"there is {'; and '.join(missing)}. To try things out without a key, use provider='sandbox'."
        raise ConfigurationError(msg)
    return read_endpoint(address, config.api_version, read_variable(VERSION_VARIABLE) or ""), credentials
