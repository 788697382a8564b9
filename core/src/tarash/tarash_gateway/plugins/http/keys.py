"""Where a key comes from: text, or a function that gives one for each request; from the config or the environment."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import threading
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from pydantic import SecretStr

from tarash.tarash_gateway._environment import read_variable
from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.models.secrets import check_key
from tarash.tarash_gateway.plugins._bridge import run_blocking

Key = str | SecretStr | Callable[[], str | Awaitable[str]]

KEY_SECONDS = 30.0
"""Seconds that an async function may take to give a key, where nothing else is said."""

REMEMBERED = 4
"""Keys of one function that are remembered: each lives for about an hour, a few of them are enough to mask."""


class _Tokens(list[str]):
    """The latest keys of one function, shared by all sources with that function."""


_tokens: WeakValueDictionary[Hashable, _Tokens] = WeakValueDictionary()
_tokens_lock = threading.Lock()


class KeySource:
    """The key of one config. It shows no key in its repr, and remembers which keys are to be masked.

    Args:
        key: the key, or a function (sync or async) that gives one for each request.
        identity: what makes two functions the same, where each config has a new object; None is the function itself.
        seconds: how long an async function may take.

    Raises:
        ConfigurationError: no HTTP header can carry the key.
    """

    __slots__ = ("_function", "_seconds", "_text", "_tokens", "identity")

    def __init__(self, key: Key, *, identity: Hashable | None = None, seconds: float = KEY_SECONDS) -> None:
        self._seconds = seconds
        self._text: SecretStr | None = SecretStr(key) if isinstance(key, str) else None
        if isinstance(key, SecretStr):
            self._text = key
        self._function = None if isinstance(key, str | SecretStr) else key
        self._tokens = _Tokens()
        self.identity: Hashable
        """Equal for two sources with the same key. It holds no key."""
        if self._text is not None:
            check_key(self._text.get_secret_value(), "the key")
            self.identity = hashlib.sha256(self._text.get_secret_value().encode()).hexdigest()
        else:
            self.identity = id(self._function) if identity is None else identity
            with _tokens_lock:
                self._tokens = _tokens.setdefault(self.identity, self._tokens)

    @classmethod
    def of(cls, config: GenerationConfig, *variables: str) -> KeySource:
        """Reads the key of a config: `api_key`, else the first of the environment's `variables` that is set.

        Raises:
            ConfigurationError: there is none in either; the text names the variables.
        """
        if config.api_key is not None:
            return cls(config.api_key)
        for variable in variables:
            text = read_variable(variable)
            if text:
                check_key(text, variable)
                return cls(text)
        msg = (
            f"there is no key for {config.provider!r}: give api_key in the config, or set {' or '.join(variables)}. "
            "To try things out without a key, use provider='sandbox'."
        )
        raise ConfigurationError(msg, provider=config.provider, model=config.model)

    def __repr__(self) -> str:
        return f"KeySource({'key' if self._function is None else 'function'})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeySource) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)

    def secrets(self) -> tuple[str, ...]:
        """Returns the keys that may stand in a vendor's text, to be masked."""
        return tuple(self._tokens) if self._text is None else (self._text.get_secret_value(),)

    def current(self) -> SecretStr:
        """Returns the key for the next request, for a blocking caller.

        Raises:
            ConfigurationError: the function raised, gave none, or one that no header can carry. Nothing was sent.
        """
        if self._function is None:
            return self._text or SecretStr("")
        with _errors_of_function():
            value = self._function()
            return self._checked(run_blocking(self._in_time(value)) if inspect.isawaitable(value) else value)

    async def current_async(self) -> SecretStr:
        """The twin of `current`."""
        if self._function is None:
            return self._text or SecretStr("")
        with _errors_of_function():
            value = self._function()
            return self._checked(await self._in_time(value) if inspect.isawaitable(value) else value)

    async def _in_time(self, key: Awaitable[object]) -> object:
        async with asyncio.timeout(self._seconds):
            return await key

    def _checked(self, key: object) -> SecretStr:
        if not isinstance(key, str) or not key:
            gave = "nothing" if key is None or isinstance(key, str) else f"a {type(key).__name__}"
            msg = f"the api_key function gave {gave}; it must give a key as text"
            raise ConfigurationError(msg)
        check_key(key, "what the api_key function gave")
        if key not in self._tokens:
            self._tokens[:] = [*self._tokens[-(REMEMBERED - 1) :], key]
        return SecretStr(key)


@contextmanager
def _errors_of_function() -> Iterator[None]:
    """Turns an exception of the caller's function into a `ConfigurationError`: no key, and nothing sent."""
    try:
        yield
    except TarashError:
        raise
    except Exception as error:
        # Only its kind: what a vault says of itself may hold a credential. The exception itself is the cause.
        msg = f"the api_key function raised {type(error).__name__}; nothing was sent."
        raise ConfigurationError(msg) from error
