"""Carries requests, blocking and async, and tells what goes wrong in the gateway's errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pydantic_core

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.plugins.deadlines import until
from tarash.tarash_gateway.redaction import mask, mask_all
from tarash_gateway_google import clients
from tarash_gateway_google.exchange import Incoming, Outgoing, ReturnT, Steps
from tarash_gateway_google.faults import connection_fault, late, status_fault

if TYPE_CHECKING:
    import httpx2

    from tarash_gateway_google.connection import Connection

ItemT = TypeVar("ItemT")

CONNECT_SECONDS = 10.0
"""Seconds that a connection may take to come up."""


class Transport:
    """Plain HTTP over one connection. Every request goes out once, and no redirect is followed."""

    def __init__(self, connection: Connection, where: str) -> None:
        self.connection = connection
        self._where = where

    def run(self, steps: Steps[ReturnT], timeout: float) -> ReturnT:
        """Runs a talk to its end, with one deadline for all of it."""
        deadline = time.monotonic() + timeout
        with self.masked():
            return _drive(steps, lambda request: self._send(request, deadline - time.monotonic()))

    async def run_async(self, steps: Steps[ReturnT], timeout: float) -> ReturnT:
        """The twin of `run`."""
        deadline = time.monotonic() + timeout
        with self.masked():
            outcome: Incoming | TarashError | None = None
            while True:
                try:
                    request = _next(steps, outcome)
                except StopIteration as ended:
                    return ended.value  # type: ignore[no-any-return] # what the talk returns
                try:
                    outcome = await self._send_async(request, deadline - time.monotonic())
                except TarashError as error:
                    outcome = error

    def _send(self, request: Outgoing, left: float) -> Incoming:
        deadline = time.monotonic() + _seconds(request, left)
        with self.translated(), self.opened(request, deadline) as response, until(deadline):
            response.read()
            return self._incoming(response)

    async def _send_async(self, request: Outgoing, left: float) -> Incoming:
        deadline = time.monotonic() + _seconds(request, left)
        with self.translated():
            async with self.in_time(deadline), self.opened_async(request, deadline) as response:
                await response.aread()
                return self._incoming(response)

    @contextmanager
    def opened(
        self, request: Outgoing, deadline: float, *, quiet: float | None = None, redirects: bool = False
    ) -> Iterator[httpx2.Response]:
        """Sends a request and gives its answer with the body unread. Only the sending keeps to the deadline.

        Args:
            request: what to send.
            deadline: a time of `time.monotonic`.
            quiet: seconds without a byte after which the body is taken as stalled.
            redirects: whether an answer that redirects is given, too, and not an error.
        """
        client = clients.sync_client(self.connection)
        headers = {**request.headers, **(self.connection.headers() if request.keyed else {})}
        with until(deadline):
            response = client.send(client.build_request(**_arguments(request, headers, deadline, quiet)), stream=True)
        with closing(response):
            if response.status_code >= 300 and not (redirects and response.has_redirect_location):
                with until(deadline):
                    response.read()
                raise self._refusal(response)
            yield response

    @asynccontextmanager
    async def opened_async(
        self, request: Outgoing, deadline: float, *, quiet: float | None = None, redirects: bool = False
    ) -> AsyncIterator[httpx2.Response]:
        """The twin of `opened`."""
        async with self.in_time(deadline):
            client = await clients.async_client(self.connection)
            headers = {**request.headers, **(await self.connection.headers_async() if request.keyed else {})}
            arguments = _arguments(request, headers, deadline, quiet)
            response = await client.send(client.build_request(**arguments), stream=True)
        try:
            if response.status_code >= 300 and not (redirects and response.has_redirect_location):
                async with self.in_time(deadline):
                    await response.aread()
                raise self._refusal(response)
            yield response
        finally:
            await response.aclose()

    @asynccontextmanager
    async def in_time(self, deadline: float) -> AsyncIterator[None]:
        """What is awaited in the block ends at the deadline; so it does for a server that drips its answer."""
        try:
            async with asyncio.timeout(deadline - time.monotonic()) as scope:
                yield
        except TimeoutError as error:
            if not scope.expired():
                raise
            raise late(self.connection.host) from error

    async def each_in_time(self, deadline: float, items: AsyncIterable[ItemT]) -> AsyncIterator[ItemT]:
        """`items`, each awaited until `deadline`, a time of `time.monotonic`."""
        iterator = aiter(items)
        while True:
            async with self.in_time(deadline):
                try:
                    item = await anext(iterator)
                except StopAsyncIteration:
                    return
            yield item

    @contextmanager
    def translated(self) -> Iterator[None]:
        """The HTTP library's exceptions as ours."""
        import httpx2

        try:
            yield
        except httpx2.HTTPError as error:
            timed_out = isinstance(error, httpx2.TimeoutException)
            raise connection_fault(error, self.connection.host, timed_out=timed_out) from error
        except httpx2.InvalidURL as error:
            raise connection_fault(error, self.connection.host, timed_out=False) from error

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

    def _incoming(self, response: httpx2.Response) -> Incoming:
        return Incoming(response.status_code, response.headers, response.content, self.connection.secrets())

    def _refusal(self, response: httpx2.Response) -> TarashError:
        return status_fault(
            response.status_code,
            response.headers,
            response.content,
            secrets=self.connection.secrets(),
            where=self._where,
        )


def _drive(steps: Steps[ReturnT], send: Any) -> ReturnT:
    outcome: Incoming | TarashError | None = None
    while True:
        try:
            request = _next(steps, outcome)
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return] # what the talk returns
        try:
            outcome = send(request)
        except TarashError as error:
            outcome = error


def _next(steps: Steps[Any], outcome: Incoming | TarashError | None) -> Outgoing:
    """The talk's next request, given what the last one came to."""
    if outcome is None:
        return next(steps)
    return steps.throw(outcome) if isinstance(outcome, TarashError) else steps.send(outcome)


def _seconds(request: Outgoing, left: float) -> float:
    return left if request.most_seconds is None else min(left, request.most_seconds)


def _arguments(request: Outgoing, headers: dict[str, str], deadline: float, quiet: float | None) -> dict[str, Any]:
    import httpx2

    left = max(deadline - time.monotonic(), 0.001)
    read = left if quiet is None else min(left, quiet)
    content = request.content
    if request.json is not None:
        content = pydantic_core.to_json(request.json)
        headers = {"content-type": "application/json", **headers}
    return {
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "content": content,
        "timeout": httpx2.Timeout(left, connect=min(left, CONNECT_SECONDS), read=read),
    }
