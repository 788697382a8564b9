"""Sends requests: what is JSON or has no body straight through the kit, forms and streams through the SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.plugins import import_library
from tarash.tarash_gateway.plugins.http import (
    Answer,
    Connection,
    Deadline,
    EventStream,
    HttpClient,
    HttpRequest,
    connection_error,
)
from tarash_gateway_openai.clients import sdk_of, sdk_of_async
from tarash_gateway_openai.errors import hide_keys

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins import Sink

_RAW = {"X-Stainless-Raw-Response": "stream"}
"""The SDK's own way to hand out an answer before its body is read."""


class Sender:
    """The requests of one connection.

    Args:
        connection: where they go.
        read_error: what an answer with a status of 300 or above means.
    """

    def __init__(self, connection: Connection, read_error: Callable[[Answer], TarashError]) -> None:
        self._connection, self._read_error = connection, read_error

    def send(self, request: HttpRequest, timeout: float) -> Answer:
        """Sends a request once and reads its answer.

        Raises:
            TarashError: the answer's status is 300 or above, or there is no whole answer.
        """
        sdk = sdk_of(self._connection)
        if not request.form:
            return self._good(sdk.direct.exchange(request, timeout))
        with self._translated(request, sdk.direct):
            return self._read(request, sdk.direct, sdk.blocking.post(**_arguments(request, timeout)))

    async def send_async(self, request: HttpRequest, timeout: float) -> Answer:
        """The twin of `send`."""
        sdk = await sdk_of_async(self._connection)
        if not request.form:
            return self._good(await sdk.direct_async.exchange_async(request, timeout))
        with self._translated(request, sdk.direct_async):
            return self._read(request, sdk.direct_async, await sdk.awaited.post(**_arguments(request, timeout)))

    def download(self, request: HttpRequest, sink: Sink, timeout: float) -> None:
        """Streams a GET into `sink`, through the kit."""
        HttpClient(self._connection, read_error=self._read_error).download(request, sink, timeout)

    async def download_async(self, request: HttpRequest, sink: Sink, timeout: float) -> None:
        """The twin of `download`."""
        await HttpClient(self._connection, read_error=self._read_error).download_async(request, sink, timeout)

    def events(self, request: HttpRequest, timeout: float) -> EventStream:
        """Sends a request once and gives the events of its answer, to be closed by the caller."""
        sdk = sdk_of(self._connection)
        with self._translated(request, sdk.direct):
            response: Any = sdk.blocking.post(**_arguments(request, timeout, **_RAW))
            return self._stream(request, sdk.direct, response)

    async def events_async(self, request: HttpRequest, timeout: float) -> EventStream:
        """The twin of `events`."""
        sdk = await sdk_of_async(self._connection)
        with self._translated(request, sdk.direct_async):
            response: Any = await sdk.awaited.post(**_arguments(request, timeout, **_RAW))
            return self._stream(request, sdk.direct_async, response)

    def _good(self, answer: Answer) -> Answer:
        if answer.status >= 300:
            raise self._read_error(answer)
        return answer

    def _read(self, request: HttpRequest, http: HttpClient, response: Any) -> Answer:
        return self._good(http.answer(request, response.status_code, response.headers, response.content))

    def _stream(self, request: HttpRequest, http: HttpClient, response: Any) -> EventStream:
        answer = http.answer(request, response.status_code, response.headers)
        return EventStream(self._good(answer), _Pieces(response), self._connection.host)

    @contextmanager
    def _translated(self, request: HttpRequest, http: HttpClient) -> Iterator[None]:
        """Turns the SDK's exceptions into ours."""
        openai = import_library("openai")
        try:
            yield
        except openai.APIStatusError as error:
            answer = http.answer(request, error.status_code, error.response.headers, error.response.content)
            hide_keys(error, answer)
            raise self._read_error(answer) from error
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, TarashError):
                raise error.__cause__ from None
            raise connection_error(error, self._connection.host) from error


class _Pieces:
    """The body of a streamed answer of the SDK's."""

    def __init__(self, response: Any) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_raw()  # type: ignore[no-any-return] # a blocking answer's

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._response.aiter_raw()  # type: ignore[no-any-return] # an async answer's

    def close(self) -> None:
        self._response.close()

    async def aclose(self) -> None:
        await self._response.aclose()


def _arguments(request: HttpRequest, timeout: float, **headers: str) -> dict[str, Any]:
    """Returns the arguments of a request that goes through the SDK."""
    import httpx2

    deadline = Deadline(timeout, limit=request.limit)
    form = {"Content-Type": "multipart/form-data"} if request.form else {}
    options = {
        "headers": {**form, **request.headers, **headers},
        "timeout": httpx2.Timeout(connect=deadline, read=deadline, write=deadline, pool=deadline),
    }
    arguments = {"path": request.path, "cast_to": httpx2.Response, "options": options, "body": request.body}
    if request.files:
        files = [(part.name, (part.filename, part.content, part.content_type)) for part in request.files]
        arguments["files"] = files
    return arguments
