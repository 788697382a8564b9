"""Requests that are JSON or have no body, straight through the HTTP client under the SDK.

For each request the SDK puts address, headers and body together anew, and looks for files, for other ways to sign in
and for a model to make of the answer: half of the CPU that a call costs. What it says of every request is taken from
it here once: its address, its headers, its query. Connections, hooks and cookies are those of its HTTP client, and
what goes wrong is raised as the SDK's own exceptions. Forms, streams and downloads go through the SDK itself.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI, OpenAI

    from tarash_gateway_openai.connection import Connection
    from tarash_gateway_openai.wire import Outgoing

CONNECT_SECONDS = 10.0
"""Seconds that a connection may take to come up."""

KNOWN_ADDRESSES = 1024
"""Addresses that are kept taken apart: those of jobs are asked for again and again."""


class Direct:
    """The HTTP client under a client of the SDK, and what the SDK sends with each of its requests."""

    def __init__(self, client: OpenAI | AsyncOpenAI, http: Any, connection: Connection) -> None:
        self._client, self._http, self._connection = client, http, connection
        self._base_url = client.base_url
        self._query: Any = client.default_query
        self._headers = _headers_of(client, http)
        self._without_body = self._headers.copy()
        self._without_body.pop("Content-Type", None)
        self._signed = "Authorization" in self._headers  # the connection may have a header of its own for it
        self._addresses: dict[str, httpx2.URL] = {}

    def send(self, outgoing: Outgoing, timeout: float) -> httpx2.Response:
        """Sends a request and reads its answer.

        Raises:
            openai.APIError: as the SDK does.
        """
        request = self.request(outgoing, timeout, self._connection.current_key(), step=timeout)
        with _as_sdk(request):
            response: httpx2.Response = self._http.send(request)
        return self._good(response)

    async def send_async(self, outgoing: Outgoing, timeout: float) -> httpx2.Response:
        """The twin of `send`; whoever awaits it ends it when `timeout` is over, so that no step of it is timed."""
        request = self.request(outgoing, timeout, await self._connection.current_key_async(), step=None)
        with _as_sdk(request):
            response: httpx2.Response = await self._http.send(request)
        return self._good(response)

    def request(self, outgoing: Outgoing, timeout: float, key: str, *, step: float | None) -> httpx2.Request:
        """The request as it goes out.

        Args:
            outgoing: what is asked.
            timeout: seconds that it may take.
            key: what it is signed with.
            step: seconds that one read or write may take; None for as long as it takes.
        """
        import httpx2

        body = b"" if outgoing.body is None else to_json(outgoing.body)
        headers = (self._headers if body else self._without_body).copy()
        if not self._signed:
            headers["Authorization"] = f"Bearer {key}"
        if outgoing.method == "POST":
            headers["Content-Length"] = str(len(body))
        headers["x-stainless-read-timeout"] = str(timeout)
        timeouts = {"connect": min(timeout, CONNECT_SECONDS), "read": step, "write": step, "pool": timeout}
        return httpx2.Request(
            outgoing.method,
            self._addresses.get(outgoing.path) or self._address(outgoing.path),
            headers=headers,
            cookies=self._http.cookies,
            # A `stream` leaves the headers as they are; with `content` the library makes them anew, twice.
            stream=httpx2.ByteStream(body),
            extensions={"timeout": timeouts},
        )

    def _good(self, response: httpx2.Response) -> httpx2.Response:
        """The answer, if its status says that it is one."""
        if response.is_success:
            return response
        import openai

        # The SDK has an exception for each status, and makes it nowhere else; whoever looks at a cause finds it there.
        make = getattr(self._client, "_make_status_error_from_response", None)
        if make is not None:
            raise make(response)
        msg = f"Error code: {response.status_code}"
        raise openai.APIStatusError(msg, response=response, body=None)

    def _address(self, path: str) -> httpx2.URL:
        base = self._base_url
        url = base.copy_with(raw_path=base.raw_path.rstrip(b"/") + path.encode("ascii"))
        if self._query:
            url = url.copy_merge_params(self._query)
        if len(self._addresses) >= KNOWN_ADDRESSES:
            self._addresses.clear()
        self._addresses[path] = url
        return url


def _headers_of(client: OpenAI | AsyncOpenAI, http: Any) -> httpx2.Headers:
    """What the SDK and its HTTP client send with every request."""
    import httpx2

    headers = httpx2.Headers({"Host": client.base_url.netloc.decode("ascii")})
    headers.update(http.headers)
    for name, value in client.default_headers.items():
        if isinstance(value, str):
            headers[name] = value
        else:  # the SDK's mark for a header that is left out
            headers.pop(name, None)
    headers["x-stainless-retry-count"] = "0"
    return headers


@contextmanager
def _as_sdk(request: httpx2.Request) -> Iterator[None]:
    """What the HTTP client raises, as the SDK tells it."""
    import anyio  # noqa: PLC0415 # the HTTP library brings it along
    import httpx2
    import openai

    try:
        yield
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(request=request) from error
    except (httpx2.RequestError, ssl.SSLError, anyio.EndOfStream) as error:  # the last two it does not translate itself
        raise openai.APIConnectionError(request=request) from error
