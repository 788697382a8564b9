"""Sends requests and reads answers, blocking and async: one deadline, no retry, no redirect, a size limit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.plugins.http.connection import Connection
from tarash.tarash_gateway.plugins.http.request import HttpRequest

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins.sink import Sink


class EventStream(Protocol):
    """The events of a streamed answer, to be closed by whoever asked for it."""

    answer: Any
    """Status and headers of the answer; no body."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Gives each event as parsed JSON, its `type` filled in from the line `event:` where only that has it."""
        ...

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """The twin of `__iter__`, of `events_async`."""
        ...


class HttpClient:
    """Sends the requests of one connection. Cheap to make: sockets are shared by all clients of equal connections.

    Args:
        connection: where requests go, and the key.
        read_error: what an answer with a status of 300 or above means; without it, the kit's `read_error`.
    """

    def __init__(self, connection: Connection, *, read_error: Callable[[Any], TarashError] | None = None) -> None:
        self.connection = connection
        self._read_error = read_error

    def send(self, request: HttpRequest, timeout: float) -> Any:
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
        raise NotImplementedError

    async def send_async(self, request: HttpRequest, timeout: float) -> Any:
        """The twin of `send`."""
        raise NotImplementedError

    def events(self, request: HttpRequest, timeout: float) -> EventStream:
        """Sends a request once and gives the events of its answer as they come, all within one deadline."""
        raise NotImplementedError

    async def events_async(self, request: HttpRequest, timeout: float) -> EventStream:
        """The twin of `events`."""
        raise NotImplementedError

    def download(self, request: HttpRequest, sink: Sink, timeout: float) -> None:
        """Streams a GET into `sink`, from `sink.offset` on.

        `request.path` may be a whole address that an answer names. The key goes to the connection's own origin only.
        Redirects are followed without the key, to public addresses only (`connection.allow_private_urls` widens it);
        the address that is really connected to is the one that is screened.

        Raises:
            DownloadError: the download broke off; asking again costs nothing.
            UnsafeUrlError: the address, or one that it redirects to, must not be fetched.
        """
        raise NotImplementedError

    async def download_async(self, request: HttpRequest, sink: Sink, timeout: float) -> None:
        """The twin of `download`."""
        raise NotImplementedError
