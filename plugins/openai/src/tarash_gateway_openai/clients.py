"""The SDK's clients, over the kit's connections: they hold a placeholder for a key, and nothing of theirs is to close.

The SDK's retries and redirects are off: core decides what is sent again, and a key stays at its host.
"""

from __future__ import annotations

import os
from asyncio import to_thread
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.plugins import import_library
from tarash.tarash_gateway.plugins.http import (
    AsyncTransport,
    ClientCache,
    Connection,
    HttpClient,
    Transport,
    close_connections,
)
from tarash_gateway_openai.connection import is_home

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

PLACEHOLDER = "the-key-is-put-on-by-the-transport"
"""What the SDK believes to be the key."""

_FROM_THE_CONNECTION = ("authorization", "api-key", "openai-organization", "openai-project")
"""Headers in lower case that come from the connection only."""


class Sdk:
    """The SDK's clients of one connection, and the kit's with the headers that the SDK sends.

    Requests that are JSON or have no body go straight through the kit: for each of them the SDK puts address, headers
    and body together again, and looks for files, for other ways to sign in and for a model to make of the answer, which
    is half of the CPU that a call costs. Forms and streams go through the SDK itself.
    """

    def __init__(self, connection: Connection) -> None:
        openai = import_library("openai")
        http = HttpClient(connection)
        closed: dict[str, Any] = {"follow_redirects": False, "trust_env": False}
        options: dict[str, Any] = {
            "api_key": PLACEHOLDER,
            "base_url": connection.base_url,
            "max_retries": 0,
            "default_headers": dict.fromkeys(_foreign_headers(connection), openai.Omit()),
        }
        blocking = openai.DefaultHttpxClient(transport=Transport(http), **closed)
        awaited = openai.DefaultAsyncHttpxClient(transport=AsyncTransport(http), **closed)
        try:
            self.blocking: OpenAI = openai.OpenAI(http_client=blocking, **options)
            self.awaited: AsyncOpenAI = openai.AsyncOpenAI(http_client=awaited, **options)
        except import_library("httpx2").InvalidURL as error:  # it knows more of names in other scripts than the kit
            msg = f"base_url {connection.base_url!r} is not an address: {error}"
            raise ConfigurationError(msg) from error
        for client in (self.blocking, self.awaited):  # which reads them from the environment
            client.organization = client.project = None
        self._connection = connection

    @cached_property
    def direct(self) -> HttpClient:
        """The kit's client for blocking callers."""
        return self._client_like(self.blocking)

    @cached_property
    def direct_async(self) -> HttpClient:
        """Its twin: the SDK tells the vendor which loop it runs in, and finds it where it is asked for its headers."""
        return self._client_like(self.awaited)

    def _client_like(self, client: Any) -> HttpClient:
        options: dict[str, Any] = {"headers": _headers_of(client), "timeout_header": "x-stainless-read-timeout"}
        return HttpClient(self._connection, **options)


_sdks: ClientCache[Sdk, Sdk] = ClientCache()


def sdk_of(connection: Connection) -> Sdk:
    """Returns the clients of a connection, shared by all threads and event loops."""
    return _sdks.get(connection.identity, lambda: Sdk(connection))


async def sdk_of_async(connection: Connection) -> Sdk:
    """The twin of `sdk_of`: the SDK takes 0.4 s to import, for which the event loop would stand still."""
    found = _sdks.find(connection.identity)
    return await to_thread(sdk_of, connection) if found is None else found


def close_clients() -> None:
    """Forgets the clients, and closes the connections that threads share."""
    _sdks.close()
    close_connections()


def _headers_of(client: Any) -> dict[str, str]:
    """Returns what the SDK and its HTTP client send with every request."""
    headers: dict[str, Any] = {"Connection": "keep-alive", **client.default_headers, "x-stainless-retry-count": "0"}
    # What is no text is the SDK's mark for a header that is left out.
    names = (*_FROM_THE_CONNECTION, "content-type")
    return {name: value for name, value in headers.items() if isinstance(value, str) and name.lower() not in names}


def _foreign_headers(connection: Connection) -> list[str]:
    """Lists the headers of OPENAI_CUSTOM_HEADERS that do not go to this server: they are for OpenAI's own host.

    The SDK puts the variable's headers above its own, and below those that it is given.
    """
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    names = [line.partition(":")[0].strip() for line in lines if ":" in line]
    home = is_home(connection.base_url)
    return [name for name in names if not home or name.lower() in _FROM_THE_CONNECTION]
