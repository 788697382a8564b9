"""Keys, and addresses that may carry one: what a key may look like, and what is never shown."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import SecretStr

from tarash.tarash_gateway.errors import ConfigurationError

LONGEST_KEY = 32_768
"""Characters; a token with many claims has some thousands."""

ApiKey = str | SecretStr | Callable[[], str | Awaitable[str]]


def usable_key(value: Any) -> Any:
    """Wraps a plain key as a secret; a key that no HTTP header can carry is told here, not as a connection error."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str):
        if value is None or callable(value):
            return value
        msg = "must be text, or a function that gives it"
        raise ValueError(msg)
    text = str.__str__(text)  # a subclass may show itself otherwise
    if not text.strip():
        msg = "api_key is empty. Leave it out to read the provider's environment variable, or give a key."
        raise ConfigurationError(msg)
    check_key(text)
    return SecretStr(text)


def check_key(text: str, name: str = "api_key") -> None:
    """Tells of a key that no HTTP header can carry, before a connection error does.

    Args:
        text: the key; it is not shown.
        name: where it is from, for the text.

    Raises:
        ConfigurationError: saying what is wrong with it and where.
    """
    if len(text) > LONGEST_KEY:
        msg = f"{name} has {len(text):,} characters; no server takes a key of more than {LONGEST_KEY:,}. Is it a key?"
        raise ConfigurationError(msg)
    at = next((i for i, char in enumerate(text) if not "!" <= char <= "~"), None)
    if at is not None:
        msg = (
            f"{name} holds {_kind(text[at])} at position {at + 1} of {len(text)}, which no HTTP header can carry. "
            "Copy it again, without quotes."
        )
        raise ConfigurationError(msg)


def _kind(char: str) -> str:
    if char in "\r\n":
        return "a line break"
    if char.isspace():
        return "white space"
    return "a control character" if char.isascii() else "a character outside ASCII"


def without_password(url: str | None) -> str | None:
    """The address, which carries no password: one would be in every dump and every log of it.

    Raises:
        ConfigurationError: it does.
    """
    plain = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*:/*", "", url or "").partition("?")[0].partition("#")[0]
    authority = plain.partition("/")[0]
    # A password with a slash in it ends the authority before the @: what is left looks like a port that is no number.
    if "@" in authority or ("@" in plain and not re.search(r"^[^:]*(:\d*)?$|\](:\d*)?$", authority)):
        host = plain.rpartition("@")[2].partition("/")[0]
        msg = f"base_url of {host} carries a user name or a password; give the key as api_key"
        raise ConfigurationError(msg)
    return url


def shown_url(url: str) -> str:
    """An address without what may be a gateway's key in its query; the version of an API is none."""
    plain, mark, rest = url.partition("?")
    query, hash_mark, fragment = rest.partition("#")
    shown = "&".join(part for part in query.split("&") if _is_version(part))
    return f"{plain}{mark if shown else ''}{shown}{hash_mark}{fragment}"


def _is_version(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.lower() == "api-version" and re.fullmatch(r"[\w.-]{0,32}", value, re.ASCII) is not None
