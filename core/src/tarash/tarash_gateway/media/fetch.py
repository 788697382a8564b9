"""Fetches an input image or a result safely: public addresses only, a size limit, a deadline, screened redirects.

`_Fetch` decides what to request and what an answer means; `fetch` and `fetch_async` only transfer bytes.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from tarash.tarash_gateway.errors import (
    ConnectionFailedError,
    DownloadError,
    MediaTooLargeError,
    TarashError,
    UnsafeUrlError,
)
from tarash.tarash_gateway.media import addresses
from tarash.tarash_gateway.media.structure import sniff

if TYPE_CHECKING:
    import httpcore2
    import httpx2

__all__ = ["MAX_BYTES", "MAX_REDIRECTS", "Fetched", "fetch", "fetch_async", "is_own_result"]

MAX_BYTES: Final = 50 * 1024 * 1024
"""Bytes of one reference image that are taken unless the caller says otherwise."""

MAX_REDIRECTS: Final = 5
"""Redirects that are followed, each screened like the first address."""

_HEADERS: Final[Mapping[bytes | str, bytes | str]] = {
    "Accept": "image/*, video/*;q=0.9, */*;q=0.5",
    "Accept-Encoding": "identity",  # images are compressed already, and what is not compressed is no bomb
    "User-Agent": "tarash-gateway",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a URL gave."""

    content: bytes
    """The bytes; whether they are a whole image is for `structure.inspect_media` to say."""

    content_type: str | None
    """The MIME type that the bytes themselves announce, or None. The server's claim is ignored."""

    url: str
    """The URL that gave them, after redirects. It may hold a signature: not for messages or logs."""


def fetch(
    url: str,
    *,
    timeout: float,
    max_bytes: int = MAX_BYTES,
    allow_private: bool = False,
    origin: str | None = None,
    use_proxies: bool = False,
) -> Fetched:
    """Fetches the bytes at a URL.

    Args:
        url: an http or https URL without user name or password.
        timeout: seconds for everything together: resolving, connecting, redirects and the whole body.
        max_bytes: bytes that are taken, counted after any content encoding.
        allow_private: whether loopback and private addresses are meant. Cloud metadata services stay refused.
        origin: the endpoint, where the URL is one of its results. A private endpoint may serve them itself: its own
            scheme, host and port are then no private address, but for what they redirect to.
        use_proxies: whether the environment's proxies are used. A proxy resolves names itself, where nobody screens
            them: through one, only an address that is spelled out is refused.

    Raises:
        UnsafeUrlError: the URL, or one it redirects to, must not be fetched.
        MediaTooLargeError: there are more bytes than `max_bytes`.
        ConnectionFailedError: the host cannot be reached, broke off, or took too long.
        DownloadError: the host answered something else than 200, or a body that cannot be unpacked.
    """
    job = _Fetch(url, timeout, max_bytes, allow_private, origin)
    with job.failures():
        while not job.done:
            # A pool for each hop: nothing of one host, neither connection nor cookie, is carried to the next.
            pool = job.network.open_pool(job.host_address, allow_private=job.allow_private, use_proxies=use_proxies)
            with pool, pool.stream("GET", job.target, headers=_HEADERS, extensions=job.extensions) as answer:
                if job.accepts(answer):
                    for chunk in answer.iter_stream():
                        job.feed(chunk)
                    job.finish()
    return job.result()


async def fetch_async(
    url: str,
    *,
    timeout: float,
    max_bytes: int = MAX_BYTES,
    allow_private: bool = False,
    origin: str | None = None,
    use_proxies: bool = False,
) -> Fetched:
    """Fetches the bytes at a URL, as `fetch` does, without keeping the event loop from other work."""
    # In threads: importing an HTTP library and reading certificates would hold the event loop for 0.1 s.
    job = await asyncio.to_thread(_Fetch, url, timeout, max_bytes, allow_private, origin)
    with job.failures():
        async with asyncio.timeout(job.deadline - time.monotonic()):
            while not job.done:
                options = {"allow_private": job.allow_private, "use_proxies": use_proxies}
                pool = await asyncio.to_thread(job.network.open_async_pool, job.host_address, **options)
                async with (
                    pool,
                    pool.stream("GET", job.target, headers=_HEADERS, extensions=job.extensions) as answer,
                ):
                    if job.accepts(answer):
                        async for chunk in answer.aiter_stream():
                            job.feed(chunk)
                        job.finish()
    return job.result()


class _Answer(Protocol):
    """The part of the HTTP library's sync and async answers that is the same."""

    status: int
    headers: list[tuple[bytes, bytes]]


class _Fetch:
    """One fetch without its transfers: the next request, the meaning of an answer, the bytes so far."""

    def __init__(self, url: str, timeout: float, max_bytes: int, widened: bool, origin: str | None) -> None:  # noqa: FBT001 # `to_thread` takes it so
        self.deadline = time.monotonic() + timeout
        from tarash.tarash_gateway.media import connections  # noqa: PLC0415 - imports an HTTP library

        self.network = connections
        self.done = False
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._what = "reference image" if origin is None else "result"
        self._remedy = "Give the image itself." if origin is None else "Its URL is kept."
        self._url = self._checked(url)
        self._widened = widened
        self._own = origin is not None and is_own_result(str(self._url), origin)
        self._redirects = 0
        self._content = bytearray()  # a list of chunks would be a list of millions, where each has one byte
        self._decoder: Any = None

    @property
    def target(self) -> httpcore2.URL:
        """The next URL."""
        return self.network.target(self._url)

    @property
    def host_address(self) -> str:
        """The next URL without what may be a signature."""
        return str(self._url.copy_with(query=None, fragment=None))

    @property
    def extensions(self) -> dict[str, Any]:
        """The request's extension with the deadline of the fetch."""
        return {"timeout": self.network.Deadline(self.deadline - time.monotonic()).timeouts}

    @property
    def allow_private(self) -> bool:
        """Whether the next URL may lead to a private address."""
        return self._widened or (self._own and not self._redirects)

    def accepts(self, answer: _Answer) -> bool:
        """Whether the body is to be read. If not, the answer was a redirect and the next URL is set."""
        headers = {name.lower(): value for name, value in answer.headers}
        host, status = self._url.host, answer.status
        if status in {301, 302, 303, 307, 308} and b"location" in headers:
            self._redirects += 1
            if self._redirects > MAX_REDIRECTS:
                msg = f"{host} redirects again after {MAX_REDIRECTS} redirects. {self._remedy}"
                raise DownloadError(msg, status_code=status, billable="no")
            self._url = self._checked(headers[b"location"].decode("latin-1"), self._url)
            return False
        if status != 200:
            msg = (
                f"{host} answered {status} instead of a {self._what}. Check that the URL is right and has not expired."
            )
            again = status in {408, 425, 429} or status >= 500
            raise DownloadError(msg, status_code=status, retryable=again, billable="no")
        encoding = headers.get(b"content-encoding", b"identity").strip().lower()
        if encoding in {b"gzip", b"x-gzip", b"deflate"}:
            self._decoder = zlib.decompressobj(32 + zlib.MAX_WBITS)  # either of the two, by its header
        elif encoding not in {b"identity", b""}:
            shown = encoding[:20].decode("ascii", "replace")
            msg = f"{host} sent content encoding {shown!r}, which was not asked for. {self._remedy}"
            raise DownloadError(msg, status_code=status, billable="no")
        elif int(headers.get(b"content-length", b"0")) > self._max_bytes:  # the HTTP library let digits pass only
            raise self._too_large()
        return True

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the body, and unpacks at most one byte above the cap."""
        if self._decoder:
            if self._decoder.eof:  # what follows the end would pile up inside the decoder
                raise self._garbled()
            try:
                chunk = self._decoder.decompress(chunk, self._max_bytes - len(self._content) + 1)
            except zlib.error as error:
                raise self._garbled() from error
        if len(self._content) + len(chunk) > self._max_bytes:
            raise self._too_large()
        self._content += chunk

    def finish(self) -> None:
        """Ends the body."""
        if self._decoder and not self._decoder.eof:
            raise self._garbled()
        self.done = True

    def result(self) -> Fetched:
        """Returns what was fetched."""
        content = bytes(self._content)
        return Fetched(content, sniff(content[:4096]), str(self._url))

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Raises errors of the network as ours."""
        try:
            yield
        except UnsafeUrlError as error:
            where, screened, remedy = error.message.partition(", so no reference image is fetched from it. ")
            if self._what == "reference image" or not screened:
                raise
            setting = "If you mean it, pass provider_config={'allow_private_urls': True}."
            remedy = "No setting allows that." if remedy.startswith("No setting") else setting
            msg = f"the result is not at a public address: {where}; nothing was fetched from it. {remedy}"
            raise UnsafeUrlError(msg, billable="yes") from error
        except TarashError:
            raise
        except self.network.TIMEOUTS as error:
            host, limit = self._url.host, f"{self._timeout:g} s"
            msg = f"fetching the {self._what} from {host} took longer than {limit}. {self._remedy}"
            raise ConnectionFailedError(msg, retryable=True, billable="no") from error
        except self.network.NETWORK_ERRORS as error:
            why = self.network.why(error)
            msg = f"fetching the {self._what} from {self._url.host} failed: {why}. Is the host up?"
            raise ConnectionFailedError(msg, retryable=True, billable="no") from error

    def _too_large(self) -> MediaTooLargeError:
        limit = f"{self._max_bytes:,} bytes"
        remedy = "Give a smaller one." if self._what == "reference image" else self._remedy
        msg = f"the {self._what} at {self._url.host} has more than {limit}. {remedy}"
        return MediaTooLargeError(msg, billable="no")

    def _garbled(self) -> DownloadError:
        msg = f"{self._url.host} sent a compressed body that cannot be unpacked. {self._remedy}"
        return DownloadError(msg, billable="no")

    def _checked(self, text: str, base: httpx2.URL | None = None) -> httpx2.URL:
        """Reads a URL and refuses what needs no address to be refused."""
        import httpx2

        source = f"{base.host} redirects to a URL that" if base else f"the {self._what}'s URL"
        is_input = self._what == "reference image" and not base
        remedy = "Give an http or https URL, the bytes or a file." if is_input else self._remedy
        try:
            url = base.join(text) if base else httpx2.URL(text)
        except (httpx2.InvalidURL, ValueError, TypeError):
            # The library's words quote the URL, which may hold a signature: they are no cause to keep.
            msg = f"{source} cannot be read as one. {remedy}"
            raise UnsafeUrlError(msg, billable="no") from None
        problem = None
        if url.scheme not in {"http", "https"}:
            problem = f"has the scheme {url.scheme[:20]!r}; only http and https are fetched"
        elif url.userinfo:
            problem = "holds a user name or password, which are not sent"
        elif not url.host or not 0 < (url.port or 80) < 65536:
            problem = "has no host or no valid port"
        if problem:
            msg = f"{source} {problem}. {remedy}"
            raise UnsafeUrlError(msg, billable="no")
        return url


def is_own_result(url: str, endpoint: str) -> bool:
    """Whether a result's URL is at the very origin of an endpoint that is a private one itself.

    `localhost`, `127.0.0.1` and `[::1]` are one host. A name that may be public is never private here, whatever it
    leads to: who answers for it could make it lead anywhere.
    """
    own, its = _origin(url), _origin(endpoint)
    return own is not None and own == its and _is_private(own[1])


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if not host or parts.scheme not in _PORTS:
        return None
    address = addresses.literal(host)
    loopback = host == "localhost" or (address is not None and str(address) in {"127.0.0.1", "::1"})
    return parts.scheme, "localhost" if loopback else str(address or host), port or _PORTS[parts.scheme]


def _is_private(host: str) -> bool:
    address = addresses.literal(host)
    if address is not None:
        refused = addresses.refusal(address, allow_private=False)
        return refused is not None and not refused.final
    # One label, or one of the endings that no public name has (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`).
    return "." not in host or host.endswith(_PRIVATE_ENDINGS)


_PORTS: Final = {"http": 80, "https": 443}
_PRIVATE_ENDINGS: Final = (
    ".localhost",
    ".local",
    ".internal",
    ".home.arpa",
    ".lan",
)
