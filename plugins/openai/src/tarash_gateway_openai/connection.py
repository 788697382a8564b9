"""Where requests go and with which credentials: everything is said explicitly, so that the SDK reads no environment."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.plugins import read_variable
from tarash.tarash_gateway.plugins.http import Connection, KeySource

OPENAI_URL = "https://api.openai.com/v1"
KEY_VARIABLE = "OPENAI_API_KEY"

_HEADERS = {
    "organization": ("OpenAI-Organization", "OPENAI_ORG_ID"),
    "project": ("OpenAI-Project", "OPENAI_PROJECT_ID"),
}
"""Entries of `provider_config` that go out as headers, and the environment's variables for them."""


def from_config(config: GenerationConfig) -> Connection:
    """Makes the connection of a config for OpenAI or a compatible server; reads the environment now.

    Raises:
        ConfigurationError: there is no key, or the base URL is none.
    """
    base_url = config.base_url or read_variable("OPENAI_BASE_URL") or OPENAI_URL
    version = (("api-version", config.api_version),) if config.api_version else ()
    if version:
        base_url = _without_version(base_url)
    # The organisation and project of the environment are OpenAI's; no other server learns them.
    home = is_home(base_url)
    headers = [
        (header, value)
        for name, (header, variable) in _HEADERS.items()
        if (value := _header(config, name) or (read_variable(variable) if home else None))
    ]
    return Connection.of(config, base_url, KeySource.of(config, KEY_VARIABLE), headers=tuple(headers), query=version)


def is_home(base_url: str) -> bool:
    """Whether an address is OpenAI's own."""
    try:
        return urlsplit(base_url).hostname == urlsplit(OPENAI_URL).hostname
    except ValueError:  # half of an IPv6 address
        return False


def is_version(parameter: str) -> bool:
    """Whether a parameter of a query names the version of the API."""
    return parameter.partition("=")[0].lower() == "api-version"


def _without_version(base_url: str) -> str:
    """Returns the address without a version, where the config names one."""
    plain, mark, query = base_url.partition("#")[0].partition("?")
    return plain + mark + "&".join(part for part in query.split("&") if not is_version(part))


def _header(config: GenerationConfig, name: str) -> str | None:
    value = config.provider_config.get(name)
    if value is None or (isinstance(value, str) and re.fullmatch(r"[!-~]{0,256}", value)):
        return value
    msg = f"provider_config[{name!r}] must be the {name}'s id as plain text, up to 256 letters, digits and signs"
    raise ConfigurationError(msg, provider=config.provider, model=config.model)
