"""The signature in a result's address is as good as the result: it goes out, and stands in no log and no error.

The HTTP library logs the address of every request, and its exceptions carry the request. So the query travels beside
the request, and is put into the address on the last step. At DEBUG it logs the headers of an answer too, one of
which says where a redirect leads: that one is hidden.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

BESIDE = "tarash.query"
"""The extension of a request that holds its query."""


_LOCATION = re.compile(r"""(?i)\(b'location', b('[^']*'|"[^"]*")\)""")


def _without_location(record: logging.LogRecord) -> bool:
    """A filter that lets every line pass, without what it says of where a redirect leads."""
    if isinstance(record.msg, str) and "ocation'" in record.msg:
        record.msg = _LOCATION.sub("(b'location', b'[address]')", record.msg)
    return True


def keep_from_logs(http: httpx2.Client | httpx2.AsyncClient) -> None:
    """Lets the connections of a client, those through a proxy too, put the query that travels beside in its place."""
    logging.getLogger("httpcore2.http11").addFilter(_without_location)  # the same one each time: it is there once
    # The library chooses its transports by the environment; it has no argument to wrap what it chose.
    http._transport = _wrapped(http._transport)  # noqa: SLF001 # see above
    mounts: dict[Any, Any] = http._mounts  # noqa: SLF001 # see above
    mounts |= {pattern: _wrapped(inner) for pattern, inner in mounts.items() if inner is not None}


def _wrapped(inner: Any) -> Any:
    import httpx2

    def whole(request: httpx2.Request) -> httpx2.Request:
        query = request.extensions.get(BESIDE)
        if not query:
            return request
        more = {name: value for name, value in request.extensions.items() if name != BESIDE}
        url = request.url.copy_with(query=query)
        return httpx2.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=more)

    class Wrapped(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            return inner.handle_request(whole(request))  # type: ignore[no-any-return]

        def close(self) -> None:
            inner.close()

    class AsyncWrapped(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return await inner.handle_async_request(whole(request))  # type: ignore[no-any-return]

        async def aclose(self) -> None:
            await inner.aclose()

    return Wrapped() if isinstance(inner, httpx2.BaseTransport) else AsyncWrapped()
