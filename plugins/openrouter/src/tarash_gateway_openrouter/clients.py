"""The HTTP library's clients, made once for each connection and used again.

A sync client is shared by all threads. An async client belongs to its event loop and is closed with it. After a fork
the child makes its own. No client follows a redirect, keeps a cookie or holds a key: the key goes with each request.
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
from tarash_gateway_openrouter.signatures import keep_from_logs

if TYPE_CHECKING:
    import httpx2

MOST = 32
"""Clients that are kept, for each event loop and for the threads together."""

ELSEWHERE: Hashable = "elsewhere"
"""Stands for the one client that fetches results from other origins."""

_lock = threading.Lock()
_sync: OrderedDict[Hashable, _Held] = OrderedDict()
_async: weakref.WeakKeyDictionary[AbstractEventLoop, _LoopClients] = weakref.WeakKeyDictionary()
_left_in_parent: list[Any] = []


class _Held:
    """A sync client, closed when the last one who uses it lets go."""

    def __init__(self) -> None:
        import httpx2

        self.client = httpx2.Client(**_options())
        keep_to_deadlines(self.client)
        _plain(self.client)
        weakref.finalize(self, self.client.close)


def sync_client(identity: Hashable) -> _Held:
    """The client of a connection, shared by all threads; to be held as long as it is used."""
    with _lock:
        held = _sync.get(identity)
        if held is None:
            held = _sync[identity] = _Held()
            if len(_sync) > MOST:
                _sync.popitem(last=False)
        _sync.move_to_end(identity)
        return held


async def async_client(identity: Hashable) -> httpx2.AsyncClient:
    """The client of a connection in the running event loop."""
    loop = get_running_loop()
    if "httpx2" not in sys.modules:
        await to_thread(import_module, "httpx2")  # the event loop would stand still meanwhile
    with _lock:
        clients = _async.get(loop)
        if clients is None:
            clients = _async[loop] = _LoopClients()
    return await clients.get(identity)


def close_clients() -> None:
    """Lets go of the clients that threads share. Those of an event loop are closed when `asyncio.run` ends."""
    with _lock:
        _sync.clear()


class _LoopClients:
    """The async clients of one event loop."""

    def __init__(self) -> None:
        self._clients: OrderedDict[Hashable, httpx2.AsyncClient] = OrderedDict()
        self._keeper: AsyncGenerator[None, None] | None = None
        self._making = Lock()

    async def get(self, identity: Hashable) -> httpx2.AsyncClient:
        client = self._clients.get(identity)
        if client is not None:
            self._clients.move_to_end(identity)
            return client
        async with self._making:
            return self._clients.get(identity) or await self._made(identity)

    async def _made(self, identity: Hashable) -> httpx2.AsyncClient:
        if self._keeper is None:
            # `asyncio.run` closes the generators that are still open before it closes the loop: the one moment at which
            # connections can be closed in their own loop.
            self._keeper = self._close_at_the_end()
            await anext(self._keeper)
        client = self._clients[identity] = await to_thread(_make_async)  # 40 ms, in which it reads certificates
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


def _make_async() -> httpx2.AsyncClient:
    import httpx2

    client = httpx2.AsyncClient(**_options())
    use_light_connections(client)
    _plain(client)
    return client


def _options() -> dict[str, Any]:
    import httpx2

    # Jobs that wait side by side look at their own times: a limit would let one wait for another.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=20)
    return {"follow_redirects": False, "headers": {"User-Agent": "tarash-gateway-openrouter"}, "limits": limits}


def _plain(client: httpx2.Client | httpx2.AsyncClient) -> None:
    """No cookies, which would tie calls together, and no signature of an address in the log."""
    from http.cookiejar import DefaultCookiePolicy  # noqa: PLC0415 # brings the standard library's HTTP

    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    keep_from_logs(client)


def _forget() -> None:
    """A forked child shares the parent's sockets and perhaps a held lock: it closes nothing and begins anew."""
    global _lock, _sync, _async  # noqa: PLW0603 # the child's own
    _left_in_parent.append((_sync, _async))
    _lock = threading.Lock()
    _sync = OrderedDict()
    _async = weakref.WeakKeyDictionary()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
