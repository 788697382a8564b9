"""HTTP clients, made once for each connection and used again.

A sync client is shared by all threads. An async client belongs to its event loop and is closed with it. After a fork
the child makes its own. Redirects are off and no client holds a key: each request brings its own.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from asyncio import AbstractEventLoop, Lock, get_running_loop, to_thread
from collections import OrderedDict
from collections.abc import AsyncGenerator, Hashable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.plugins.connections import use_light_connections
from tarash.tarash_gateway.plugins.deadlines import keep_to_deadlines

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Client

    from tarash_gateway_google.connection import Connection

MOST = 32
"""Clients that are kept, for each event loop and for the threads together."""

HEADERS = {"user-agent": "tarash-gateway"}

_lock = threading.Lock()
_sync: OrderedDict[Hashable, Client] = OrderedDict()
_async: weakref.WeakKeyDictionary[AbstractEventLoop, _LoopClients] = weakref.WeakKeyDictionary()
_left_in_parent: list[Any] = []


def sync_client(connection: Connection) -> Client:
    """The client of a connection, shared by all threads."""
    key = connection.identity()
    with _lock:
        client = _sync.get(key)
        if client is None:
            client = _sync[key] = _make_sync()
            if len(_sync) > MOST:
                _sync.popitem(last=False)  # closed when its last request is over
        _sync.move_to_end(key)
        return client


async def async_client(connection: Connection) -> AsyncClient:
    """The client of a connection in the running event loop."""
    loop = get_running_loop()
    if "httpx2" not in sys.modules:
        await to_thread(import_module, "httpx2")  # 0.1 s that the event loop would stand still
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
        client.close()


class _LoopClients:
    """The async clients of one event loop."""

    def __init__(self) -> None:
        self._clients: OrderedDict[Hashable, AsyncClient] = OrderedDict()
        self._keeper: AsyncGenerator[None, None] | None = None
        self._making = Lock()

    async def get(self, connection: Connection) -> AsyncClient:
        key = connection.identity()
        client = self._clients.get(key)
        if client is not None:
            self._clients.move_to_end(key)
            return client
        async with self._making:
            return self._clients.get(key) or await self._made(key)

    async def _made(self, key: Hashable) -> AsyncClient:
        if self._keeper is None:
            # `asyncio.run` closes the generators that are still open before it closes the loop: the one moment at which
            # connections can be closed in their own loop.
            self._keeper = self._close_at_the_end()
            await anext(self._keeper)
        client = self._clients[key] = await to_thread(_make_async)  # 40 ms, in which it reads certificates
        if len(self._clients) > MOST:
            _, oldest = self._clients.popitem(last=False)
            await oldest.aclose()
        return client

    async def _close_at_the_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            while self._clients:
                _, client = self._clients.popitem()
                await client.aclose()
            self._keeper = None
            self._making = Lock()  # one that was waited for holds its loop, by which these clients are found


def _make_sync() -> Client:
    import httpx2

    client = httpx2.Client(follow_redirects=False, headers=HEADERS)
    keep_to_deadlines(client)
    weakref.finalize(client, _close_pools, (client._transport, *client._mounts.values()))  # noqa: SLF001 # see below
    return client


def _make_async() -> AsyncClient:
    import httpx2

    client = httpx2.AsyncClient(follow_redirects=False, headers=HEADERS)
    use_light_connections(client)
    return client


def _close_pools(transports: tuple[Any, ...]) -> None:
    """Closes the connections of a client that nobody holds any more; the client itself is gone by then."""
    for transport in transports:
        if transport is not None:
            transport.close()


def _forget() -> None:
    """A forked child shares the parent's sockets and perhaps a held lock: it closes nothing and begins anew."""
    global _lock, _sync, _async  # noqa: PLW0603 # the child's own
    _left_in_parent.append((_sync, _async))
    _lock = threading.Lock()
    _sync = OrderedDict()
    _async = weakref.WeakKeyDictionary()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
