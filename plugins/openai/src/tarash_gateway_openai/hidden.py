"""Parameters that go out with every request and stand in no log and no error: a gateway's key may be in the query.

The HTTP library logs the address of every request, and its exceptions carry the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

Query = tuple[tuple[str, str], ...]


def keep_from_logs(http: httpx2.Client | httpx2.AsyncClient, query: Query) -> None:
    """Lets the connections of a client, those through a proxy too, put `query` behind the address of each request."""
    if not query:
        return
    # The library chooses its transports by the environment; it has no argument to wrap what it chose.
    http._transport = _wrapped(http._transport, query)  # noqa: SLF001 # see above
    mounts: dict[Any, Any] = http._mounts  # noqa: SLF001 # see above
    mounts |= {pattern: _wrapped(inner, query) for pattern, inner in mounts.items() if inner is not None}


def with_query(url: httpx2.URL, query: Query) -> httpx2.URL:
    """The address with `query` before the parameters that it has."""
    import httpx2

    return url.copy_with(params=httpx2.QueryParams(dict(query)).merge(url.params))


def _wrapped(inner: Any, query: Query) -> Any:
    import httpx2

    def whole(request: httpx2.Request) -> httpx2.Request:
        url = with_query(request.url, query)
        return httpx2.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )

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
