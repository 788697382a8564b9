"""Where requests go and with which key and headers."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import re
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr

from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.models.credentials import check_key, shown_url
from tarash.tarash_gateway.plugins import read_variable, run_blocking

OPENROUTER_URL = "https://openrouter.ai/api/v1"
KEY_VARIABLE = "OPENROUTER_API_KEY"
URL_VARIABLE = "OPENROUTER_BASE_URL"

KeySource = str | Callable[[], str | Awaitable[str]]

KEY_SECONDS = 30.0
"""Seconds that an async function may take to give a key."""

TOKENS = 4
"""Keys of one function that are remembered, so that they can be masked."""

_HEADERS = {"referer": "HTTP-Referer", "title": "X-OpenRouter-Title"}
"""Entries of `provider_config` that go out as headers: how the vendor names an application in its statistics."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to the vendor."""

    base_url: str
    key: KeySource = field(repr=False)
    """The key, or a function that gives one for each request."""

    headers: tuple[tuple[str, str], ...] = ()
    _given: list[str] = field(default_factory=list, repr=False, compare=False)

    @property
    def identity(self) -> Hashable:
        """What two connections share a client by. It holds no key."""
        key = self.key
        return self.base_url, hashlib.sha256(key.encode()).hexdigest() if isinstance(key, str) else id(key)

    @property
    def host(self) -> str:
        """The host's name, for texts."""
        return urlsplit(self.base_url).hostname or ""

    def secrets(self) -> tuple[str, ...]:
        """The keys that may stand in a text of the vendor."""
        return (self.key,) if isinstance(self.key, str) else tuple(self._given)

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


def from_config(config: GenerationConfig) -> Connection:
    """The connection of a config; reads the environment now.

    Raises:
        ConfigurationError: there is no key, the base URL is none, or a header cannot be sent.
    """
    headers = ((header, _header(config, name)) for name, header in _HEADERS.items())
    return Connection(
        base_url=checked_url(config.base_url or read_variable(URL_VARIABLE) or OPENROUTER_URL),
        key=_key_of(config),
        headers=tuple((name, value) for name, value in headers if value is not None),
    )


def _key_of(config: GenerationConfig) -> KeySource:
    if isinstance(config.api_key, SecretStr):
        return config.api_key.get_secret_value()
    if config.api_key is not None:
        return config.api_key
    key = read_variable(KEY_VARIABLE) or ""
    check_key(key, KEY_VARIABLE)
    if not key:
        msg = (
            f"there is no key for {config.provider!r}: give api_key in the config, or set {KEY_VARIABLE}. "
            "To try things out without a key, use provider='sandbox'."
        )
        raise ConfigurationError(msg, provider=config.provider, model=config.model)
    return key


def _header(config: GenerationConfig, name: str) -> str | None:
    value = config.provider_config.get(name)
    if value is None or (isinstance(value, str) and re.fullmatch(r"[ -~]{1,256}", value)):
        return value
    msg = f"provider_config[{name!r}] goes out as a header: it must be text of 1 to 256 ASCII characters"
    raise ConfigurationError(msg, provider=config.provider, model=config.model)


_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\x9f]")


def checked_url(url: str) -> str:
    """A base URL without its trailing slash.

    Raises:
        ConfigurationError: it is not an http or https URL, or carries a query, which the vendor has no use for and
            which may hold a key.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and (parts.port or 1) > 0 and bool(parts.hostname)
        (parts.hostname or "").encode("idna")
    except ValueError:  # half of an IPv6 address, a port that is no number, an endless name
        usable = False
    if not usable or _NEVER_IN_A_URL.search(url):
        shown = shown_url(url.rpartition("@")[2])
        msg = f"base_url {shown!r} is not an address: it must begin with https:// (or http://) and name a host"
        raise ConfigurationError(msg)
    if parts.username or parts.password:
        msg = f"base_url of {parts.hostname} carries a user name or a password; give the key as api_key"
        raise ConfigurationError(msg)
    if parts.query:
        msg = f"base_url of {parts.hostname} has a query, which OpenRouter's API does not take; leave it out"
        raise ConfigurationError(msg)
    return url.partition("#")[0].rstrip("?/")


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
