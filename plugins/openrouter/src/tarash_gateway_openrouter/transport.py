"""Sends requests over plain HTTP, and tells what the HTTP library raises in the gateway's errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pydantic_core

from tarash.tarash_gateway.errors import DownloadError, InvalidResponseError, TarashError
from tarash.tarash_gateway.plugins.deadlines import until
from tarash.tarash_gateway.redaction import mask, mask_all
from tarash_gateway_openrouter import clients
from tarash_gateway_openrouter.answers import Incoming
from tarash_gateway_openrouter.connection import Connection
from tarash_gateway_openrouter.faults import connection_fault, late, status_fault
from tarash_gateway_openrouter.places import Place, next_place
from tarash_gateway_openrouter.signatures import BESIDE
from tarash_gateway_openrouter.wire import Outgoing

if TYPE_CHECKING:
    import httpx2

ItemT = TypeVar("ItemT")

CONNECT_SECONDS = 10.0
"""Seconds that a connection may take to come up."""

QUIET_SECONDS = 30.0
"""Seconds without a byte after which a download is taken as stalled; it is continued on another connection."""

ANSWER_BYTES = 1024 * 1024 * 1024
"""Bytes of an answer with pictures in it: ten of the largest, as base64."""

FAULT_BYTES = 1024 * 1024
"""Bytes of a refusal that are read."""


@dataclass(slots=True)
class _Whole:
    """A body that is read to its end, and no further than a limit."""

    most: int
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self.most:
            msg = f"the vendor's answer has more than {self.most:,} bytes; the rest was not read"
            raise InvalidResponseError(msg, billable="unknown")
        self.parts.append(chunk)

    def body(self) -> bytes:
        return b"".join(self.parts)


class Transport:
    """HTTP over one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, outgoing: Outgoing, timeout: float, *, most: int = ANSWER_BYTES) -> Incoming:
        """Sends a request and reads its answer, of which there may be `most` bytes."""
        with until(time.monotonic() + timeout), self.open(outgoing, timeout) as response:
            return self.head(outgoing, response, self._read(response, most))

    async def send_async(self, outgoing: Outgoing, timeout: float, *, most: int = ANSWER_BYTES) -> Incoming:
        """The twin of `send`."""
        async with self.in_time(timeout), self.open_async(outgoing, timeout) as response:
            return self.head(outgoing, response, await self._read_async(response, most))

    @contextmanager
    def open(self, outgoing: Outgoing, timeout: float) -> Iterator[httpx2.Response]:
        """Sends a request; gives an answer with a good status, its body unread. A redirect is not followed."""
        held = clients.sync_client(self.connection.identity)
        with self.translated():
            request = self._request(held.client, outgoing, timeout, self.connection.current_key())
            response = held.client.send(request, stream=True)
            try:
                if response.status_code >= 300:
                    raise self._refused(outgoing, response, self._read(response, FAULT_BYTES, whole=False))
                yield response
            finally:
                response.close()

    @asynccontextmanager
    async def open_async(self, outgoing: Outgoing, timeout: float) -> AsyncIterator[httpx2.Response]:
        """The twin of `open`."""
        client = await clients.async_client(self.connection.identity)
        with self.translated():
            request = self._request(client, outgoing, timeout, await self.connection.current_key_async())
            response = await client.send(request, stream=True)
            try:
                if response.status_code >= 300:
                    raise self._refused(outgoing, response, await self._read_async(response, FAULT_BYTES, whole=False))
                yield response
            finally:
                await response.aclose()

    @contextmanager
    def fetch(self, outgoing: Outgoing, timeout: float) -> Iterator[httpx2.Response]:
        """Sends a request for a result and follows where it leads; the key stays at its origin."""
        held = clients.sync_client(self.connection.identity)
        others = clients.sync_client(clients.ELSEWHERE)
        with self.translated():
            request = self._request(held.client, outgoing, timeout, self.connection.current_key(), quiet=QUIET_SECONDS)
            response = held.client.send(request, stream=True)
            place: Place | None = None
            try:
                while (found := next_place(response, self.connection.base_url, place)) is not None:
                    place = found
                    response.close()
                    client = held.client if place.at_home else others.client
                    request = self._at(client, place, request, timeout)
                    response = client.send(request, stream=True)
                if response.status_code >= 300:
                    if place is not None and not place.at_home:
                        raise _not_there(response)
                    raise self._refused(outgoing, response, self._read(response, FAULT_BYTES, whole=False))
                yield response
            finally:
                response.close()

    @asynccontextmanager
    async def fetch_async(self, outgoing: Outgoing, timeout: float) -> AsyncIterator[httpx2.Response]:
        """The twin of `fetch`."""
        client = await clients.async_client(self.connection.identity)
        others = await clients.async_client(clients.ELSEWHERE)
        with self.translated():
            key = await self.connection.current_key_async()
            request = self._request(client, outgoing, timeout, key, quiet=QUIET_SECONDS)
            response = await client.send(request, stream=True)
            place: Place | None = None
            try:
                while (found := next_place(response, self.connection.base_url, place)) is not None:
                    place = found
                    await response.aclose()
                    user = client if place.at_home else others
                    request = self._at(user, place, request, timeout)
                    response = await user.send(request, stream=True)
                if response.status_code >= 300:
                    if place is not None and not place.at_home:
                        raise _not_there(response)
                    raise self._refused(outgoing, response, await self._read_async(response, FAULT_BYTES, whole=False))
                yield response
            finally:
                await response.aclose()

    @asynccontextmanager
    async def in_time(self, timeout: float) -> AsyncIterator[None]:
        """What is awaited in the block ends when the time is over; so it does for a server that drips its answer."""
        try:
            async with asyncio.timeout(timeout) as scope:
                yield
        except TimeoutError as error:
            if not scope.expired():
                raise
            raise late(self.connection.host) from error

    async def each_in_time(self, deadline: float, items: AsyncIterable[ItemT]) -> AsyncIterator[ItemT]:
        """`items`, each awaited until `deadline`, a time of `time.monotonic`."""
        iterator = aiter(items)
        while True:
            async with self.in_time(deadline - time.monotonic()):
                try:
                    item = await anext(iterator)
                except StopAsyncIteration:
                    return
            yield item

    @contextmanager
    def translated(self) -> Iterator[None]:
        """The HTTP library's exceptions as ours, and the key masked in whatever is told."""
        import httpx2

        try:
            yield
        except httpx2.TimeoutException as error:
            raise connection_fault(error, self.connection.host, timed_out=True) from error
        except httpx2.HTTPError as error:
            raise connection_fault(error, self.connection.host, timed_out=False) from error
        except httpx2.InvalidURL as error:
            # The library's words quote the address, which may hold a signature: they are no cause to keep.
            msg = f"an address that {self.connection.host} gave or was given cannot be read as one"
            raise DownloadError(msg, retryable=True) from error.__cause__

    @contextmanager
    def masked(self) -> Iterator[None]:
        """A server's text that quotes the key is masked in all that we show."""
        try:
            yield
        except TarashError as error:
            secrets = self.connection.secrets()
            error.message = mask(error.message, secrets)
            error.args = (error.message,)
            error.raw = mask_all(error.raw, secrets)
            raise

    def _request(
        self,
        client: httpx2.Client | httpx2.AsyncClient,
        outgoing: Outgoing,
        timeout: float,
        key: str,
        *,
        quiet: float | None = None,
    ) -> httpx2.Request:
        headers = {"Authorization": f"Bearer {key}", **dict(self.connection.headers), **outgoing.headers}
        body = None
        if outgoing.body is not None:
            headers["Content-Type"] = "application/json"
            body = pydantic_core.to_json(outgoing.body)
        url = f"{self.connection.base_url}{outgoing.path}"
        return client.build_request(
            outgoing.method, url, headers=headers, content=body, timeout=_timeouts(timeout, quiet)
        )

    def _at(
        self, client: httpx2.Client | httpx2.AsyncClient, place: Place, before: httpx2.Request, timeout: float
    ) -> httpx2.Request:
        """The request for what lies at another place: elsewhere without the key and the vendor's own headers."""
        kept = _OF_A_DOWNLOAD if not place.at_home else (*_OF_A_DOWNLOAD, "authorization")
        headers = {name: value for name, value in before.headers.items() if name.lower() in kept}
        extensions = {BESIDE: place.query} if place.query else {}
        timeouts = _timeouts(timeout, QUIET_SECONDS)
        return client.build_request("GET", place.url, headers=headers, timeout=timeouts, extensions=extensions)

    def head(self, outgoing: Outgoing, response: httpx2.Response, body: bytes = b"") -> Incoming:
        """An answer with as much of its body as was read."""
        return Incoming(response.status_code, response.headers, body, self.connection.secrets(), outgoing.prompt)

    def _refused(self, outgoing: Outgoing, response: httpx2.Response, body: bytes) -> TarashError:
        return status_fault(
            response.status_code,
            response.headers,
            body,
            secrets=self.connection.secrets(),
            prompt=outgoing.prompt,
            creating=outgoing.method == "POST",
        )

    def _read(self, response: httpx2.Response, most: int, *, whole: bool = True) -> bytes:
        body = _Whole(most)
        for chunk in response.iter_bytes():
            body.add(chunk)
            if not whole and body.size >= most:
                break
        return body.body()

    async def _read_async(self, response: httpx2.Response, most: int, *, whole: bool = True) -> bytes:
        body = _Whole(most)
        async for chunk in response.aiter_bytes():
            body.add(chunk)
            if not whole and body.size >= most:
                break
        return body.body()


_OF_A_DOWNLOAD = ("accept", "accept-encoding", "range")
"""Headers, in lower case, that go wherever a result lies."""


def _not_there(response: httpx2.Response) -> DownloadError:
    """A store that does not give what the vendor sent us for; the vendor gives a new address when it is asked again."""
    host, status = response.request.url.host, response.status_code
    msg = f"{host}, to which the vendor's download leads, answered {status}"
    return DownloadError(msg, status_code=status, retryable=True)


def _timeouts(timeout: float, quiet: float | None) -> Any:
    import httpx2

    read = timeout if quiet is None else min(timeout, quiet)
    return httpx2.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS), read=read)
