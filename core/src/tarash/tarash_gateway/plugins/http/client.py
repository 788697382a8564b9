"""Sends requests and reads answers, blocking and async: one deadline, no retry, no redirect, a size limit."""

from __future__ import annotations

import sys
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydantic_core import to_json

from tarash.tarash_gateway._redaction import Redaction
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.media.steps import Deadline
from tarash.tarash_gateway.plugins._libraries import import_library
from tarash.tarash_gateway.plugins.http.answer import Answer
from tarash.tarash_gateway.plugins.http.cache import ClientCache
from tarash.tarash_gateway.plugins.http.connection import Connection, connection_errors, header_lines
from tarash.tarash_gateway.plugins.http.errors import read_error
from tarash.tarash_gateway.plugins.http.event_reader import EventReader
from tarash.tarash_gateway.plugins.http.request import Headers, HttpRequest, WireRequest

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins.exchange import Sink
    from tarash.tarash_gateway.plugins.http.transport import AsyncWire, Reply, Wire

_TRANSPORT: Final = "tarash.tarash_gateway.plugins.http.transport"
"""Imports the HTTP library, which takes 0.1 s."""

_wires: ClientCache[Wire, AsyncWire] = ClientCache(
    close=lambda wire: wire.close(), close_async=lambda wire: wire.aclose()
)

_HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "tarash-gateway",
}

_LINES: Final = header_lines(_HEADERS)


def close_connections() -> None:
    """Closes the connections that threads share. Those of an event loop are closed when `asyncio.run` ends."""
    _wires.close()


class HttpClient:
    """Sends the requests of one connection. Cheap to make: sockets are shared by all clients of equal connections.

    Args:
        connection: where requests go, and the key.
        read_error: what an answer with a status of 300 or above means; without it, the kit's `read_error`.
        headers: go out with each request. They stand in no secret's place: those are the connection's.
        timeout_header: the header that tells the vendor how many seconds an answer is waited for, where it has one.

    Raises:
        ValueError: one of `headers` cannot be sent.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        read_error: Callable[[Answer], TarashError] = read_error,
        headers: Mapping[str, str] | None = None,
        timeout_header: str | None = None,
    ) -> None:
        self.connection = connection
        self._read_error = read_error
        self._timeout_header = timeout_header
        self._headers = _HEADERS if headers is None else {**_HEADERS, **headers}
        # The same with each request: they are written as they are, and the HTTP library need not look at them.
        self._lines = _LINES if headers is None else header_lines(self._headers)

    def send(self, request: HttpRequest, timeout: float) -> Answer:
        """Sends a request (JSON, a form or bytes) once and reads the whole answer.

        Args:
            request: what is asked.
            timeout: seconds for everything together: resolving, connecting, sending and the whole answer.

        Raises:
            TarashError: what `read_error` makes of a status of 300 or above.
            ConnectionFailedError: there was no whole answer; `billable` says whether the request can have arrived.
            InvalidResponseError: the answer has more bytes than `request.limit`.
            ConfigurationError: the key's function, or the environment's proxy, is unusable. Nothing was sent.
        """
        return self._good(self.exchange(request, timeout))

    async def send_async(self, request: HttpRequest, timeout: float) -> Answer:
        """The twin of `send`."""
        return self._good(await self.exchange_async(request, timeout))

    def exchange(self, request: HttpRequest, timeout: float) -> Answer:
        """Sends a request as `send` does, and returns the answer whatever its status."""
        reply = self._open(request, timeout)
        return self.answer(request, reply.status, reply.named_headers(), self._body(reply))

    async def exchange_async(self, request: HttpRequest, timeout: float) -> Answer:
        """The twin of `exchange`."""
        reply = await self._open_async(request, timeout)
        return self.answer(request, reply.status, reply.named_headers(), await self._body_async(reply))

    def events(self, request: HttpRequest, timeout: float) -> EventStream:
        """Sends a request once and gives the events of its answer as they come, all within one deadline."""
        reply = self._open(request, timeout)
        if reply.status >= 300:
            raise self.error_of(request, reply, self._body(reply))
        return EventStream(self.answer(request, reply.status, reply.named_headers(), b""), reply, self.connection.host)

    async def events_async(self, request: HttpRequest, timeout: float) -> EventStream:
        """The twin of `events`."""
        reply = await self._open_async(request, timeout)
        if reply.status >= 300:
            raise self.error_of(request, reply, await self._body_async(reply))
        return EventStream(self.answer(request, reply.status, reply.named_headers(), b""), reply, self.connection.host)

    def download(self, request: HttpRequest, sink: Sink, timeout: float) -> None:
        """Streams a GET into `sink`, from `sink.offset` on.

        `request.path` may be a whole address that an answer names. The key goes to the connection's own origin only.
        Redirects are followed without the key, to public addresses only (`connection.allow_private_urls` widens it);
        the address that is really connected to is the one that is screened.

        Raises:
            DownloadError: the download broke off; asking again costs nothing.
            UnsafeUrlError: the address, or one that it redirects to, must not be fetched.
        """
        _import_download().Download(self, request, sink, timeout).run()

    async def download_async(self, request: HttpRequest, sink: Sink, timeout: float) -> None:
        """The twin of `download`."""
        await _import_transport_async()
        await _import_download().Download(self, request, sink, timeout).run_async()

    def _open(self, request: HttpRequest, timeout: float) -> Reply:
        deadline = _deadline(request, timeout)
        wire = self.wire()
        outgoing = self._outgoing(request, wire, deadline, timeout)
        with connection_errors(self.connection.host):
            return wire.open(outgoing)

    async def _open_async(self, request: HttpRequest, timeout: float) -> Reply:
        deadline = _deadline(request, timeout)
        wire = await self.wire_async()
        outgoing = self._outgoing(request, wire, deadline, timeout)
        with connection_errors(self.connection.host):
            return await wire.open(outgoing)

    def _body(self, reply: Reply) -> bytes:
        try:
            with connection_errors(self.connection.host):
                return b"".join(reply)
        finally:
            reply.close()

    async def _body_async(self, reply: Reply) -> bytes:
        try:
            with connection_errors(self.connection.host):
                return b"".join([piece async for piece in reply])
        finally:
            await reply.aclose()

    def wire(self) -> Wire:
        """Returns the blocking connections, which all threads share."""
        return _wires.get(self.connection.identity, lambda: _import_transport().Wire(self.connection))

    async def wire_async(self) -> AsyncWire:
        """Returns the connections of the running event loop."""

        async def make() -> AsyncWire:
            transport = await _import_transport_async()
            # In a thread, since it reads certificates for up to 40 ms.
            return await to_thread(transport.AsyncWire, self.connection)

        return await _wires.get_async(self.connection.identity, make)

    def _outgoing(
        self, request: HttpRequest, wire: Wire | AsyncWire, deadline: Deadline, timeout: float
    ) -> WireRequest:
        """Makes the request that goes out: its body encoded, and its headers."""
        headers: Headers = [(b"Host", wire.netloc)]
        content: Any = b""
        if request.form or request.files:
            form, content = wire.form(request)
            headers += form
        elif isinstance(request.body, bytes):
            content = request.body
        elif request.body is not None:
            headers.append((b"Content-Type", b"application/json"))
            content = to_json(request.body)
        if isinstance(content, bytes) and (content or request.method in ("POST", "PUT", "PATCH")):
            headers.append((b"Content-Length", b"%d" % len(content)))
        lines = self._lines
        if request.headers:
            own = {name.lower() for name in request.headers}
            headers = [pair for pair in headers if pair[0].decode("ascii").lower() not in own]
            kept = {name: value for name, value in self._headers.items() if name.lower() not in own}
            lines = header_lines({**kept, **request.headers})
        if self._timeout_header is not None:
            lines += f"\r\n{self._timeout_header}: {timeout}".encode("ascii")
        url = wire.url(request.path)
        return WireRequest(request.method, url, headers, content, deadline, request.signed, lines=lines)

    def answer(self, request: HttpRequest, status: int, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Returns an answer as the kit's readers take it, also where an SDK has sent the request.

        Args:
            request: what was asked.
            status: the answer's status.
            headers: the answer's headers, looked up by lower-case names.
            body: the answer's body, unpacked.
        """
        redaction = Redaction(self.connection.secrets(), request.prompts)
        url = f"{self.connection.base_url}{request.path.partition('?')[0]}"
        return Answer(status, headers, body, url, redaction, request.method)

    def error_of(self, request: HttpRequest, reply: Reply, body: bytes) -> TarashError:
        """Returns what an answer with a status of 300 or above means."""
        return self._read_error(self.answer(request, reply.status, reply.named_headers(), body))

    def _good(self, answer: Answer) -> Answer:
        if answer.status >= 300:
            raise self._read_error(answer)
        return answer


class Pieces(Protocol):
    """The body of an answer as it comes: blocking, or async."""

    def __iter__(self) -> Iterator[bytes]: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def close(self) -> None:
        """Closes the connection, unless the body was read to its end."""

    async def aclose(self) -> None:
        """The twin of `close`."""


class EventStream:
    """The events of a streamed answer: parsed JSON objects, their `type` filled in. To be closed.

    Args:
        answer: status and headers of the answer; no body.
        pieces: its body.
        host: the host's name, for messages.
    """

    def __init__(self, answer: Answer, pieces: Pieces, host: str) -> None:
        self.answer = answer
        """Status and headers of the answer; no body."""
        self._pieces, self._host = pieces, host
        self._reader = EventReader()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with connection_errors(self._host):
            for piece in self._pieces:
                yield from self._reader.feed(piece)
        yield from self._reader.end()

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        with connection_errors(self._host):
            async for piece in self._pieces:
                for event in self._reader.feed(piece):
                    yield event
        for event in self._reader.end():
            yield event

    def close(self) -> None:
        """Closes the connection, unless the stream was read to its end."""
        self._pieces.close()

    async def aclose(self) -> None:
        """The twin of `close`."""
        await self._pieces.aclose()


def _deadline(request: HttpRequest, timeout: float) -> Deadline:
    seconds = timeout if request.most_seconds is None else min(timeout, request.most_seconds)
    return Deadline(seconds, limit=request.limit)


def _import_transport() -> Any:
    import_library("httpx2")
    return import_module(_TRANSPORT)


def _import_download() -> Any:
    return import_module("tarash.tarash_gateway.plugins.http._download")


async def _import_transport_async() -> Any:
    """Imports it in a thread: the event loop would stand still meanwhile."""
    return sys.modules.get(_TRANSPORT) or await to_thread(_import_transport)
