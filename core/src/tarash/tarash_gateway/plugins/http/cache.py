"""Clients that are made once for each connection and used again."""

from __future__ import annotations

import os
import threading
import weakref
from asyncio import AbstractEventLoop, Lock, get_running_loop
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

SyncT = TypeVar("SyncT")
AsyncT = TypeVar("AsyncT")

MOST = 32
"""Clients that are kept, for each event loop and for the threads together."""

_caches: weakref.WeakSet[ClientCache[Any, Any]] = weakref.WeakSet()
_left_in_parent: list[Any] = []


class ClientCache(Generic[SyncT, AsyncT]):
    """Keeps clients of any library: the blocking ones for all threads, the async ones for each event loop.

    An async client is closed with its loop. After a fork the child starts afresh and closes nothing, since the sockets
    are its parent's too. The longest unused client is closed when there are more than `most`; a blocking one then lives
    until its last user has let go of it.

    Args:
        close: closes a blocking client, where there is something to close.
        close_async: closes an async one.
        most: clients that are kept, for each event loop and for the threads together.
    """

    def __init__(
        self,
        *,
        close: Callable[[SyncT], object] = lambda _: None,
        close_async: Callable[[AsyncT], Awaitable[object]] | None = None,
        most: int = MOST,
    ) -> None:
        self._close, self._close_async, self._most = close, close_async or _nothing, most
        self._forget()
        _caches.add(self)

    def get(self, identity: Hashable, make: Callable[[], SyncT]) -> SyncT:
        """Returns the client of a connection, shared by all threads; `make` is called where there is none yet."""
        client = self.find(identity)
        if client is not None:
            return client
        client = make()  # no lock is held meanwhile: it may import an SDK and read certificates
        with self._lock:
            kept = self._sync.setdefault(identity, client)
            if len(self._sync) > self._most:
                self._sync.popitem(last=False)  # closed by its own finalizer when its last request is over
        if kept is not client:
            self._close(client)
        return kept

    def find(self, identity: Hashable) -> SyncT | None:
        """Returns the client of a connection that threads share, where there is one."""
        with self._lock:
            client = self._sync.get(identity)
            if client is not None:
                self._sync.move_to_end(identity)
            return client

    async def get_async(self, identity: Hashable, make: Callable[[], Awaitable[AsyncT]]) -> AsyncT:
        """Returns the client of a connection in the running event loop."""
        loop = get_running_loop()
        clients = self._async.get(loop)
        if clients is None:
            with self._lock:
                clients = self._async.setdefault(loop, _LoopClients(self._close_async, self._most))
        found = clients.find(identity)
        return await clients.make(identity, make) if found is None else found

    def close(self) -> None:
        """Closes the clients that threads share. Those of an event loop are closed when `asyncio.run` ends."""
        with self._lock:
            clients = list(self._sync.values())
            self._sync.clear()
        for client in clients:
            self._close(client)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._sync: OrderedDict[Hashable, SyncT] = OrderedDict()
        self._async: weakref.WeakKeyDictionary[AbstractEventLoop, _LoopClients[AsyncT]] = weakref.WeakKeyDictionary()

    def _leave_in_parent(self) -> None:
        """Lets a forked child start afresh: a held lock and the parent's sockets are not touched."""
        _left_in_parent.append((self._sync, self._async))
        self._forget()


async def _nothing(_: object) -> None:
    """Closes a client that has nothing to close."""


class _LoopClients(Generic[AsyncT]):
    """The async clients of one event loop."""

    def __init__(self, close: Callable[[AsyncT], Awaitable[object]], most: int) -> None:
        self._close, self._most = close, most
        self._clients: OrderedDict[Hashable, AsyncT] = OrderedDict()
        self._keeper: AsyncGenerator[None, None] | None = None
        self._making = Lock()

    def find(self, identity: Hashable) -> AsyncT | None:
        client = self._clients.get(identity)
        if client is not None:
            self._clients.move_to_end(identity)
        return client

    async def make(self, identity: Hashable, make: Callable[[], Awaitable[AsyncT]]) -> AsyncT:
        async with self._making:
            found = self._clients.get(identity)
            if found is not None:
                return found
            if self._keeper is None:
                # `asyncio.run` closes the generators that are still open before it closes the loop: the one moment at
                # which connections can be closed in their own loop.
                self._keeper = self._close_at_the_end()
                await anext(self._keeper)
            client = self._clients[identity] = await make()
            if len(self._clients) > self._most:
                _, oldest = self._clients.popitem(last=False)
                await self._close(oldest)
            return client

    async def _close_at_the_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            while self._clients:
                _, client = self._clients.popitem()
                await self._close(client)
            self._keeper = None
            self._making = Lock()  # one that was waited for holds its loop, by which these clients are found


def _leave_in_parent() -> None:
    for cache in list(_caches):
        cache._leave_in_parent()  # noqa: SLF001 # its own module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_in_parent)
