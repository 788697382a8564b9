"""Videos that were made: kept for a moment where they came inside an answer, and fetched where they are elsewhere."""

from __future__ import annotations

import binascii
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from tarash.tarash_gateway.errors import DownloadError, TarashError, UnsafeUrlError
from tarash.tarash_gateway.media.decoding import decode_base64
from tarash.tarash_gateway.plugins.deadlines import items_until
from tarash_gateway_google.exchange import Outgoing
from tarash_gateway_google.interactions import Video
from tarash_gateway_google.places import Places

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins import Sink
    from tarash_gateway_google.transport import Transport

QUIET_SECONDS = 30.0
"""Seconds without a byte after which a download is taken as stalled; it is continued on another connection."""

MOST_REDIRECTS = 5
_BASE64_CHUNK = 1024 * 1024
"""Characters of base64 that are decoded at a time: a multiple of 4."""


def write_inline(text: str, sink: Sink) -> None:
    """Writes a video that came as base64, piece by piece.

    Raises:
        DownloadError: it is no base64.
    """
    sink.begin(length=None, resumed=False, content_type="video/mp4")
    try:
        for at in range(0, len(text), _BASE64_CHUNK):
            sink.write(binascii.a2b_base64(text[at : at + _BASE64_CHUNK], strict_mode=True))
    except ValueError:
        # Another alphabet, line breaks or no padding: as a whole, then.
        sink.begin(length=None, resumed=False, content_type="video/mp4")
        try:
            sink.write(decode_base64(text))
        except ValueError as error:
            msg = f"the video that came with the answer cannot be read: it {error}"
            raise DownloadError(msg) from error


class Fetch:
    """One fetch of a video: the next address, and what an answer means. The key is for its origin only."""

    def __init__(self, places: Places, transport: Transport, video: Video, sink: Sink, *, allow_private: bool) -> None:
        self._transport, self._sink = transport, sink
        uri = video.uri or ""
        name = places.file_of(uri)
        self._url = uri if name is None else places.download(name)
        self._keyed = name is not None or transport.connection.is_own(uri)
        self._allow_private = allow_private
        self._hops = 0
        if urlsplit(self._url).scheme not in ("http", "https"):
            kind = urlsplit(self._url).scheme or "no address"
            msg = f"the video is not at an address that can be fetched ({kind}): look for it in the storage itself"
            raise DownloadError(msg)

    def run(self, deadline: float) -> None:
        """Fetches it, for a blocking caller."""
        while not self._fetched(deadline):
            pass

    def _fetched(self, deadline: float) -> bool:
        if self._keyed:
            opened = self._transport.opened(self._request(), deadline, quiet=QUIET_SECONDS, redirects=True)
            with self._transport.translated(), opened as response:
                if not self._accepts(response.status_code, response.headers):
                    return False
                for chunk in items_until(deadline, response.iter_raw()):
                    self._sink.write(chunk)
            return True
        with _elsewhere(self._url), self._foreign(deadline) as answer:
            if not self._accepts(answer.status, _named(answer.headers)):
                return False
            for chunk in answer.iter_stream():
                self._sink.write(chunk)
        return True

    async def run_async(self, deadline: float) -> None:
        """The twin of `run`."""
        async with self._transport.in_time(deadline):
            while not await self._fetched_async(deadline):
                pass

    async def _fetched_async(self, deadline: float) -> bool:
        if self._keyed:
            opened = self._transport.opened_async(self._request(), deadline, quiet=QUIET_SECONDS, redirects=True)
            with self._transport.translated():
                async with opened as response:
                    if not self._accepts(response.status_code, response.headers):
                        return False
                    async for chunk in response.aiter_raw():
                        self._sink.write(chunk)
            return True
        with _elsewhere(self._url):
            async with self._foreign_async() as answer:
                if not self._accepts(answer.status, _named(answer.headers)):
                    return False
                async for chunk in answer.aiter_stream():
                    self._sink.write(chunk)
        return True

    def _request(self) -> Outgoing:
        return Outgoing("GET", self._url, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        # No encoding is asked for: the length says whether all of it came.
        headers = {"accept": "video/mp4, */*", "accept-encoding": "identity"}
        return {**headers, "range": f"bytes={self._sink.offset}-"} if self._sink.offset else headers

    def _accepts(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether the body is the video's; if not, the answer was a redirect and the next address is set."""
        if 300 <= status < 400 and headers.get("location"):
            self._hops += 1
            if self._hops > MOST_REDIRECTS:
                msg = f"the download was redirected more than {MOST_REDIRECTS} times"
                raise DownloadError(msg, status_code=status)
            self._url = urljoin(self._url, headers["location"])
            # Once away from the origin that the key is for, it never goes out again.
            self._keyed = self._keyed and self._transport.connection.is_own(self._url)
            return False
        if status >= 300:
            msg = f"{urlsplit(self._url).hostname} answered {status} instead of the video"
            raise DownloadError(msg, status_code=status, retryable=status in (404, 408, 429) or status >= 500)
        _begin(self._sink, status, headers)
        return True

    @contextmanager
    def _foreign(self, deadline: float) -> Iterator[Any]:
        """An address that the vendor names elsewhere: without the key, and to public addresses only."""
        import httpx2

        from tarash.tarash_gateway.media import connecting  # noqa: PLC0415 # imports an HTTP library

        url = httpx2.URL(self._url)
        tls = connecting.trusted() if url.scheme == "https" else None
        with (
            connecting.pool(tls, deadline=deadline, allow_private=self._allow_private) as pool,
            pool.stream("GET", connecting.target(url), headers=[*self._headers().items()]) as answer,
        ):
            yield answer

    @asynccontextmanager
    async def _foreign_async(self) -> AsyncIterator[Any]:
        import httpx2

        from tarash.tarash_gateway.media import connecting  # noqa: PLC0415 # imports an HTTP library

        url = httpx2.URL(self._url)
        tls = connecting.trusted() if url.scheme == "https" else None
        async with (
            connecting.async_pool(tls, allow_private=self._allow_private) as pool,
            pool.stream("GET", connecting.target(url), headers=[*self._headers().items()]) as answer,
        ):
            yield answer


@contextmanager
def _elsewhere(url: str) -> Iterator[None]:
    """What the network raises on the way to a foreign address, in our words."""
    import httpx2

    from tarash.tarash_gateway.media import connecting  # noqa: PLC0415 # imports an HTTP library

    try:
        yield
    except UnsafeUrlError as error:
        # Core's words are about a reference image.
        msg = (
            f"the vendor says that the video is at {urlsplit(url).hostname}, which is not a public address; "
            "nothing was fetched from it. If you mean it, pass provider_config={'allow_private_urls': True}."
        )
        raise UnsafeUrlError(msg, billable="yes") from error
    except TarashError:
        raise
    except (*connecting.TIMEOUTS, *connecting.NETWORK_ERRORS) as error:
        msg = f"the video at {urlsplit(url).hostname} could not be fetched: {connecting.why(error)}"
        raise DownloadError(msg, retryable=True) from error
    except (httpx2.InvalidURL, ValueError) as error:
        msg = "the vendor names an address of the video that cannot be read as one"
        raise DownloadError(msg) from error


def _named(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _begin(sink: Sink, status: int, headers: Mapping[str, str]) -> None:
    """Tells the sink what comes: how long it is, and whether it continues what is there."""
    encoding = headers.get("content-encoding") or "identity"
    if encoding != "identity":
        # A megabyte of it may become a gigabyte; a clip gains nothing by it.
        msg = f"the server sent the clip encoded ({encoding}), which it was asked not to do; it was not unpacked"
        raise DownloadError(msg)
    length = headers.get("content-length")
    start = headers.get("content-range", "").removeprefix("bytes ").split("-")[0].strip()
    sink.begin(
        length=int(length) if length and length.isdigit() else None,
        resumed=status == 206 and start == str(sink.offset),
        content_type=headers.get("content-type"),
    )
