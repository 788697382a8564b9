"""One deadline for a whole request of a blocking client.

The HTTP library starts its clock anew with every read, so that a server which drips a byte now and then is never late.
Here each read and write of a thread ends at the deadline which that thread has set. An async client needs none of it:
`asyncio.timeout` ends whatever it waits for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from tarash.tarash_gateway.plugins.connections import PIECE

if TYPE_CHECKING:
    import ssl

    import httpcore2
    import httpx2

ItemT = TypeVar("ItemT")

_of_thread = threading.local()


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Whatever this thread reads or writes in the block ends at `deadline`, a time of `time.monotonic`."""
    before = getattr(_of_thread, "deadline", None)
    _of_thread.deadline = deadline
    try:
        yield
    finally:
        _of_thread.deadline = before


def items_until(deadline: float, items: Iterable[ItemT]) -> Iterator[ItemT]:
    """`items`, each asked for with the deadline; between two of them the thread is the caller's."""
    iterator = iter(items)
    while True:
        with until(deadline):
            try:
                item = next(iterator)
            except StopIteration:
                return
        yield item


def keep_to_deadlines(http: httpx2.Client) -> None:
    """Lets the connections of a client, those through a proxy too, end at the deadline of the thread they serve."""
    # The library takes a network backend of ours in its pools, and has no argument to hand it through a client.
    for transport in (http._transport, *http._mounts.values()):  # noqa: SLF001
        pool: Any = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _backend(pool._network_backend)  # noqa: SLF001


def _backend(inner: httpcore2.NetworkBackend) -> httpcore2.NetworkBackend:
    import httpcore2

    def step(timeout: float | None) -> float | None:
        deadline = getattr(_of_thread, "deadline", None)
        if deadline is None:
            return timeout
        left: float = deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left if timeout is None else min(left, timeout)

    class Stream(httpcore2.NetworkStream):
        def __init__(self, stream: httpcore2.NetworkStream) -> None:
            self._stream = stream

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return self._stream.read(max(max_bytes, PIECE), step(timeout))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            self._stream.write(buffer, step(timeout))

        def close(self) -> None:
            self._stream.close()

        def start_tls(
            self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
        ) -> httpcore2.NetworkStream:
            return Stream(self._stream.start_tls(ssl_context, server_hostname, timeout))

        def get_extra_info(self, info: str) -> Any:
            return self._stream.get_extra_info(info)

    class Backend(httpcore2.NetworkBackend):
        def connect_tcp(self, *args: Any, **options: Any) -> httpcore2.NetworkStream:
            return Stream(inner.connect_tcp(*args, **options))

        def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore2.NetworkStream:
            return Stream(inner.connect_unix_socket(*args, **options))

        def sleep(self, seconds: float) -> None:
            inner.sleep(seconds)

    return Backend()
