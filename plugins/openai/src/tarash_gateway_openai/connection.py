"""Where requests go and with which credentials: everything is said explicitly, so that the SDK reads no environment."""

from __future__ import annotations

import inspect
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr

from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.plugins import run_blocking

OPENAI_URL = "https://api.openai.com/v1"

KeySource = str | Callable[[], str | Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to one server. Two equal connections share a client."""

    base_url: str
    key: KeySource = field(repr=False)
    """The key, or a function that gives one for each request."""

    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    organization: str | None = None
    project: str | None = None
    _given: list[str] = field(default_factory=list, repr=False, compare=False)

    def secrets(self) -> tuple[str, ...]:
        """The keys that may stand in a vendor's text."""
        return (self.key,) if isinstance(self.key, str) else tuple(self._given)

    def current_key(self) -> str:
        """The key for the next request, for a blocking caller."""
        if isinstance(self.key, str):
            return self.key
        with _callers_function():
            value = self.key()
            value = run_blocking(value) if inspect.isawaitable(value) else value
        return self._remember(value)

    async def current_key_async(self) -> str:
        """The key for the next request."""
        if isinstance(self.key, str):
            return self.key
        with _callers_function():
            value = self.key()
            value = await value if inspect.isawaitable(value) else value
        return self._remember(value)

    def _remember(self, value: object) -> str:
        if not isinstance(value, str) or not value:
            gave = "nothing" if not value else f"a {type(value).__name__}"
            msg = f"the api_key function gave {gave}; it must give a key as text"
            raise ConfigurationError(msg)
        if value not in self._given:
            self._given[:] = [
                *self._given[-3:],
                value,
            ]  # a token lives for an hour, a few of them are enough to mask
        return value


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
    base_url = checked_url(config.base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
    # The organisation and project of the environment are OpenAI's; no other server learns them.
    home = urlsplit(base_url).hostname == urlsplit(OPENAI_URL).hostname
    return Connection(
        base_url=base_url,
        key=key_of(config, "OPENAI_API_KEY"),
        query=(("api-version", config.api_version),) if config.api_version else (),
        organization=config.provider_config.get("organization") or (os.environ.get("OPENAI_ORG_ID") if home else None),
        project=config.provider_config.get("project") or (os.environ.get("OPENAI_PROJECT_ID") if home else None),
    )


def key_of(config: GenerationConfig, variable: str) -> KeySource:
    """The key of a config, or of the environment.

    Raises:
        ConfigurationError: there is none in either; the text names `variable`.
    """
    if isinstance(config.api_key, SecretStr):
        return config.api_key.get_secret_value()
    if config.api_key is not None:
        return config.api_key
    key = os.environ.get(variable, "").strip()
    if not key:
        msg = (
            f"there is no key for {config.provider!r}: give api_key in the config, or set {variable}. "
            "To try things out without a key, use provider='sandbox'."
        )
        raise ConfigurationError(msg, provider=config.provider, model=config.model)
    return key


def checked_url(url: str) -> str:
    """A base URL without its trailing slash.

    Raises:
        ConfigurationError: it is not an http or https URL, or carries a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        msg = f"base_url {url!r} is not an address: it must begin with https:// (or http://) and name a host"
        raise ConfigurationError(msg)
    if parts.username or parts.password:
        msg = f"base_url of {parts.hostname} carries a user name or a password; give the key as api_key"
        raise ConfigurationError(msg)
    return url.rstrip("/")
