"""TCP connections of an event loop, straight on asyncio: half of what the HTTP library's own way costs.

Bytes that arrive are kept until they are read; a call waits on the loop only if the other side is slower.
"""

from __future__ import annotations

import asyncio
import itertools
import select
import socket
import ssl
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

import httpcore2  # noqa: TID253 # imported itself when the first URL is fetched

from tarash.tarash_gateway.media import addresses
from tarash.tarash_gateway.media.steps import PIECE, seconds_left

_MOST: Final = 2 * PIECE
"""Bytes that are kept unread before the server has to wait."""

_HAPPY_EYEBALLS: Final = 0.25
"""Seconds after which the next address of a host is tried beside the one before it."""

_Address = tuple[int, tuple[Any, ...]]
"""A family of addresses, and what a socket of that family connects to."""


async def connect(
    host: str, port: int, timeout: float | None, most: float, options: Iterable[tuple[int, int, int]]
) -> httpcore2.AsyncNetworkStream:
    """Connects to a host.

    Raises:
        socket.gaierror: it has no address.
        httpcore2.ConnectError: nobody listens there.
        httpcore2.ConnectTimeout: it took more than `most` seconds, or more than is left.
    """
    seconds = seconds_left(timeout, httpcore2.ConnectTimeout)
    try:
        async with asyncio.timeout(most if seconds is None else min(seconds, most)):
            line = await _open_line(await _connect_first(await _resolve(host, port)))
    except TimeoutError as error:
        msg = "timed out"
        raise httpcore2.ConnectTimeout(msg) from error
    except socket.gaierror:
        raise
    except OSError as error:
        raise httpcore2.ConnectError(str(error)) from error
    connected = line.transport.get_extra_info("socket")
    for option in options:
        connected.setsockopt(*option)
    return _LoopStream(line)


async def _resolve(host: str, port: int) -> list[_Address]:
    """Returns the addresses of a host in the order in which they are tried: the families take turns (RFC 8305)."""
    literal = None if "%" in host else addresses.literal(host)  # a scope id is the resolver's to read
    if literal is not None:
        return [(socket.AF_INET if literal.version == 4 else socket.AF_INET6, (str(literal), port))]
    families: dict[int, list[_Address]] = {}
    for family, *_, address in await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM):
        families.setdefault(family, []).append((family, address))
    return [found for turn in itertools.zip_longest(*families.values()) for found in turn if found]


async def _connect_first(candidates: list[_Address]) -> socket.socket:
    """Returns a connection to the first address that answers; each next one is tried beside those that are slow.

    asyncio has such a race of its own: cancelled at the moment at which it is won, it loses the open socket.

    Raises:
        OSError: no address answers.
    """
    won: list[socket.socket] = []
    failures: list[OSError] = []
    running: set[asyncio.Task[None]] = set()
    try:
        for left in reversed(range(len(candidates))):
            running.add(asyncio.create_task(_attempt(candidates[-1 - left], won, failures)))
            while running and not won:
                delay = _HAPPY_EYEBALLS if left else None
                ended, running = await asyncio.wait(running, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
                for attempt in ended:
                    attempt.result()
                if left:
                    break  # one failed, or all are slow: the next one begins
            if won:
                return won[0]
    except BaseException:
        for connection in won:
            connection.close()
        raise
    finally:
        for attempt in running:
            attempt.cancel()
    texts = list(dict.fromkeys(map(str, failures)))
    if len(texts) == 1:
        raise failures[0]
    raise OSError("; ".join(texts))


async def _attempt(candidate: _Address, won: list[socket.socket], failures: list[OSError]) -> None:
    """Connects to an address, unless another attempt wins first."""
    family, address = candidate
    connection = None
    try:
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(0)
        await asyncio.get_running_loop().sock_connect(connection, address)
        if not won:
            won.append(connection)
    except OSError as error:
        failures.append(error)
    finally:
        if connection is not None and connection not in won:
            connection.close()


async def _open_line(connection: socket.socket) -> _Line:
    try:
        _, line = await asyncio.get_running_loop().create_connection(_Line, sock=connection)
    except BaseException:
        connection.close()
        raise
    return line


class _Line(asyncio.Protocol):
    """What came over a connection and was not read yet, and who waits for it."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.pieces: deque[bytes] = deque()
        self.size = 0
        self.ended = False
        self.error: Exception | None = None
        self.slow = False
        """Whether more was written than the connection takes at the moment."""
        self._waiter: asyncio.Future[bool] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment] # TCP and TLS have no other

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)
        self.size += len(data)
        if self.size > _MOST and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self.ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        # Its frames are those of the write that failed, whose variables hold what was written: the head, key and all.
        self.error = None if exc is None else exc.with_traceback(None)
        self._wake()

    def pause_writing(self) -> None:
        self.slow = True

    def resume_writing(self) -> None:
        self.slow = False
        self._wake()

    def taken(self) -> bytes:
        """Returns all that came, and lets more come."""
        data = self.pieces.popleft() if len(self.pieces) == 1 else b"".join(self.pieces)
        self.pieces.clear()
        self.size = 0
        if self._paused:
            self._paused = False
            if not self.ended:
                self.transport.resume_reading()
        return data

    async def change(self, timeout: float | None, late: type[Exception]) -> None:
        """Waits until something has come, gone out or ended."""
        seconds = seconds_left(timeout, late)
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        alarm = None if seconds is None else loop.call_later(seconds, _wake, waiter, False)  # noqa: FBT003 # not in time
        try:
            if not await waiter:
                msg = "the time of the call is over"
                raise late(msg)
        finally:
            self._waiter = None
            if alarm is not None:
                alarm.cancel()

    def _wake(self) -> None:
        if self._waiter is not None:
            _wake(self._waiter, True)  # noqa: FBT003 # in time


def _wake(waiter: asyncio.Future[bool], in_time: bool) -> None:  # noqa: FBT001 # a callback of the loop
    if not waiter.done():
        waiter.set_result(in_time)


class _LoopStream(httpcore2.AsyncNetworkStream):
    """A connection as httpcore2 takes it."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        self._head = b""
        self._socket = line.transport.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 # all that is there
        line = self._line
        if self._head:
            self._flush(b"", getattr(timeout, "private", None))
        if not line.pieces and not line.ended:
            await line.change(timeout, httpcore2.ReadTimeout)
        if line.pieces:
            return line.taken()
        if line.error is not None:
            raise httpcore2.ReadError(str(line.error)) from line.error
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        line, private = self._line, getattr(timeout, "private", None)
        if private is not None and not self._head and private.is_in(buffer):
            self._head = buffer  # goes out with what is written next, or before the next read: one packet for both
            return
        self._flush(buffer, private)
        while line.slow and not line.ended:
            await line.change(timeout, httpcore2.WriteTimeout)
        if line.error is not None:
            raise httpcore2.WriteError(str(line.error)) from line.error

    def _flush(self, buffer: bytes, private: Any) -> None:
        """Sends the head that waits, and `buffer` behind it."""
        head, self._head = self._head, b""
        transport = self._line.transport
        if transport.is_closing() or not (head or buffer):
            return
        if head:
            transport.writelines((head if private is None else private.put_on(head), buffer))
        else:
            transport.write(buffer)

    async def aclose(self) -> None:
        self._line.transport.abort()
        await asyncio.sleep(0)  # the socket is closed in the loop's next round

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        line, loop = self._line, asyncio.get_running_loop()
        seconds = seconds_left(timeout, httpcore2.ConnectTimeout)
        try:
            async with asyncio.timeout(seconds):
                encrypted = await loop.start_tls(
                    line.transport, line, ssl_context, server_hostname=server_hostname, ssl_handshake_timeout=seconds
                )
        except (TimeoutError, ConnectionAbortedError) as error:
            line.transport.abort()
            msg = "the TLS handshake timed out"
            raise httpcore2.ConnectTimeout(msg) from error
        except OSError as error:
            line.transport.abort()
            raise httpcore2.ConnectError(str(error)) from error
        except BaseException:
            line.transport.abort()
            raise
        if encrypted is None:  # the connection was lost meanwhile
            msg = "the connection was closed during the TLS handshake"
            raise httpcore2.ConnectError(msg)
        line.transport = encrypted
        return _LoopStream(line)

    def get_extra_info(self, info: str) -> Any:
        transport = self._line.transport
        if info == "is_readable":
            return bool(self._line.pieces) or self._line.ended or transport.is_closing() or _is_readable(self._socket)
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return transport.get_extra_info(names.get(info, info))


def _is_readable(connection: Any) -> bool:
    """Whether a read would give something at once; a socket that is closed gives the end."""
    number = connection.fileno()
    if number < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))
