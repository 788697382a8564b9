"""Sends requests through the SDK, and tells what it raises in the gateway's errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from types import TracebackType
from typing import Any, TypeVar

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.plugins.deadlines import until
from tarash.tarash_gateway.redaction import mask, mask_all
from tarash_gateway_openai import clients
from tarash_gateway_openai.answers import Incoming
from tarash_gateway_openai.connection import Connection
from tarash_gateway_openai.direct import CONNECT_SECONDS
from tarash_gateway_openai.faults import connection_fault, event_fault, late, status_fault
from tarash_gateway_openai.wire import Outgoing

ItemT = TypeVar("ItemT")

QUIET_SECONDS = 30.0
"""Seconds without a byte after which a download is taken as stalled; it is continued on another connection."""

_RAW = {"X-Stainless-Raw-Response": "stream"}
"""The SDK's own way to hand out an answer before its body is read."""


class Transport:
    """The SDK over one connection."""

    def __init__(self, connection: Connection, key_variable: str) -> None:
        self.connection = connection
        self._key_variable = key_variable

    def send(self, outgoing: Outgoing, timeout: float) -> Incoming:
        """Sends a request and reads its answer."""
        client = clients.kept(self.connection)
        with self.translated(), until(time.monotonic() + timeout):
            if outgoing.multipart:
                return self.incoming(client.sdk.post(**_arguments(outgoing, timeout)))
            return self.incoming(client.direct.send(outgoing, timeout))

    async def send_async(self, outgoing: Outgoing, timeout: float) -> Incoming:
        """The twin of `send`."""
        client = await clients.kept_async(self.connection)
        with self.translated():
            async with self.in_time(timeout):
                if outgoing.multipart:
                    return self.incoming(await client.sdk.post(**_arguments(outgoing, timeout)))
                return self.incoming(await client.direct.send_async(outgoing, timeout))

    def open(self, outgoing: Outgoing, timeout: float) -> Any:
        """Sends a request; gives the answer with its body unread, to be closed by the caller."""
        client = clients.sync_client(self.connection)
        with until(time.monotonic() + timeout):
            return client.get(**_streamed(outgoing, timeout))

    async def open_async(self, outgoing: Outgoing, timeout: float) -> Any:
        """The twin of `open`."""
        client = await clients.async_client(self.connection)
        return await client.get(**_streamed(outgoing, timeout))

    def events(self, outgoing: Outgoing, timeout: float) -> Any:
        """Sends a request; gives the SDK's stream of its events, to be closed by the caller."""
        import openai

        client = clients.sync_client(self.connection)
        with until(time.monotonic() + timeout):
            return client.post(**_events(outgoing, timeout, openai.Stream))

    async def events_async(self, outgoing: Outgoing, timeout: float) -> Any:
        """The twin of `events`."""
        client = await clients.async_client(self.connection)
        import openai

        async with self.in_time(timeout):
            return await client.post(**_events(outgoing, timeout, openai.AsyncStream))

    def in_time(self, timeout: float) -> AbstractAsyncContextManager[None]:
        """What is awaited in the block ends when the time is over; so it does for a server that drips its answer."""
        return _InTime(self.connection.base_url, timeout)

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
        """The SDK's exceptions as ours."""
        import openai

        try:
            yield
        except openai.APIStatusError as error:
            self._hide_keys(error)
            raise status_fault(
                error.status_code,
                error.response.headers,
                error.response.content,
                secrets=self.connection.secrets(),
                variable=self._key_variable,
                about_a_job=error.request.method != "POST",
            ) from error
        except openai.APIConnectionError as error:
            timed_out = isinstance(error, openai.APITimeoutError)
            raise connection_fault(error, self.connection.base_url, timed_out=timed_out) from error
        except openai.APIError as error:
            self._hide_keys(error)
            raise event_fault(error.message, error.body, secrets=self.connection.secrets()) from error

    def _hide_keys(self, error: Any) -> None:
        """The SDK's exception stays the cause of ours, and a traceback shows its text."""
        secrets = self.connection.secrets()
        error.args = tuple(mask_all(part, secrets) for part in error.args)
        for name in ("message", "body", "code", "param", "type"):
            if hasattr(error, name):
                setattr(error, name, mask_all(getattr(error, name), secrets))

    def incoming(self, response: Any) -> Incoming:
        """An answer that was read, with the keys that may stand in it."""
        return Incoming(response.status_code, response.headers, response.content, self.connection.secrets())

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


class _InTime:
    """A block that ends in time; a class, since a generator costs three times as much in each call."""

    __slots__ = ("_base_url", "_scope")

    def __init__(self, base_url: str, timeout: float) -> None:
        self._base_url, self._scope = base_url, asyncio.timeout(timeout)

    async def __aenter__(self) -> None:
        await self._scope.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._scope.__aexit__(kind, error, trace)
        except TimeoutError as over:  # its own: one that was raised in the block goes on as it is
            raise late(self._base_url) from over


def _arguments(outgoing: Outgoing, timeout: float, *, quiet: float | None = None) -> dict[str, Any]:
    import httpx2

    headers = dict(outgoing.headers)
    if outgoing.multipart:
        headers["Content-Type"] = "multipart/form-data"
    options = {"headers": headers, "timeout": httpx2.Timeout(**_seconds(timeout, quiet))}
    arguments: dict[str, Any] = {"path": outgoing.path, "cast_to": httpx2.Response, "options": options}
    if outgoing.method == "POST":
        arguments["body"] = outgoing.body
        if outgoing.files:
            arguments["files"] = list(outgoing.files)
    return arguments


def _seconds(timeout: float, quiet: float | None = None) -> dict[str, float]:
    """How long each step of a request may take."""
    read = timeout if quiet is None else min(timeout, quiet)
    return {"connect": min(timeout, CONNECT_SECONDS), "read": read, "write": timeout, "pool": timeout}


def _streamed(outgoing: Outgoing, timeout: float) -> dict[str, Any]:
    """The arguments of a request whose body is streamed."""
    arguments = _arguments(outgoing, timeout, quiet=QUIET_SECONDS)
    arguments["options"]["headers"] = {**arguments["options"]["headers"], **_RAW}
    return arguments


def _events(outgoing: Outgoing, timeout: float, kind: Any) -> dict[str, Any]:
    """The arguments of a request whose answer is a stream of events."""
    return {**_arguments(outgoing, timeout), "cast_to": object, "stream": True, "stream_cls": kind[object]}


def is_plain(response: Any) -> bool:
    """Whether a server that does not stream answered at once, with the whole picture."""
    return bool(response.headers.get("content-type", "").startswith("application/json"))
