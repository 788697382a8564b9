"""One TCP connection: HTTP/1.1 by h11, with a way past it for answers that are not HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import http
import socket
import struct
import uuid
from typing import TYPE_CHECKING

import h11

from tarash_gateway_sandbox.errors import VendorError
from tarash_gateway_sandbox.request import RecordedRequest, receive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tarash_gateway_sandbox.replies import Reply

READ_BYTES = 256 * 1024
MOST_BODY = 512 * 1024 * 1024
"""Largest request body that is read, in bytes."""
MOST_IGNORED = 64 * 1024
"""Largest body of a refused request that is read and thrown away, in bytes: behind a larger one the connection ends."""
LINGER_SECONDS = 2.0
"""How long a client may go on sending a body that is not read, so that it gets to see the answer."""


class Connection:
    """Serves one connection until either side ends it.

    Args:
        reader: From asyncio.
        writer: From asyncio.
        handle: Gives each request its reply.
        admit: Whether the body is read of a request whose head is here; raises `VendorError` to refuse it at once.
        broken: Called when the client closes the connection in the middle of a stream.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handle: Callable[[RecordedRequest], Awaitable[Reply]],
        admit: Callable[[RecordedRequest], bool],
        broken: Callable[[], None],
    ) -> None:
        self._reader, self._writer, self._broken = reader, writer, broken
        self._handle, self._admit = handle, admit
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
        self._dropped = self._streaming = False

    async def serve(self) -> None:
        """Reads requests and send replies, one after the other."""
        try:
            while await self._exchange():
                pass
        except (ConnectionError, h11.LocalProtocolError):
            # The other side went away, or a scripted reply left HTTP behind.
            if self._streaming:
                self._broken()
        finally:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    async def respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Sends a whole, well-formed answer (see `faults.Wire`)."""
        head = self._head(status, {"content-length": str(len(body)), **headers})
        if body:
            head += self._http.send(h11.Data(data=body)) or b""
        await self.raw(head + (self._http.send(h11.EndOfMessage()) or b""))

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Sends the head of an answer in pieces (see `faults.Wire`)."""
        self._streaming = True
        # Without a length h11 sends chunks, or to HTTP/1.0 a body that ends with the connection.
        await self.raw(self._head(status, headers))

    async def piece(self, data: bytes) -> None:
        """Sends the next piece (see `faults.Wire`)."""
        await self.raw(self._http.send(h11.Data(data=data)) or b"")

    async def pause(self, seconds: float) -> None:
        """Wait, and notice a client that left (see `faults.Wire`)."""
        # Only reading tells: to a connection the other side closed, the first write still succeeds.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.001)):
                while data := await self._reader.read(READ_BYTES):
                    self._http.receive_data(data)  # the next request, ahead of its time
                raise ConnectionResetError

    async def end(self) -> None:
        """Ends the body (see `faults.Wire`)."""
        await self.raw(self._http.send(h11.EndOfMessage()) or b"")
        self._streaming = False

    def _head(self, status: int, headers: Mapping[str, str]) -> bytes:
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        reason = http.HTTPStatus(status).phrase if status in http.HTTPStatus._value2member_map_ else "Status"
        return self._http.send(h11.Response(status_code=status, headers=pairs, reason=reason.encode())) or b""

    async def raw(self, data: bytes) -> None:
        """Writes bytes as they are (see `faults.Wire`)."""
        self._writer.write(data)
        await self._writer.drain()

    def drop(self) -> None:
        """Ends the connection (see `faults.Wire`)."""
        self._dropped, self._streaming = True, False
        self._writer.close()

    def reset(self) -> None:
        """Resets the connection (see `faults.Wire`)."""
        self._dropped, self._streaming = True, False
        # Closing with a linger of nothing sends RST.
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def _exchange(self) -> bool:
        """One request and its reply; False when the connection is over."""
        headers = {"x-request-id": f"req_{uuid.uuid4().hex}"}
        try:
            request = await self._receive()
            if request is None:
                return False
            reply = await self._handle(request)
        except VendorError as error:
            reply = error.answer()
        except h11.RemoteProtocolError as error:
            if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                return False
            reply = VendorError(str(error), status=error.error_status_hint).answer()
        if self._http.their_state is h11.SEND_BODY:
            headers["connection"] = "close"
        await reply.send(self, headers)
        if not self._dropped and self._http.their_state is h11.SEND_BODY:
            await self._linger()
        if self._dropped or self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def _linger(self) -> None:
        """Throw away the rest of a body: closing on a client that still sends would lose the answer on the way."""
        with contextlib.suppress(TimeoutError, OSError):
            self._writer.write_eof()
            async with asyncio.timeout(LINGER_SECONDS):
                while await self._reader.read(READ_BYTES):
                    pass

    async def _receive(self) -> RecordedRequest | None:
        head: h11.Request | None = None
        refused: RecordedRequest | None = None
        chunks: list[bytes] = []
        size = 0
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    interim = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                    await self.raw(self._http.send(interim) or b"")
                self._http.receive_data(await self._reader.read(READ_BYTES))
            elif isinstance(event, h11.Request):
                head = event
                refused = None if self._admit(_record(head)) else _record(head)
                if refused is not None and not _ends_soon(refused):
                    return refused
            elif isinstance(event, h11.Data):
                size += len(event.data)
                if size > MOST_BODY:
                    msg = "Maximum content size limit exceeded."
                    raise VendorError(msg, status=413)
                if refused is None:
                    chunks.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return refused or _record(head, b"".join(chunks))
            else:  # the connection was closed, between requests or in the middle of one
                return None


def _record(head: h11.Request, body: bytes = b"") -> RecordedRequest:
    return receive(head.method.decode("ascii"), head.target.decode("latin-1"), head.headers, body)


def _ends_soon(request: RecordedRequest) -> bool:
    """Tells whether a request's body is small, by its own words."""
    length = request.headers.get("content-length", "0")
    return "transfer-encoding" not in request.headers and length.isdigit() and int(length) <= MOST_IGNORED
