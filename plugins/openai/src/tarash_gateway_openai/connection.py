"""Where requests go and with which credentials: everything is said explicitly, so that the SDK reads no environment."""

from __future__ import annotations

import asyncio
import inspect
import re
import threading
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl, urlsplit
from weakref import WeakValueDictionary

from pydantic import SecretStr

from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.models.credentials import check_key, shown_url
from tarash.tarash_gateway.plugins import read_variable, run_blocking

OPENAI_URL = "https://api.openai.com/v1"

KeySource = str | Callable[[], str | Awaitable[str]]

PIECE = 8
"""Characters of a header or of a parameter from which it may be a key."""

KEY_SECONDS = 30.0
"""Seconds that an async function may take to give a key."""

TOKENS = 4
"""Tokens of one function that are remembered: each lives for about an hour, a few of them are enough to mask."""


class _Tokens(list[str]):
    """What a function gave lately: shared by all connections with that function, as their client is."""


_tokens: WeakValueDictionary[Hashable, _Tokens] = WeakValueDictionary()
_tokens_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to one server. Two equal connections share a client."""

    base_url: str
    key: KeySource = field(repr=False)
    """The key, or a function that gives one for each request."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Goes into the query of every request. Neither is shown: a gateway's key may be in them."""

    organization: str | None = None
    project: str | None = None
    auth: Literal["bearer", "api-key"] = "bearer"
    """Where the key goes: `Authorization: Bearer KEY`, or `api-key: KEY` and no `Authorization`."""

    key_id: Hashable | None = field(default=None, repr=False)
    """What makes two key functions the same, where each config's is a new object; None is the function itself."""

    _given: _Tokens = field(default_factory=_Tokens, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.key, str):
            check_key(self.key, "the key")
        else:
            with _tokens_lock:
                object.__setattr__(self, "_given", _tokens.setdefault(self.key_identity(), self._given))

    def key_identity(self) -> Hashable:
        """What stands for the key's function: it is unique as long as a connection holds the function."""
        return id(self.key) if self.key_id is None else self.key_id

    def secrets(self) -> tuple[str, ...]:
        """The keys that may stand in a vendor's text: ours, and a gateway's in a header or in the query."""
        keys = (self.key,) if isinstance(self.key, str) else tuple(self._given)
        others = (value for _, value in (*self.headers, *self.hidden_query()))
        return (*keys, *(value for value in others if len(value) > PIECE))

    def hidden_query(self) -> tuple[tuple[str, str], ...]:
        """The parameters that may be a gateway's key."""
        return tuple(pair for pair in self.query if not is_version(pair[0]))

    def current_key(self) -> str:
        """The key for the next request, for a blocking caller."""
        if isinstance(self.key, str):
            return self.key
        with _callers_function():
            given = self.key()
            value = run_blocking(_in_time(given)) if inspect.isawaitable(given) else given
        return self._remember(value)

    async def current_key_async(self) -> str:
        """The key for the next request."""
        if isinstance(self.key, str):
            return self.key
        with _callers_function():
            given = self.key()
            value = await _in_time(given) if inspect.isawaitable(given) else given
        return self._remember(value)

    def _remember(self, value: object) -> str:
        if not isinstance(value, str) or not value:
            gave = "nothing" if value is None or isinstance(value, str) else f"a {type(value).__name__}"
            msg = f"the api_key function gave {gave}; it must give a key as text"
            raise ConfigurationError(msg)
        check_key(value, "what the api_key function gave")
        if value not in self._given:
            self._given[:] = [*self._given[-(TOKENS - 1) :], value]
        return value


async def _in_time(key: Awaitable[object]) -> object:
    async with asyncio.timeout(KEY_SECONDS):
        return await key


@contextmanager
def _callers_function() -> Iterator[None]:
    """What the caller's function raises is told as what it is: no key, and nothing sent."""
    try:
        yield
    except TarashError:
        raise
    except Exception as error:
        # Only its kind: what a vault says of itself may hold a credential. The exception itself is the cause.
        msg = f"the api_key function raised {type(error).__name__}; nothing was sent."
        raise ConfigurationError(msg) from error


def from_config(config: GenerationConfig) -> Connection:
    """The connection of a config for OpenAI or a compatible server; reads the environment now.

    Raises:
        ConfigurationError: there is no key, or the base URL is none.
    """
    address, _, query = (config.base_url or read_variable("OPENAI_BASE_URL") or OPENAI_URL).partition("?")
    base_url = checked_url(address)
    parameters = parse_qsl(query.partition("#")[0], keep_blank_values=True)
    if config.api_version:
        parameters = [pair for pair in parameters if not is_version(pair[0])]
        parameters.append(("api-version", config.api_version))
    # The organisation and project of the environment are OpenAI's; no other server learns them.
    home = urlsplit(base_url).hostname == urlsplit(OPENAI_URL).hostname
    return Connection(
        base_url=base_url,
        key=key_of(config, "OPENAI_API_KEY"),
        query=tuple(parameters),
        organization=_header(config, "organization") or (read_variable("OPENAI_ORG_ID") if home else None),
        project=_header(config, "project") or (read_variable("OPENAI_PROJECT_ID") if home else None),
    )


def _header(config: GenerationConfig, name: str) -> str | None:
    """An entry of `provider_config` that goes out as a header."""
    value = config.provider_config.get(name)
    if value is None or (isinstance(value, str) and re.fullmatch(r"[!-~]{0,256}", value)):
        return value
    msg = f"provider_config[{name!r}] must be the {name}'s id as plain text, up to 256 letters, digits and signs"
    raise ConfigurationError(msg, provider=config.provider, model=config.model)


def key_of(config: GenerationConfig, variable: str) -> KeySource:
    """The key of a config, or of the environment.

    Raises:
        ConfigurationError: there is none in either; the text names `variable`.
    """
    if isinstance(config.api_key, SecretStr):
        return config.api_key.get_secret_value()
    if config.api_key is not None:
        return config.api_key
    key = read_variable(variable) or ""
    check_key(key, variable)
    if not key:
        msg = (
            f"there is no key for {config.provider!r}: give api_key in the config, or set {variable}. "
            "To try things out without a key, use provider='sandbox'."
        )
        raise ConfigurationError(msg, provider=config.provider, model=config.model)
    return key


def is_version(parameter: str) -> bool:
    """Whether a parameter of a query names the version of the API, which is no secret."""
    return parameter.lower() == "api-version"


@lru_cache(maxsize=64)
def checked_url(url: str) -> str:
    """A base URL without its trailing slash.

    Raises:
        ConfigurationError: it is not an http or https URL, or carries a password.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and (parts.port or 1) > 0 and _is_host(parts.hostname)
    except ValueError:  # half of an IPv6 address, a port that is no number
        usable = False
    if not usable or _NEVER_IN_A_URL.search(url):
        shown = shown_url(url.rpartition("@")[2])
        msg = f"base_url {shown!r} is not an address: it must begin with https:// (or http://) and name a host"
        raise ConfigurationError(msg)
    if parts.username or parts.password:
        msg = f"base_url of {parts.hostname} carries a user name or a password; give the key as api_key"
        raise ConfigurationError(msg)
    return url.partition("#")[0].rstrip("/")


_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\x9f]")
"""The library that splits an address takes some of them out by itself; the one that sends it does not."""


def _is_host(name: str | None) -> bool:
    """Whether a name can be looked up: none of its parts is empty or too long."""
    try:
        return bool((name or "").encode("idna"))
    except UnicodeError:
        return False
