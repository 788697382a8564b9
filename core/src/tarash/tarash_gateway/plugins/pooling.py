"""Connections of an async HTTP client that cost the same however many there are.

The HTTP library's own pool looks at every connection and every request whenever one begins or ends: with two hundred
jobs that are looked at side by side, that is two thirds of the CPU time of a look. Here idle connections are a stack,
and the one that was used last is used next. Making connections, through a proxy too, stays the library's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpcore2
    import httpx2

_Server = tuple[bytes, bytes, int]
"""Scheme, host and port."""

MOST = 1000
"""Connections of one client at a time; who needs one more waits."""

MOST_IDLE = 100
"""Idle connections to one server that are kept."""


def pool_simply(http: httpx2.AsyncClient) -> None:
    """Gives a client, and its ways through a proxy, pools whose cost does not grow with their connections.

    To be called after everything else that changes the library's pools, such as `read_in_large_pieces`.
    """
    # The library makes its pools by the environment and has no argument to put others in their place.
    for transport in (http._transport, *http._mounts.values()):  # noqa: SLF001 # see above
        inner: Any = getattr(transport, "_pool", None)
        if inner is not None and not inner._http2:  # noqa: SLF001 # there, one connection takes many requests
            held: Any = transport
            held._pool = Stack(inner)  # noqa: SLF001 # see above


class Stack:
    """A pool of HTTP/1.1 connections, each for one request at a time.

    Args:
        maker: the library's pool, which makes the connections and holds none.
        most: connections at a time.
    """

    def __init__(self, maker: httpcore2.AsyncConnectionPool, most: int = MOST) -> None:
        self._maker = maker
        self._places = asyncio.Semaphore(most)
        self._idle: dict[_Server, deque[httpcore2.AsyncConnectionInterface]] = {}
        self._used: dict[httpcore2.AsyncConnectionInterface, _Server] = {}

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Sends a request; its connection is free again when the answer is closed."""
        import httpcore2

        await self._take_place(request.extensions.get("timeout", {}).get("pool"))
        connection: httpcore2.AsyncConnectionInterface | None = None
        try:
            while True:
                connection = await self._connection_to(request.url.origin)
                try:
                    response = await connection.handle_async_request(request)
                except httpcore2.ConnectionNotAvailable:  # it was closed while it lay idle
                    await self._give_back(connection)
                else:
                    break
        except BaseException:
            if connection is not None:
                await self._give_back(connection)
            self._places.release()
            raise
        body = _Body(response.stream, self, connection)
        return httpcore2.Response(
            status=response.status, headers=response.headers, content=body, extensions=response.extensions
        )

    async def _take_place(self, timeout: float | None) -> None:
        import httpcore2

        if not self._places.locked():
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(timeout):
                await self._places.acquire()
        except TimeoutError as error:
            raise httpcore2.PoolTimeout from error

    async def _connection_to(self, origin: httpcore2.Origin) -> httpcore2.AsyncConnectionInterface:
        server = (origin.scheme, origin.host, origin.port)
        idle = self._idle.get(server)
        connection = None
        while idle and connection is None:
            connection = idle.pop()
            if connection.has_expired():
                await connection.aclose()
                connection = None
        connection = connection or self._maker.create_connection(origin)
        self._used[connection] = server
        return connection

    async def release(self, connection: httpcore2.AsyncConnectionInterface) -> None:
        """Takes back a connection whose answer was closed."""
        try:
            await self._give_back(connection)
        finally:
            self._places.release()

    async def _give_back(self, connection: httpcore2.AsyncConnectionInterface) -> None:
        server = self._used.pop(connection, None)
        if server is None or not connection.is_idle() or connection.is_closed():  # None: the pool was closed meanwhile
            await connection.aclose()
            return
        idle = self._idle.setdefault(server, deque())
        idle.append(connection)
        # The one that was idle longest goes, where it is too old or one too many: one look for each request.
        if len(idle) > MOST_IDLE or idle[0].has_expired():
            await idle.popleft().aclose()

    async def aclose(self) -> None:
        """Closes all connections, those that are in use too."""
        found = [*self._used, *(connection for idle in self._idle.values() for connection in idle)]
        self._used.clear()
        self._idle.clear()
        for connection in found:
            await connection.aclose()

    async def __aenter__(self) -> Stack:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class _Body:
    """An answer's body; its end frees the connection."""

    def __init__(self, stream: Any, pool: Stack, connection: httpcore2.AsyncConnectionInterface) -> None:
        self._stream, self._pool, self._connection = stream, pool, connection
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        iterator: AsyncIterator[bytes] = aiter(self._stream)
        return iterator

    async def aclose(self) -> None:
        """Ends the reading."""
        if not self._closed:
            self._closed = True
            try:
                await self._stream.aclose()
            finally:
                await self._pool.release(self._connection)
