"""Downloads of results: to the address that an answer names, along its redirects; the key goes to its origin only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

import httpcore2  # noqa: TID253 # imported itself when the first request is sent
import httpx2  # noqa: TID253 # as above

from tarash.tarash_gateway.errors import ConnectionFailedError, DownloadError, UnsafeUrlError
from tarash.tarash_gateway.media.connections import open_async_pool, open_pool, target
from tarash.tarash_gateway.media.steps import Deadline
from tarash.tarash_gateway.plugins.http.connection import connection_errors, origin
from tarash.tarash_gateway.plugins.http.request import Headers, WireRequest
from tarash.tarash_gateway.plugins.http.transport import Reply

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins.exchange import Sink
    from tarash.tarash_gateway.plugins.http.client import HttpClient
    from tarash.tarash_gateway.plugins.http.request import HttpRequest

__all__ = ["Download"]

QUIET_SECONDS: Final = 30.0
"""Seconds without a byte after which a download is taken as stalled; it is continued on another connection."""

MOST_REDIRECTS: Final = 5

_LOOPBACK: Final = frozenset(("localhost", "127.0.0.1", "::1"))
"""Names of this machine: where the port is the same, they are one origin."""


class Download:
    """One download: the next address, and what an answer means. `run` and `run_async` carry the bytes."""

    def __init__(self, client: HttpClient, request: HttpRequest, sink: Sink, timeout: float) -> None:
        self._client, self._request, self._sink = client, request, sink
        self._deadline = Deadline(timeout)
        self._base_url = client.connection.base_url
        path = request.path
        self._url = httpx2.URL(f"{self._base_url}{path}") if path.startswith("/") else self._checked(path)
        self._signed = client.connection.is_own(str(self._url))
        self._at_home = True
        """Whether all addresses so far were at the endpoint's own origin: only there may a private one come next."""
        self._hops = 0

    def run(self) -> None:
        """Fetches it, for a blocking caller.

        Raises:
            TarashError: as `HttpClient.download` says.
        """
        with self._unsafe():
            while True:
                with self._opened() as reply, self._broken():
                    body = b"".join(reply) if self._is_refusal(reply) else b""
                    if self._accepts(reply, body):
                        for piece in reply:
                            self._sink.write(piece)
                        return

    async def run_async(self) -> None:
        """The twin of `run`."""
        with self._unsafe():
            while True:
                async with self._opened_async() as reply:
                    with self._broken():
                        body = b"".join([piece async for piece in reply]) if self._is_refusal(reply) else b""
                        if self._accepts(reply, body):
                            async for piece in reply:
                                self._sink.write(piece)
                            return

    @contextmanager
    def _opened(self) -> Iterator[Reply]:
        """Opens the next address and gives its answer, the body unread."""
        deadline = Deadline(self._deadline.left(), quiet=QUIET_SECONDS)
        with ExitStack() as stack:
            with connection_errors(self._url.host):
                if self._is_own():
                    reply = self._client.wire().open(self._own_request(deadline))
                else:
                    # A pool for each hop: nothing of one host, neither connection nor cookie, is carried to the next.
                    pool = stack.enter_context(open_pool(self._address, allow_private=self._allows_private()))
                    reply = Reply(pool, pool.handle_request(self._foreign_request(deadline)), None, unpack=False)
            stack.callback(reply.close)
            yield reply

    @asynccontextmanager
    async def _opened_async(self) -> AsyncIterator[Reply]:
        """The twin of `_opened`."""
        deadline = Deadline(self._deadline.left(), quiet=QUIET_SECONDS)
        async with AsyncExitStack() as stack:
            with connection_errors(self._url.host):
                if self._is_own():
                    wire = await self._client.wire_async()
                    reply = await wire.open(self._own_request(deadline))
                else:
                    private = self._allows_private()
                    opened = await asyncio.to_thread(open_async_pool, self._address, allow_private=private)
                    pool = await stack.enter_async_context(opened)
                    answer = await pool.handle_async_request(self._foreign_request(deadline))
                    reply = Reply(pool, answer, None, unpack=False)
            stack.push_async_callback(reply.aclose)
            yield reply

    @property
    def _address(self) -> str:
        """The next address without what may be a signature."""
        return str(self._url.copy_with(query=None, fragment=None))

    def _is_own(self) -> bool:
        """Whether the next address is the endpoint itself, reached over its own connections."""
        return self._at_home and self._client.connection.is_own(self._address)

    def _allows_private(self) -> bool:
        return self._client.connection.allow_private_urls or (self._at_home and self._is_home())

    def _is_home(self) -> bool:
        """Whether the next address is at the endpoint's origin, in any of the names of this machine."""
        scheme, host, port = origin(self._address)
        own_scheme, own_host, own_port = origin(self._base_url)
        same = host == own_host or (host in _LOOPBACK and own_host in _LOOPBACK)
        return same and (scheme, port) == (own_scheme, own_port)

    def _own_request(self, deadline: Deadline) -> WireRequest:
        url = target(self._url)
        return WireRequest("GET", url, self._headers(), b"", deadline, signed=self._signed, unpack=False)

    def _foreign_request(self, deadline: Deadline) -> httpcore2.Request:
        timeouts = {"timeout": deadline.timeouts}
        return httpcore2.Request("GET", target(self._url), headers=self._headers(), extensions=timeouts)

    def _headers(self) -> Headers:
        # No encoding is asked for: the length says whether all of it came.
        headers = {
            "Host": self._url.netloc.decode("ascii"),
            "Accept": "video/mp4, */*",
            "Accept-Encoding": "identity",
            "User-Agent": "tarash-gateway",
        }
        if self._is_own():
            headers |= self._request.headers
        if self._sink.offset:
            headers["Range"] = f"bytes={self._sink.offset}-"
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]

    def _is_refusal(self, reply: Reply) -> bool:
        return reply.status >= 300 and not self._is_redirect(reply)

    def _is_redirect(self, reply: Reply) -> bool:
        return reply.status in (301, 302, 303, 307, 308) and "location" in reply.named_headers()

    def _accepts(self, reply: Reply, body: bytes) -> bool:
        """Whether the body is the result's. If not, the answer was a redirect and the next address is set."""
        headers = reply.named_headers()
        if self._is_redirect(reply):
            self._hops += 1
            if self._hops > MOST_REDIRECTS:
                msg = f"the download was redirected more than {MOST_REDIRECTS} times"
                raise DownloadError(msg, status_code=reply.status)
            self._at_home = self._at_home and self._is_home()
            self._url = self._checked(headers["location"], self._url)
            self._signed = False
            return False
        if reply.status >= 300 and self._is_own():
            raise self._client.error_of(self._request, reply, body)
        if reply.status >= 300:
            msg = f"{self._url.host} answered {reply.status} instead of the result"
            # The vendor may redirect to another place, or with a new signature, when it is asked again.
            again = self._hops > 0 or reply.status in (404, 408, 425, 429) or reply.status >= 500
            raise DownloadError(msg, status_code=reply.status, retryable=again)
        begin(self._sink, reply.status, headers)
        return True

    def _checked(self, address: str, base: httpx2.URL | None = None) -> httpx2.URL:
        """Reads an address and refuses what needs no connection to be refused."""
        try:
            url = base.join(address) if base else httpx2.URL(address)
        except (httpx2.InvalidURL, ValueError, TypeError):
            # The library's words quote the address, which may be signed: they are no cause to keep.
            msg = "the vendor names an address of the result that cannot be read as one"
            raise DownloadError(msg) from None
        if url.scheme not in ("http", "https") or not url.host:
            msg = f"the result is not at an address that can be fetched ({url.scheme[:20] or 'no address'})"
            raise DownloadError(msg)
        if base is not None and url.scheme == "http" and self._base_url.startswith("https:"):
            msg = (
                f"the vendor's download redirects to {url.host} over a plain connection, where anybody on the way can "
                "read it; it was not followed"
            )
            raise UnsafeUrlError(msg, billable="yes")
        if url.userinfo:
            msg = "the vendor names an address of the result with a user name or a password in it, which are not sent"
            raise UnsafeUrlError(msg, billable="yes")
        return url

    @contextmanager
    def _broken(self) -> Iterator[None]:
        """Turns a connection that breaks off after the answer began into a `DownloadError`."""
        try:
            with connection_errors(self._url.host):
                yield
        except ConnectionFailedError as error:
            msg = f"the download broke off: {error}"
            raise DownloadError(msg, retryable=True) from error

    @contextmanager
    def _unsafe(self) -> Iterator[None]:
        """Words the refusal of an address that is not public for a result."""
        try:
            yield
        except UnsafeUrlError as error:
            if error.billable == "yes":
                raise
            msg = (
                f"the vendor says that the result is at {self._url.host}, which is not a public address; nothing was "
                "fetched from it. If you mean it, pass provider_config={'allow_private_urls': True}."
            )
            raise UnsafeUrlError(msg, billable="yes") from error


def begin(sink: Sink, status: int, headers: Mapping[str, str]) -> None:
    """Tells the sink what comes: how long it is, and whether it continues what is there.

    Args:
        sink: where the download goes.
        status: the answer's status, below 300.
        headers: by their names in lower case.

    Raises:
        DownloadError: it comes packed.
    """
    encoding = headers.get("content-encoding") or "identity"
    if encoding != "identity":
        # A megabyte of it may become a gigabyte; a video gains nothing by it.
        msg = f"the server sent the video encoded ({encoding[:40]}), which it was asked not to do; it was not unpacked"
        raise DownloadError(msg)
    length = headers.get("content-length")
    start = headers.get("content-range", "").removeprefix("bytes ").split("-")[0].strip()
    sink.begin(
        length=int(length) if length and length.isdigit() else None,
        resumed=status == 206 and start == str(sink.offset),
        content_type=headers.get("content-type"),
    )
