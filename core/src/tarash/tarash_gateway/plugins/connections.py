"""Connections of an HTTP client that cost less: large reads, and a cheap look at those that lie idle.

The HTTP library asks for 64 KiB, whatever is there. Media are larger, and each read costs: with pieces of 256 KiB, the
most that an event loop reads at once, 2 MB take 1.9 ms of CPU instead of 2.5, and 2.7 instead of 4.0 in a loop.

For each request the library's pool asks every idle connection whether the server has closed it, which means: whether
its socket has something to read. In a loop the socket is looked up anew each time, which takes longer than the look.
"""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl

    import httpcore2
    import httpx2

PIECE = 256 * 1024
"""Bytes that are read at a time, where there are so many."""


def use_light_connections(http: httpx2.AsyncClient) -> None:
    """Makes the connections of an async client, those through a proxy too, light.

    Those of a blocking client read as much at a time by `keep_to_deadlines`, and know their sockets.
    """
    # The library takes a network backend of ours in its pools, and has no argument to hand it through a client.
    for transport in (http._transport, *http._mounts.values()):  # noqa: SLF001
        pool: Any = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _backend(pool._network_backend)  # noqa: SLF001


def _backend(inner: httpcore2.AsyncNetworkBackend) -> httpcore2.AsyncNetworkBackend:
    import httpcore2

    class Stream(httpcore2.AsyncNetworkStream):
        def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
            self._stream = stream
            self._socket = stream.get_extra_info("socket")

        async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return await self._stream.read(max(max_bytes, PIECE), timeout)

        async def write(self, buffer: bytes, timeout: float | None = None) -> None:
            await self._stream.write(buffer, timeout)

        async def aclose(self) -> None:
            await self._stream.aclose()

        def get_extra_info(self, info: str) -> Any:
            if info == "is_readable" and self._socket is not None and hasattr(select, "poll"):
                return _is_readable(self._socket)
            return self._stream.get_extra_info(info)

        async def start_tls(
            self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
        ) -> httpcore2.AsyncNetworkStream:
            return Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    class Backend(httpcore2.AsyncNetworkBackend):
        async def connect_tcp(self, *args: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
            return Stream(await inner.connect_tcp(*args, **options))

        async def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
            return Stream(await inner.connect_unix_socket(*args, **options))

        async def sleep(self, seconds: float) -> None:
            await inner.sleep(seconds)

    return Backend()


def _is_readable(socket: Any) -> bool:
    """Whether a read would give something at once; a socket that is closed gives the end."""
    number = socket.fileno()
    if number < 0:
        return True
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))
