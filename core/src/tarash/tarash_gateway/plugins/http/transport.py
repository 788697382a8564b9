"""The last step before the wire, on the public API of httpcore2 and httpx2 alone.

Here, and nowhere else, a request gets its key, its private headers and its private query; its one deadline; and its
answer is unpacked within a limit. `Wire` and `AsyncWire` serve the kit's client, `Transport` and `AsyncTransport` an
SDK that takes an `http_client`. None follows a redirect, keeps a cookie or sends anything twice. Imported on first use.
"""

from __future__ import annotations

import logging
import math
import re
import weakref
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode

import httpcore2  # noqa: TID253 # imported itself when the first request is sent
import httpx2  # noqa: TID253 # as above
from pydantic_core import to_json

from tarash.tarash_gateway.errors import ConfigurationError, InvalidResponseError, UnsafeUrlError
from tarash.tarash_gateway.media.connections import Deadline, open_async_pool, open_pool, target
from tarash.tarash_gateway.media.steps import HEADER_MARK, QUERY_MARK, Private
from tarash.tarash_gateway.plugins.http.connection import Connection, header_lines, origin
from tarash.tarash_gateway.plugins.http.request import ERROR_BYTES, Headers, HttpRequest, WireRequest

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["AsyncTransport", "AsyncWire", "Reply", "Transport", "Wire"]

_MARKED: Final = (HEADER_MARK, b"1")
_ENCODINGS: Final = (b"Accept-Encoding", b"gzip, deflate")
"""What can be unpacked here, whatever an SDK would like to ask for."""

KNOWN_ADDRESSES: Final = 1024
"""Addresses that are kept taken apart."""

_NEVER_OF_AN_SDK: Final = frozenset((b"authorization", b"api-key", b"cookie", b"accept-encoding"))
"""Headers in lower case that an SDK's request does not keep: they come from the connection only."""


class _Signer:
    """What is put on the requests of one connection; pure."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._query = urlencode(connection.query).encode("ascii")
        named = {name.lower().encode("ascii") for name, _ in connection.headers}
        # A gateway's own header wins over the key's.
        self.has_key = connection.source is not None and connection.key_header.lower().encode("ascii") not in named
        self._dropped = _NEVER_OF_AN_SDK | named | {connection.key_header.lower().encode("ascii")}
        self._key = f"{connection.key_header}: {connection.key_prefix}".encode("latin-1")
        self._lines = header_lines(dict(connection.headers))
        self._origin = origin(connection.base_url)

    def private(self, key: SecretStr | None, others: bytes) -> Private:
        """Returns what the next request gets as it is written: the private lines, and `others`."""
        if key is None:
            return Private(b"\r\n".join(filter(None, (self._lines, others))), self._query)
        return Private(
            b"\r\n".join(filter(None, (self._key + key.get_secret_value().encode(), self._lines, others))), self._query
        )

    def target(self, target: bytes) -> bytes:
        """Returns the target of a request with the mark of the private query, before the query that it has."""
        if not self._query:
            return target
        path, _, query = target.partition(b"?")
        return b"%b?%b%b%b" % (path, QUERY_MARK, b"&" if query else b"", query)

    def taken_over(self, request: httpx2.Request) -> WireRequest:
        """Returns an SDK's request as the wire sends it.

        Raises:
            UnsafeUrlError: it goes to another origin, and would carry this one's key there.
        """
        url = request.url
        if (url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme)) != self._origin:
            msg = f"a request to {url.host} was not sent: the key is for {self._connection.host} only"
            raise UnsafeUrlError(msg)
        headers = [*(pair for pair in request.headers.raw if pair[0].lower() not in self._dropped), _ENCODINGS]
        content: Any = request.stream
        return WireRequest(request.method, target(url), headers, content, _deadline_of(request))


class _Body:
    """How much of an answer's body has come, unpacked; pure."""

    def __init__(self, status: int, headers: Headers, limit: int | None, *, unpack: bool = True) -> None:
        self._failed = status >= 300
        self._limit: float = ERROR_BYTES if self._failed else math.inf if limit is None else limit
        self._size = 0
        self._encoding = b"identity"
        self._decoder: Any = None
        self.full = False
        """Whether the rest of a refusal is not worth reading."""
        if unpack:
            self._encoding = next((value for name, value in headers if name.lower() == b"content-encoding"), b"")
            self._encoding = self._encoding.strip().lower()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Gives what a piece unpacks to, in pieces that are no larger than what is left of the limit.

        Raises:
            InvalidResponseError: it is more than the limit, or cannot be unpacked.
        """
        if self._encoding in (b"identity", b"", b"none"):
            yield self._counted(piece)
            return
        while piece and not self.full:
            decoder = self._decoder or self._first(piece)
            try:
                unpacked = decoder.decompress(piece, int(min(self._limit - self._size + 1, 4 * 1024 * 1024)))
            except zlib.error as error:
                msg = f"the vendor's answer cannot be unpacked ({self._encoding.decode('latin-1')[:20]})"
                raise InvalidResponseError(msg, billable="unknown", retryable=True) from error
            piece = decoder.unconsumed_tail
            if decoder.eof:  # another member may follow; what else follows is passed over
                piece = decoder.unused_data if decoder.unused_data[:2] == b"\x1f\x8b" else b""
                self._decoder = None
            if unpacked:
                yield self._counted(unpacked)

    def _first(self, piece: bytes) -> Any:
        """Makes the decoder for what begins with `piece`."""
        if self._encoding in (b"gzip", b"x-gzip"):
            self._decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        elif self._encoding == b"deflate":  # by the standard with a header; some servers send it without
            bare = int.from_bytes(piece[:2], "big") % 31 != 0
            self._decoder = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS)
        else:
            shown = self._encoding.decode("latin-1")[:20]
            msg = f"the vendor's answer is packed as {shown!r}, which was not asked for"
            raise InvalidResponseError(msg, billable="unknown")
        return self._decoder

    def _counted(self, piece: bytes) -> bytes:
        self._size += len(piece)
        if self._size <= self._limit:
            return piece
        if not self._failed:
            msg = f"the vendor's answer has more than {self._limit:,} bytes; the rest was not read"
            raise InvalidResponseError(msg, billable="unknown")
        self.full = True
        return piece[: len(piece) - int(self._size - self._limit)]


class Reply:
    """An answer whose body is read piece by piece, unpacked and within its limit. To be closed."""

    def __init__(self, wire: Any, answer: httpcore2.Response, limit: int | None, *, unpack: bool = True) -> None:
        self._wire = wire  # whose connections must stay open meanwhile
        self._answer = answer
        self._body = _Body(answer.status, answer.headers, limit, unpack=unpack)
        self.status: int = answer.status
        self.headers: Headers = answer.headers

    def named_headers(self) -> dict[str, str]:
        """Returns the headers by their names in lower case."""
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.headers}

    def __iter__(self) -> Iterator[bytes]:
        stream: Any = self._answer.stream
        for piece in stream:
            yield from self._body.feed(piece)
            if self._body.full:
                return

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream: Any = self._answer.stream
        async for piece in stream:
            for unpacked in self._body.feed(piece):
                yield unpacked
            if self._body.full:
                return

    def close(self) -> None:
        """Gives the connection back, or closes it where the body was not read to its end."""
        self._answer.close()

    async def aclose(self) -> None:
        """The twin of `close`."""
        await self._answer.aclose()


class _Base:
    """What both kinds of wire know of their connection; pure."""

    def __init__(self, connection: Connection) -> None:
        logging.getLogger("httpcore2.http11").addFilter(_without_location)  # the same one each time: it is there once
        self.connection = connection
        self._signer = _Signer(connection)
        self._key = connection.source if self._signer.has_key else None
        self._base = _parsed(connection.base_url)
        self.netloc = self._base.netloc
        """The value of the header `Host`."""
        self._urls: dict[str, httpcore2.URL] = {}

    def url(self, path: str) -> httpcore2.URL:
        """Returns the address of a path below the base URL; those of jobs are asked for again and again.

        Raises:
            UnsafeUrlError: `path` does not begin with a slash, and would become part of the host's name.
        """
        found = self._urls.get(path)
        if found is None:
            if not path.startswith("/"):
                msg = f"a request to {self.connection.host} was not sent: its path does not begin with a slash"
                raise UnsafeUrlError(msg)
            base = self._base
            found = httpcore2.URL(
                scheme=base.raw_scheme,
                host=base.raw_host,
                port=base.port,
                target=base.raw_path.rstrip(b"/") + path.encode("ascii"),
            )
            if len(self._urls) >= KNOWN_ADDRESSES:
                self._urls.clear()
            self._urls[path] = found
        return found

    def _prepared(self, request: WireRequest, key: SecretStr | None) -> httpcore2.Request:
        """Makes the library's request; what is private goes into its deadline, and out as it is written."""
        url: httpcore2.URL = request.url
        if request.signed:
            request.deadline.private = self._signer.private(key, request.lines)
            url = _with_target(url, self._signer.target(url.target))
        else:
            request.deadline.private = Private(request.lines)
        extensions = {"timeout": request.deadline.timeouts}
        headers = [*request.headers, _MARKED]
        return httpcore2.Request(request.method, url, headers=headers, content=request.content, extensions=extensions)

    def form(self, request: HttpRequest) -> tuple[Headers, Any]:
        """Returns headers and body of a form; the body is read piece by piece, blocking or async."""
        fields = {name: _as_field(value) for name, value in (request.body or {}).items() if value is not None}
        files = [(part.name, (part.filename, part.content, part.content_type)) for part in request.files]
        if not files:  # a form without a file, which would go out in another format
            files = [(name, (None, value)) for name, value in fields.items()]  # type: ignore[misc]
            fields = {}
        built = httpx2.Request(request.method, self._base, data=fields, files=files)
        names = (b"content-type", b"content-length", b"transfer-encoding")
        return [pair for pair in built.headers.raw if pair[0].lower() in names], built.stream


def _as_field(value: Any) -> str:
    """Writes a value as a form has it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else to_json(value).decode()


class Wire(_Base):
    """The blocking way to one connection's server, shared by all threads."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._pool = open_pool(connection.base_url, allow_private=None)
        weakref.finalize(self, self._pool.close)

    def open(self, request: WireRequest) -> Reply:
        """Sends a request to the connection's own origin and returns its answer, the body unread."""
        key = self._key.current() if request.signed and self._key is not None else None
        answer = self._pool.handle_request(self._prepared(request, key))
        return Reply(self, answer, request.deadline.limit, unpack=request.unpack)

    def close(self) -> None:
        """Closes its connections."""
        self._pool.close()


class AsyncWire(_Base):
    """The twin of `Wire`, of one event loop."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._pool = open_async_pool(connection.base_url, allow_private=None)

    async def open(self, request: WireRequest) -> Reply:
        """The twin of `Wire.open`."""
        key = await self._key.current_async() if request.signed and self._key is not None else None
        answer = await self._pool.handle_async_request(self._prepared(request, key))
        return Reply(self, answer, request.deadline.limit, unpack=request.unpack)

    async def aclose(self) -> None:
        """Closes its connections."""
        await self._pool.aclose()


def _parsed(base_url: str) -> httpx2.URL:
    """Reads an address as the HTTP library does, which knows more of names in other scripts."""
    try:
        return httpx2.URL(base_url)
    except httpx2.InvalidURL as error:
        msg = f"base_url {base_url!r} is not an address: {error}"
        raise ConfigurationError(msg) from error


def _with_target(url: httpcore2.URL, target: bytes) -> httpcore2.URL:
    if target is url.target:
        return url
    return httpcore2.URL(scheme=url.scheme, host=url.host, port=url.port, target=target)


class _Client(Protocol):
    """The part of the kit's client that a transport needs."""

    connection: Connection

    def wire(self) -> Wire:
        """Returns the blocking connections."""

    async def wire_async(self) -> AsyncWire:
        """Returns those of the running event loop."""


class Transport(httpx2.BaseTransport):
    """What an SDK's `httpx2.Client(transport=…)` sends through; the SDK itself gets a placeholder for a key.

    Connections are those of the kit's clients of equal connections, so that an SDK's client has nothing to close. A
    request whose timeout is a `Deadline` (`httpx2.Timeout(…)` takes it for each of its four) keeps to it and its limit.
    """

    def __init__(self, client: _Client) -> None:
        self._client = client
        self._signer = _Signer(client.connection)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends a request of the SDK's."""
        with _as_httpx2(request):
            reply = self._client.wire().open(self._signer.taken_over(request))
        return httpx2.Response(reply.status, headers=_shown(reply.headers), stream=_Stream(reply, request))


class AsyncTransport(httpx2.AsyncBaseTransport):
    """The twin of `Transport`; it serves any event loop."""

    def __init__(self, client: _Client) -> None:
        self._client = client
        self._signer = _Signer(client.connection)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends a request of the SDK's."""
        taken = self._signer.taken_over(request)
        wire = await self._client.wire_async()
        with _as_httpx2(request):
            reply = await wire.open(taken)
        return httpx2.Response(reply.status, headers=_shown(reply.headers), stream=_Stream(reply, request))


class _Stream(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """The body of an answer as an SDK reads it."""

    def __init__(self, reply: Reply, request: httpx2.Request) -> None:
        self._reply, self._request = reply, request

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx2(self._request):
            yield from self._reply

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx2(self._request):
            async for piece in self._reply:
                yield piece

    def close(self) -> None:
        self._reply.close()

    async def aclose(self) -> None:
        await self._reply.aclose()


class _as_httpx2:  # noqa: N801 # a context manager that reads as a function
    """What httpcore2 raises, as httpx2's exception of the same name."""

    __slots__ = ("_request",)

    def __init__(self, request: httpx2.Request) -> None:
        self._request = request

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None or not kind.__module__.startswith("httpcore2"):
            return
        twin = getattr(httpx2, kind.__name__, None)
        if twin is not None and issubclass(twin, httpx2.RequestError):
            raise twin(str(error), request=self._request) from error


def _shown(headers: Headers) -> Headers:
    """Returns the headers of an unpacked answer, without cookies, which would tie calls together."""
    packed = any(name.lower() == b"content-encoding" for name, _ in headers)
    hidden = (b"set-cookie", b"content-encoding", b"content-length") if packed else (b"set-cookie",)
    return [pair for pair in headers if pair[0].lower() not in hidden]


def _deadline_of(request: httpx2.Request) -> Deadline:
    timeout = request.extensions.get("timeout", {}).get("read")
    if isinstance(timeout, Deadline):
        return timeout
    return Deadline(math.inf if timeout is None else float(timeout))


_LOCATION = re.compile(r"""(?i)\(b'location', b('[^']*'|"[^"]*")\)""")


def _without_location(record: logging.LogRecord) -> bool:
    """Lets every line pass, without where a redirect leads: the library logs it at DEBUG, and it may be signed."""
    if isinstance(record.msg, str) and "ocation'" in record.msg:
        record.msg = _LOCATION.sub("(b'location', b'[address]')", record.msg)
    return True
