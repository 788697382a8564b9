"""Where requests go, and with which credentials. Two equal connections share their clients."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import re
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.models.credentials import check_key, shown_url
from tarash.tarash_gateway.plugins import read_variable, run_blocking

GEMINI_URL = "https://generativelanguage.googleapis.com"
KEY_VARIABLES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""In the order in which Google's own SDK looks at them."""

GEMINI_VERSION = "v1beta"
"""The version of the API that Omni is known to work at."""

KeySource = str | Callable[[], str | Awaitable[str]]

KEY_SECONDS = 30.0
"""Seconds that an async function may take to give a key."""

TOKENS = 4
"""Keys of a function that are remembered, to be masked."""

_VERSION = re.compile(r"v[0-9]+(?:(?:alpha|beta)[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to one server."""

    root: str
    """The address without a version, as in `https://generativelanguage.googleapis.com`."""

    version: str
    key: KeySource = field(repr=False)
    """The key, or a function that gives one for each request."""

    auth: Literal["x-goog-api-key", "bearer"] = "x-goog-api-key"
    quota_project: str | None = None
    """Who pays for the requests of a user's credential."""

    key_id: Hashable | None = field(default=None, repr=False)
    """What makes two key functions the same, where each config's is a new object; None is the function itself."""

    _given: list[str] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.key, str):
            check_key(self.key, "the key")

    @property
    def host(self) -> str:
        """The host's name, for messages."""
        return urlsplit(self.root).hostname or self.root

    def identity(self) -> Hashable:
        """What makes two connections share their clients, without holding a key."""
        if isinstance(self.key, str):
            return self.root, self.auth, hashlib.sha256(self.key.encode()).hexdigest()
        return self.root, self.auth, id(self.key) if self.key_id is None else self.key_id

    def is_own(self, url: str) -> bool:
        """Whether an address is at the origin that the key is for."""
        return _origin(url) == _origin(self.root)

    def secrets(self) -> tuple[str, ...]:
        """The keys that may stand in a vendor's text."""
        return (self.key,) if isinstance(self.key, str) else tuple(self._given)

    def headers(self) -> dict[str, str]:
        """The headers that carry the key of the next request, for a blocking caller."""
        if isinstance(self.key, str):
            return self._headers(self.key)
        with _callers_function():
            given = self.key()
            value = run_blocking(_in_time(given)) if inspect.isawaitable(given) else given
        return self._headers(self._remember(value))

    async def headers_async(self) -> dict[str, str]:
        """The twin of `headers`."""
        if isinstance(self.key, str):
            return self._headers(self.key)
        with _callers_function():
            given = self.key()
            value = await _in_time(given) if inspect.isawaitable(given) else given
        return self._headers(self._remember(value))

    def _headers(self, key: str) -> dict[str, str]:
        if self.auth != "bearer":
            return {self.auth: key}
        quota = {"x-goog-user-project": self.quota_project} if self.quota_project else {}
        return {"authorization": f"Bearer {key}", **quota}

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
    """The connection of a config for the Gemini API; reads the environment now.

    Raises:
        ConfigurationError: there is no key, or the base URL is none.
    """
    root, version = split_version(config.base_url or GEMINI_URL)
    return Connection(root, config.api_version or version or GEMINI_VERSION, _key_of(config))


def _key_of(config: GenerationConfig) -> KeySource:
    if isinstance(config.api_key, SecretStr):
        return config.api_key.get_secret_value()
    if config.api_key is not None:
        return config.api_key
    for variable in KEY_VARIABLES:
        key = read_variable(variable)
        if key:
            check_key(key, variable)
            return key
    msg = (
        f"there is no key for {config.provider!r}: give api_key in the config, or set {' or '.join(KEY_VARIABLES)}. "
        "To try things out without a key, use provider='sandbox'."
    )
    raise ConfigurationError(msg, provider=config.provider, model=config.model)


def split_version(url: str) -> tuple[str, str | None]:
    """An address without the version that it may end with, and that version.

    Raises:
        ConfigurationError: it is no address, carries a password, or a query.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # half of an IPv6 address, a port that is no number
        usable = False
    if not usable or re.search(r"[\x00-\x20\x7f-\x9f]", url):
        msg = f"base_url {shown_url(url)!r} is not an address: it must begin with https:// (or http://) and name a host"
        raise ConfigurationError(msg)
    if parts.query:
        msg = f"base_url of {parts.hostname} has a query, which this provider does not send; leave it out"
        raise ConfigurationError(msg)
    plain = url.partition("#")[0].rstrip("/")
    before, _, last = plain.rpartition("/")
    return (before, last) if _VERSION.fullmatch(last) and urlsplit(before).hostname else (plain, None)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


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
