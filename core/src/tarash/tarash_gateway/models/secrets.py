"""Keys and addresses that may carry one: what a key may look like, what is never shown, what a pickle leaves out."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from pydantic import SecretStr

from tarash.tarash_gateway.errors import ConfigurationError, PluginError

LONGEST_KEY = 32_768
"""Characters; a token with many claims has some thousands."""

ApiKey = str | SecretStr | Callable[[], str | Awaitable[str]]


def usable_key(value: Any) -> Any:
    """Wraps a plain key as a secret, and refuses one that no HTTP header can carry, before a connection fails."""
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
    """Refuses a key that no HTTP header can carry, before a connection fails.

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
    """Returns the address if it carries no password: one would be in every dump and every log of it.

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
    """Returns an address without its query, which may hold a gateway's key; the API's version stays."""
    plain, mark, rest = url.partition("?")
    query, hash_mark, fragment = rest.partition("#")
    shown = "&".join(part for part in query.split("&") if _is_version(part))
    return f"{plain}{mark if shown else ''}{shown}{hash_mark}{fragment}"


def _is_version(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.lower() == "api-version" and re.fullmatch(r"[\w.-]{0,32}", value, re.ASCII) is not None


_CREDENTIAL: Final = (
    r"(^|[_\-.])(api_?key|keys?|tokens?|secrets?|passwords?|passphrase|credentials?|auth|authorization|headers?|cookies?"
    r"|pwd|passwd|pass|pin|sig|signature|sas|jwt|bearer|session|cert|certificate|dsn|(connection_?)?string"
    r"|ur[il]s?|endpoint|proxy)$"
)
"""Names of entries that are taken for credentials, or for addresses that may hold one, whatever they hold."""

_DEEPEST: Final = 20
"""Dictionaries in dictionaries; what is deeper is left behind."""

_SHORTEST: Final = 8
"""Characters of a key that is looked for in the environment; many a variable holds a shorter word."""

_ROUNDS: Final = 20_000
"""Of the key derivation: a key that a person made up must not be guessed from its digest in a pickle."""

_SALT: Final = secrets.token_hex(16)
"""Of this process."""


def without_secrets(provider_config: dict[str, Any], provider: str) -> dict[str, Any]:
    """Returns the entries of `provider_config` that are JSON and no credentials.

    What the provider's plugin declares to hold no secret travels, and nothing else; where it declares nothing, the
    names decide.
    """
    plain = _plain_settings(provider) if provider_config else None
    return {
        name: value
        for name, value in provider_config.items()
        if (not _has_secret({name: value}) if plain is None else name in plain) and _is_json(value)
    }


def _plain_settings(provider: str) -> frozenset[str] | None:
    """Returns the names that a plugin declares to hold no secret; None where it declares nothing or is broken."""
    # By its name: models know no plugins, and a config without settings loads none.
    registry = import_module("tarash.tarash_gateway.plugins._registry").registry
    try:
        declared: tuple[str, ...] | None = registry.spec(provider).plain_settings
    except PluginError:
        return None
    return None if declared is None else frozenset(declared)


def variable_of(key: Any) -> str | None:
    """Finds the environment variable that holds this very key: a pickle has its name instead of the key."""
    if not isinstance(key, SecretStr) or len(text := key.get_secret_value()) < _SHORTEST:
        return None
    return next((name for name, value in sorted(os.environ.items()) if value.strip() == text), None)


def digest_of(key: SecretStr) -> str:
    """Computes a salted digest of a key, with which another process checks that its variable holds the same one."""
    return f"{_SALT}${_derived(key.get_secret_value(), _SALT)}"


def key_in(variable: str | None, digest: str | None) -> str | None:
    """Returns the key that an environment variable holds if the digest is of it; else None."""
    text = os.environ.get(variable or "", "").strip()
    if not text or not digest:
        return None
    salt, _, wanted = digest.partition("$")
    return text if hmac.compare_digest(_derived(text, salt), wanted) else None


# A config is pickled for each of thousands of rows: derived once for each key.
@lru_cache(maxsize=64)
def _derived(text: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", text.encode(), salt.encode(), _ROUNDS).hex()


def key_missing(provider: str, variable: str | None, base_url: str | None, usual: Iterable[str]) -> str | None:
    """Returns the message about a key that a pickle left out; None where the environment has one for it.

    Args:
        provider: the provider's name.
        variable: the variable that held the key where the config was pickled; None where none did.
        base_url: the address that the key goes to; the usual key must not go to another one than the vendor's.
        usual: the provider's usual variables.
    """
    usual = tuple(usual)
    names = (variable,) if variable is not None else usual
    here = any(os.environ.get(name, "").strip() for name in names)
    # The usual key of this machine goes to the vendor's own address. To another one goes the very key alone.
    safe = base_url is None and (variable is None or variable in usual)
    if not names or (safe and here):
        return None
    way = f"Set {' or '.join(names)} on this machine"
    if variable is not None and here:
        way = f"{variable} holds another value on this machine, which is not sent. Set it to the same key"
    if variable is None and base_url is not None:
        way = "Put it into a variable of its own on both machines and give api_key=os.environ[…]"
    return (
        f"api_key of {provider!r} was given by hand and did not travel: no key is ever in a pickle. "
        f"{way}, or make the config here."
    )


def _has_secret(value: Any, depth: int = 0) -> bool:
    if depth > _DEEPEST:
        return True
    if isinstance(value, dict):
        return any(_is_secret(name, item) or _has_secret(item, depth + 1) for name, item in value.items())
    return isinstance(value, (list, tuple)) and any(_has_secret(item, depth + 1) for item in value)


def _is_secret(name: Any, value: Any) -> bool:
    # A number is none: `max_tokens`.
    return isinstance(value, (str, dict, list)) and re.search(_CREDENTIAL, str(name), re.IGNORECASE) is not None


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
