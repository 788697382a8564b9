"""Who asks: a resource's key, a token, a function that gives tokens, or a credential of azure-identity."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import SecretStr

from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.plugins import read_variable
from tarash.tarash_gateway.plugins.http import KeySource

KEY_VARIABLE = "AZURE_OPENAI_API_KEY"

SCOPE = "https://ai.azure.com/.default"
"""What a token is asked for; https://cognitiveservices.azure.com/.default is the older one."""

_JWT = re.compile(r"eyJ[^.]*\.[^.]*\.[^.]*")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What goes out with each request, and in which header."""

    key: KeySource = field(repr=False)
    auth: Literal["api-key", "bearer"]
    source: str = KEY_VARIABLE
    """Where it may come from besides `api_key`, for the text of an error."""


@dataclass(frozen=True, slots=True)
class EntraToken:
    """A credential's token for one scope, asked for at each request: azure-identity keeps it until it is about to end.

    It fits both flows: a blocking credential is asked in a thread where an event loop runs, and an async one gives
    something to await.
    """

    credential: Any = field(repr=False)
    scope: str = SCOPE

    def __call__(self) -> str | Awaitable[str]:
        """Returns the token, or something to await that gives it."""
        if inspect.iscoroutinefunction(self.credential.get_token) or _in_a_loop():
            return self._later()
        answer = self._asked(self.credential.get_token)
        return self._awaited(answer) if inspect.isawaitable(answer) else self._text(answer)

    async def _later(self) -> str:
        get_token = self.credential.get_token
        if inspect.iscoroutinefunction(get_token):
            return await self._awaited(self._asked(get_token))
        answer = await asyncio.to_thread(self._asked, get_token)
        return await self._awaited(answer) if inspect.isawaitable(answer) else self._text(answer)

    def _asked(self, get_token: Callable[[str], Any]) -> Any:
        try:
            return get_token(self.scope)
        except TarashError:
            raise
        except Exception as error:
            raise self._failed(error) from error

    async def _awaited(self, answer: Awaitable[Any]) -> str:
        try:
            return self._text(await answer)
        except TarashError:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def _text(self, answer: Any) -> str:
        token = getattr(answer, "token", None)
        if not isinstance(token, str) or not token:
            msg = f"{self._name()} gave no token for {self.scope}; nothing was sent"
            raise ConfigurationError(msg)
        return token

    def _failed(self, error: Exception) -> ConfigurationError:
        # Only its kind: what a credential says of itself may hold a secret. The exception itself is the cause.
        kind = type(error).__name__
        msg = f"{self._name()} raised {kind} when it was asked for a token for {self.scope}; nothing was sent"
        return ConfigurationError(msg)

    def _name(self) -> str:
        return f"provider_config['credential'] ({type(self.credential).__name__})"


def find_credentials(config: GenerationConfig) -> Credentials | None:
    """Finds the credentials of a config, or of the environment as it is now; None where there are none.

    Raises:
        ConfigurationError: two are given, or one that gives no tokens.
    """
    credential = config.provider_config.get("credential")
    if credential is not None:
        return _of_identity(config, credential)
    if config.api_key is not None and not isinstance(config.api_key, SecretStr):
        return Credentials(KeySource(config.api_key), "bearer")
    if isinstance(config.api_key, SecretStr):
        key = config.api_key.get_secret_value()
    else:
        key = read_variable(KEY_VARIABLE) or ""
    if not key:
        return None
    # A token in the key's header is refused with 401, whatever it is worth.
    return Credentials(KeySource(key), "bearer" if _JWT.fullmatch(key) else "api-key")


def _of_identity(config: GenerationConfig, credential: object) -> Credentials:
    if config.api_key is not None:
        msg = "api_key and provider_config['credential'] are both given; leave one of them out"
        raise ConfigurationError(msg)
    if not callable(getattr(credential, "get_token", None)):
        msg = (
            f"provider_config['credential'] is a {type(credential).__name__}, which has no get_token; "
            "give a credential of azure-identity, such as DefaultAzureCredential()"
        )
        raise ConfigurationError(msg)
    scope = config.provider_config.get("scope", SCOPE)
    if not isinstance(scope, str) or not scope:
        msg = f"provider_config['scope'] must be text, such as {SCOPE}"
        raise ConfigurationError(msg)
    # Each config makes its own `EntraToken`; they share a client as long as the credential is the same object.
    key = KeySource(EntraToken(credential, scope), identity=("credential", id(credential), scope))
    return Credentials(key, "bearer", "provider_config['credential']")


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
