"""HTTP to Kiln: each request is sent once, ends in time, and takes the key to the vendor's own address only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tarash.tarash_gateway.errors import ConnectionFailedError, InvalidResponseError
from tarash.tarash_gateway.redaction import mask, mask_all

from .faults import refusal
from .key import KeySource, key_of

if TYPE_CHECKING:
    import ssl

    import httpx2

CONNECT_SECONDS = 10.0
"""Seconds after which a server is not reached. Nothing was sent then, and nothing can be on a bill."""


class Client:
    """The vendor at one address, with one key. Each request has a connection of its own, so there is none to close.

    Args:
        endpoint: the base URL.
        source: the key, or a function that gives it.
    """

    def __init__(self, endpoint: str, source: KeySource) -> None:
        self.endpoint = endpoint
        self._source = source
        self.secrets = {source} if isinstance(source, str) else set()
        """Keys that were sent, to be masked in whatever the vendor's answers quote."""

    async def call(self, method: str, path: str, *, timeout: float, body: Any = None) -> dict[str, Any]:
        """Sends one request, and gives the JSON object that comes back.

        Args:
            method: such as `POST`.
            path: behind the base URL, or a whole address.
            timeout: seconds for all of it.
            body: sent as JSON.
        """
        async with self.open(method, path, timeout=timeout, json=body) as response:
            return self.read(await response.aread(), response.status_code)

    def read(self, content: bytes, status: int) -> dict[str, Any]:
        """The JSON object of an answer, or of one event of a stream."""
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            told = mask(content[:200].decode(errors="replace"), self.secrets)
            msg = f"{self.endpoint} answered what is no JSON object: {told!r}. Is base_url right?"
            # A look at a job is asked again; whether a request that creates something did so is not known.
            raise InvalidResponseError(msg, status_code=status, billable="unknown", retryable=True)
        return answer

    @asynccontextmanager
    async def open(
        self, method: str, path: str, *, timeout: float, headers: Mapping[str, str] | None = None, **content: Any
    ) -> AsyncIterator[httpx2.Response]:
        """Sends one request. Its answer is read inside of the block, and in time too.

        Args:
            method: such as `POST`.
            path: behind the base URL, or a whole address.
            timeout: seconds for all of it.
            headers: besides the key.
            content: `json=`, `content=` for bytes, or `data=` and `files=` for a form.
        """
        import httpx2  # here, so that a list of models needs no HTTP library

        url = path if "://" in path else f"{self.endpoint}{path}"
        limits = httpx2.Timeout(None, connect=min(timeout, CONNECT_SECONDS))
        try:
            async with (
                asyncio.timeout(timeout),  # for the whole of it: a server may drip its answer a byte at a time
                httpx2.AsyncClient(verify=_trusted(), follow_redirects=False, timeout=limits) as http,
            ):
                sent = {**(headers or {}), **await self._key_for(url)}
                async with http.stream(method, url, headers=sent, **content) as response:
                    if response.status_code >= 300:
                        raise refusal(response.status_code, response.headers, await response.aread(), self.secrets)
                    yield response
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            msg = f"{urlsplit(url).hostname} cannot be reached ({type(error).__name__})"
            raise ConnectionFailedError(msg, retryable=True, billable="no") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            msg = f"{urlsplit(url).hostname} gave no whole answer ({type(error).__name__})"
            raise ConnectionFailedError(msg, retryable=True, billable="unknown") from error

    def shown(self, answer: Any) -> Any:
        """An answer without the key in it, as it may be shown."""
        return mask_all(answer, self.secrets)

    async def _key_for(self, url: str) -> dict[str, str]:
        """The header with the key; none where the address is not the vendor's own."""
        if urlsplit(url)[:2] != urlsplit(self.endpoint)[:2]:
            return {}
        key = await key_of(self._source)
        self.secrets.add(key)
        return {"x-kiln-key": key}


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates to trust, read once: that takes longer than a request."""
    import httpx2

    return httpx2.create_ssl_context()
