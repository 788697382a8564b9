"""Who asks: a key; for Vertex AI a token, a function that gives tokens, a credential, or the environment's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from pydantic import SecretStr

from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.models import GenerationConfig

Key = str | Callable[[], str | Awaitable[str]]

KEY_VARIABLES: tuple[str, ...] = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""Those of the Gemini API, in the order in which Google's own SDK looks at them."""

SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_INSTALL = 'install google-auth with: pip install "tarash-gateway-google[vertex]"'


@dataclass(frozen=True, slots=True)
class Credentials:
    """What goes out as `Authorization: Bearer …`, and what comes with it."""

    key: Key = field(repr=False)
    source: str = "api_key"
    """Where it is from, for the text of an error."""

    project: str | None = None
    quota_project: str | None = None
    key_id: Hashable | None = None


def find_credentials(config: GenerationConfig) -> Credentials:
    """Returns the credentials of a config, or the application default ones.

    Raises:
        ConfigurationError: two are given, one gives no tokens, or there is none.
    """
    credential = config.provider_config.get("credential")
    if credential is not None and config.api_key is not None:
        msg = "api_key and provider_config['credential'] are both given; leave one of them out"
        raise ConfigurationError(msg)
    if isinstance(config.api_key, SecretStr):
        return Credentials(config.api_key.get_secret_value())
    if config.api_key is not None:
        return Credentials(config.api_key)
    if credential is not None:
        return _of(credential, "provider_config['credential']")
    return _of_environment(config)


def _of(credential: Any, source: str, project: str | None = None) -> Credentials:
    if not callable(getattr(credential, "refresh", None)) or not hasattr(credential, "token"):
        msg = (
            f"{source} is a {type(credential).__name__}, which has no token to refresh; "
            "give a credential of google-auth, or a token (or a function that gives tokens) as api_key"
        )
        raise ConfigurationError(msg)
    own = project or getattr(credential, "project_id", None)
    quota = getattr(credential, "quota_project_id", None)
    return Credentials(
        _Token(credential, source),
        source,
        own if isinstance(own, str) else None,
        quota if isinstance(quota, str) else None,
        ("credential", id(credential)),
    )


def _of_environment(config: GenerationConfig) -> Credentials:
    """Finds the application default credentials: a key file, gcloud's login, or the machine's own."""
    missing = (
        f"there are no credentials for {config.provider!r}: give a token (or a function that gives tokens) as api_key, "
        "or provider_config={'credential': …}"
    )
    try:
        auth: Any = import_module("google.auth")  # an extra, and only where it is asked for
    except ImportError as error:
        msg = f"{missing}. For application default credentials {_INSTALL}."
        raise ConfigurationError(msg, provider=config.provider, model=config.model) from error
    try:
        credential, project = auth.default(scopes=[SCOPE])
    except Exception as error:
        # Only its kind: what a credential says of itself may hold a secret. The exception itself is the cause.
        msg = f"{missing}. The application default credentials gave {type(error).__name__}."
        raise ConfigurationError(msg, provider=config.provider, model=config.model) from error
    return _of(credential, "the application default credentials", project)


_refreshing = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Token:
    """A credential's token, refreshed when it is about to end. Blocking work goes to a thread where a loop runs."""

    credential: Any = field(repr=False)
    source: str

    def __call__(self) -> str | Awaitable[str]:
        if getattr(self.credential, "valid", False):
            return self._text()
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._refreshed()
        return asyncio.to_thread(self._refreshed)

    def _refreshed(self) -> str:
        with _refreshing:
            if not getattr(self.credential, "valid", False):
                try:
                    self.credential.refresh(_transport())
                except TarashError:
                    raise
                except Exception as error:
                    msg = f"{self.source} raised {type(error).__name__} when it was asked for a token; nothing was sent"
                    raise ConfigurationError(msg) from error
        return self._text()

    def _text(self) -> str:
        token = self.credential.token
        if not isinstance(token, str) or not token:
            msg = f"{self.source} gave no token; nothing was sent"
            raise ConfigurationError(msg)
        return token


def _transport() -> Any:
    """Returns what a credential fetches its tokens with."""
    try:
        transport: Any = import_module("google.auth.transport.requests")
    except ImportError as error:
        msg = f"a credential has to fetch its token, and there is nothing to fetch it with: {_INSTALL}"
        raise ConfigurationError(msg) from error
    return transport.Request()
