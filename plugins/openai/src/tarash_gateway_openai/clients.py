"""The SDK's clients, made once for each connection and used again.

A sync client is shared by all threads. An async client belongs to its event loop and is closed with it. After a fork
the child makes its own. The SDK's retries and redirects are off: core decides what is sent again, and a key stays at
its host. Credentials, organization and project are the connection's, whatever the SDK finds in the environment.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import weakref
from asyncio import AbstractEventLoop, Lock, get_running_loop, to_thread
from collections import OrderedDict
from collections.abc import AsyncGenerator, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.plugins import import_library
from tarash.tarash_gateway.plugins.connections import use_light_connections
from tarash.tarash_gateway.plugins.deadlines import keep_to_deadlines
from tarash_gateway_openai.connection import is_version
from tarash_gateway_openai.direct import Direct
from tarash_gateway_openai.hidden import keep_from_logs

if TYPE_CHECKING:
    from httpx2 import URL, AsyncClient, Request
    from openai import AsyncOpenAI, OpenAI

    from tarash_gateway_openai.connection import Connection

MOST = 32
"""Clients that are kept, for each event loop and for the threads together."""

_lock = threading.Lock()
_sync: OrderedDict[Hashable, Kept] = OrderedDict()
_async: weakref.WeakKeyDictionary[AbstractEventLoop, _LoopClients] = weakref.WeakKeyDictionary()
_left_in_parent: list[Any] = []


@dataclass(frozen=True, slots=True)
class Kept:
    """A client of the SDK, and the shorter way through its HTTP client."""

    sdk: Any
    direct: Direct


def sync_client(connection: Connection) -> OpenAI:
    """The client of a connection, shared by all threads."""
    return kept(connection).sdk  # type: ignore[no-any-return]


async def async_client(connection: Connection) -> AsyncOpenAI:
    """The client of a connection in the running event loop."""
    return (await kept_async(connection)).sdk  # type: ignore[no-any-return]


def kept(connection: Connection) -> Kept:
    """The client of a connection and the way below it, shared by all threads."""
    key = _identity(connection)
    found = _sync.get(key)
    # Without the lock: the SDK is imported for the first one, and an import runs foreign code.
    made = _make_sync(connection) if found is None else None
    with _lock:
        if made is not None:
            found = _sync.setdefault(key, made)
            if len(_sync) > MOST:
                _sync.popitem(last=False)  # closed when its last request is over
        if key in _sync:
            _sync.move_to_end(key)
    assert found is not None  # noqa: S101 # found, or made
    return found


async def kept_async(connection: Connection) -> Kept:
    """The client of a connection and the way below it, in the running event loop."""
    loop = get_running_loop()
    if "openai" not in sys.modules:
        await to_thread(import_library, "openai")  # 0.4 s that the event loop would stand still
    with _lock:
        clients = _async.get(loop)
        if clients is None:
            clients = _async[loop] = _LoopClients()
    return await clients.get(connection)


def close_clients() -> None:
    """Closes the clients that threads share. Those of an event loop are closed when `asyncio.run` ends."""
    with _lock:
        clients = list(_sync.values())
        _sync.clear()
    for client in clients:
        client.sdk.close()


class _LoopClients:
    """The async clients of one event loop."""

    def __init__(self) -> None:
        self._clients: OrderedDict[Hashable, Kept] = OrderedDict()
        self._keeper: AsyncGenerator[None, None] | None = None
        self._making = Lock()

    async def get(self, connection: Connection) -> Kept:
        key = _identity(connection)
        client = self._clients.get(key)
        if client is not None:
            self._clients.move_to_end(key)
            return client
        async with self._making:
            return self._clients.get(key) or await self._made(key, connection)

    async def _made(self, key: Hashable, connection: Connection) -> Kept:
        if self._keeper is None:
            # `asyncio.run` closes the generators that are still open before it closes the loop: the one moment at which
            # connections can be closed in their own loop.
            self._keeper = self._close_at_the_end()
            await anext(self._keeper)
        client, http = await to_thread(_make_async, connection)  # 40 ms, in which it reads certificates
        # The SDK tells the vendor which loop it runs in, and finds it where it is asked for its headers.
        found = self._clients[key] = Kept(client, Direct(client, http, connection))
        if len(self._clients) > MOST:
            _, oldest = self._clients.popitem(last=False)
            await oldest.sdk.close()
        return found

    async def _close_at_the_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            while self._clients:
                _, client = self._clients.popitem()
                await client.sdk.close()
            self._keeper = None
            self._making = Lock()  # one that was waited for holds its loop, by which these clients are found


def _identity(connection: Connection) -> Hashable:
    """What makes two connections the same, without holding a key: a gateway's may be in a header or in the query."""
    key = connection.key
    secret = key if isinstance(key, str) else ""
    hidden = repr((secret, connection.headers, connection.query))
    return (
        connection.base_url,
        connection.auth,
        hashlib.sha256(hidden.encode()).hexdigest(),
        None if isinstance(key, str) else connection.key_identity(),
        connection.organization,
        connection.project,
    )


def _make_sync(connection: Connection) -> Kept:
    openai = import_library("openai")
    hooks = {"request": [_to_api_key]} if connection.auth == "api-key" else {}
    http = openai.DefaultHttpxClient(follow_redirects=False, event_hooks=hooks)
    keep_to_deadlines(http)
    keep_from_logs(http, connection.hidden_query())
    client = openai.OpenAI(http_client=http, api_key=connection.current_key, **_options(connection))
    _keep_to(connection, client)
    weakref.finalize(client, http.close)
    return Kept(client, Direct(client, http, connection))


def _make_async(connection: Connection) -> tuple[AsyncOpenAI, AsyncClient]:
    openai = import_library("openai")
    hooks = {"request": [_to_api_key_async]} if connection.auth == "api-key" else {}
    http = openai.DefaultAsyncHttpxClient(follow_redirects=False, event_hooks=hooks)
    use_light_connections(http)
    keep_from_logs(http, connection.hidden_query())
    client = openai.AsyncOpenAI(http_client=http, api_key=connection.current_key_async, **_options(connection))
    _keep_to(connection, client)
    return client, http


def _options(connection: Connection) -> dict[str, Any]:
    return {
        "base_url": _url(connection.base_url),
        "organization": connection.organization,
        "project": connection.project,
        "default_headers": dict(connection.headers),
        "default_query": {name: value for name, value in connection.query if is_version(name)},
        "max_retries": 0,
    }


def _url(base_url: str) -> URL:
    """The address as the HTTP library reads it, which knows more of names in other scripts."""
    import httpx2

    try:
        return httpx2.URL(base_url)
    except httpx2.InvalidURL as error:
        msg = f"base_url {base_url!r} is not an address: {error}"
        raise ConfigurationError(msg) from error


_OURS = ("authorization", "api-key", "openai-organization", "openai-project")
"""Headers that come from the connection only, in lower case."""


def _keep_to(connection: Connection, client: OpenAI | AsyncOpenAI) -> None:
    """Takes out what the SDK read from OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS for `_OURS`."""
    import openai

    client.organization, client.project = connection.organization, connection.project
    # The SDK puts the variable's headers above all others and has no switch for it.
    found = client._custom_headers  # noqa: SLF001
    headers: dict[str, Any] = {name: value for name, value in found.items() if name.lower() not in _OURS}
    headers |= connection.headers
    if connection.organization is None:
        headers.setdefault("OpenAI-Organization", openai.Omit())
    if connection.project is None:
        headers.setdefault("OpenAI-Project", openai.Omit())
    client._custom_headers = headers  # noqa: SLF001


def _to_api_key(request: Request) -> None:
    """Moves the key to its header as the request goes out: the SDK itself insists on `Authorization`."""
    request.headers["api-key"] = request.headers.pop("Authorization").removeprefix("Bearer ")


async def _to_api_key_async(request: Request) -> None:
    _to_api_key(request)


def _forget() -> None:
    """A forked child shares the parent's sockets and perhaps a held lock: it closes nothing and begins anew."""
    global _lock, _sync, _async  # noqa: PLW0603 # the child's own
    _left_in_parent.append((_sync, _async))
    _lock = threading.Lock()
    _sync = OrderedDict()
    _async = weakref.WeakKeyDictionary()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
