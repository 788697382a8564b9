"""Where requests go, and with which key. Both are looked up when a call is made, and kept nowhere."""

from __future__ import annotations

import inspect
import os
from collections.abc import Awaitable, Callable

from pydantic import SecretStr
from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.models import GenerationConfig

from .rows import KEY_VARIABLE

HOME = "https://api.kiln.example/2"

KeySource = str | Callable[[], str | Awaitable[str]]
"""A key, or a function that gives one for each request."""


def find_endpoint(config: GenerationConfig) -> str:
    """The base URL of the config, or the vendor's own."""
    url = (config.base_url or HOME).rstrip("/")
    if not url.startswith(("https://", "http://")) or "?" in url:
        msg = f"base_url of {config.provider!r} must begin with https:// (or http://) and have no query"
        raise ConfigurationError(msg)
    return url


def find_key(config: GenerationConfig) -> KeySource:
    """The key of the config, or that of the environment."""
    if isinstance(config.api_key, SecretStr):
        return config.api_key.get_secret_value()
    if config.api_key is not None:
        return config.api_key
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        msg = f"there is no key for {config.provider!r}: give api_key in the config, or set {KEY_VARIABLE}"
        raise ConfigurationError(msg)
    return checked(key, KEY_VARIABLE)


async def key_of(source: KeySource) -> str:
    """The key for one request."""
    if isinstance(source, str):
        return source
    try:
        given = source()
        key = await given if inspect.isawaitable(given) else given
    except Exception as error:
        # Only its kind: what a vault says of itself may hold a secret.
        msg = f"the api_key function raised {type(error).__name__}; nothing was sent"
        raise ConfigurationError(msg) from error
    return checked(key, "what the api_key function gave")


def checked(key: object, name: str) -> str:
    """A key that a header can carry."""
    if not isinstance(key, str) or not key or not all("!" <= char <= "~" for char in key):
        msg = f"{name} is no key: it must be text without white space, as the vendor shows it"
        raise ConfigurationError(msg)
    return key
