"""Connections: one deadline for each call, private headers added last, addresses screened at the connect.

httpcore2 hands the timeout of a request to every connect, read and write of its network backend. Here that timeout is a
`Deadline`, which knows when the whole call is over. No name is resolved again after it was
screened, so that DNS rebinding gains nothing. Imported on first use only, because of the HTTP library.
"""

from __future__ import annotations

import asyncio
import functools
import os
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import httpcore2  # noqa: TID253 # imported itself when the first URL is fetched

from tarash.tarash_gateway._environment import read_variable
from tarash.tarash_gateway.errors import ConfigurationError, ConnectionFailedError, UnsafeUrlError
from tarash.tarash_gateway.media import addresses
from tarash.tarash_gateway.media.loop_streams import connect as connect_in_loop
from tarash.tarash_gateway.media.proxies import Proxy, proxy_for
from tarash.tarash_gateway.media.steps import PIECE, Deadline, Private, forget_frames, seconds_left

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "NETWORK_ERRORS",
    "TIMEOUTS",
    "Deadline",
    "open_async_pool",
    "open_pool",
    "target",
    "trusted",
    "why",
]

TIMEOUTS = (TimeoutError, httpcore2.TimeoutException)
NETWORK_ERRORS = (OSError, httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError)

CONNECT_SECONDS: Final = 10.0
"""Seconds that a connection to one address may take to come up."""

IDLE_CONNECTIONS: Final = 100
"""Connections of a pool that are kept open without a request."""

IDLE_SECONDS: Final = 5.0
"""Seconds that they are kept; a router on the way may forget them sooner than it says."""

_Resolved = list[tuple[Any, ...]]
"""What `socket.getaddrinfo` returns."""


def _keepalive() -> list[tuple[int, int, int]]:
    """Lists socket options for a probe every 30 s: NAT drops silent connections."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 6)):
        if hasattr(socket, name):  # they differ by system
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options


KEEPALIVE: Final = _keepalive()


def trusted() -> ssl.SSLContext:
    """Returns the certificates to trust. Read once for each setting of the environment: it takes 20 to 40 ms.

    Raises:
        ConfigurationError: `SSL_CERT_FILE` or `SSL_CERT_DIR` names nothing that can be read. Nothing was sent.
    """
    return _trusted(read_variable("SSL_CERT_FILE"), read_variable("SSL_CERT_DIR"))


@functools.lru_cache(maxsize=4)
def _trusted(file: str | None, folder: str | None) -> ssl.SSLContext:
    name, place = ("SSL_CERT_FILE", file) if file is not None else ("SSL_CERT_DIR", folder)
    try:
        if file is not None:
            return ssl.create_default_context(cafile=file)
        if folder is not None:
            os.listdir(folder)  # noqa: PTH208 # one that is not there is no error to OpenSSL: it would trust nobody
            return ssl.create_default_context(capath=folder)
        return httpcore2.default_ssl_context()
    except OSError as error:
        why = error.strerror or error
        msg = f"the certificates of {name}={place} cannot be read: {why}. Set the variable right, or leave it out."
        raise ConfigurationError(msg, billable="no") from error


def open_pool(url: str, *, allow_private: bool | None, use_proxies: bool = True) -> httpcore2.ConnectionPool:
    """Makes connections to the host of `url`, through the environment's proxy where it names one for that host.

    Each request on it needs `extensions={"timeout": Deadline(seconds).timeouts}`.

    Args:
        url: where the first request goes.
        allow_private: None screens no address (the vendor's own endpoint); False refuses private addresses, True lets
            them pass, and neither lets a cloud's metadata service pass. Through a proxy, which resolves names itself,
            only an address that is spelled out can be screened.
        use_proxies: whether the environment's proxies are used.

    Raises:
        ConfigurationError: the environment names a proxy that cannot be used.
        UnsafeUrlError: `url` spells out an address that is refused.
    """
    kinds = httpcore2.ConnectionPool, httpcore2.SOCKSProxy, httpcore2.HTTPProxy
    pool: httpcore2.ConnectionPool = _open(url, kinds, _Backend, allow_private, proxy_for(url) if use_proxies else None)
    return pool


def open_async_pool(url: str, *, allow_private: bool | None, use_proxies: bool = True) -> httpcore2.AsyncConnectionPool:
    """Makes connections as `open_pool` does, for asyncio. Call it in a thread: it may read certificates for 40 ms."""
    kinds = httpcore2.AsyncConnectionPool, httpcore2.AsyncSOCKSProxy, httpcore2.AsyncHTTPProxy
    proxy = proxy_for(url) if use_proxies else None
    pool: httpcore2.AsyncConnectionPool = _open(url, kinds, _AsyncBackend, allow_private, proxy)
    return pool


def _open(url: str, kinds: tuple[Any, Any, Any], backend: Any, allow_private: bool | None, proxy: Proxy | None) -> Any:  # noqa: FBT001 # private
    """Makes a pool of the first of `kinds`; of the second or third where a SOCKS or an HTTP proxy is used."""
    parts = httpcore2.URL(url)
    if proxy is not None and allow_private is not None:
        host = parts.host.decode("ascii").strip("[]")
        if address := addresses.literal(host):
            _screen(host, _as_resolved(address), allow_private=allow_private)
    options: dict[str, Any] = {
        "network_backend": backend(allow_private=None if proxy else allow_private, proxy=proxy),
        "ssl_context": trusted() if parts.scheme == b"https" else None,
        # Concurrent jobs poll at their own times: a limit would let one wait for another.
        "max_connections": None,
        "max_keepalive_connections": IDLE_CONNECTIONS,
        "keepalive_expiry": IDLE_SECONDS,
    }
    plain, socks, http = kinds
    if proxy is None:
        return plain(**options)
    if proxy.is_socks:
        return socks(proxy.url, proxy.auth, **options)
    return http(proxy.url, proxy.auth, proxy_ssl_context=trusted() if proxy.is_encrypted else None, **options)


def target(url: httpx2.URL) -> httpcore2.URL:
    """Returns a URL as the pools take it."""
    return httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def why(error: BaseException | None) -> str:
    """Returns what the system says of a failure, else its kind: the HTTP library's words may quote the server."""
    kind = type(error).__name__
    while error:
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        error = error.__cause__ or error.__context__
    return kind


class _Backend(httpcore2.NetworkBackend):
    """Connects within the deadline in the timeout; if told to screen, only to addresses that may be fetched from."""

    def __init__(self, *, allow_private: bool | None, proxy: Proxy | None = None) -> None:
        self._allow_private, self._proxy = allow_private, proxy
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002 - every socket has `KEEPALIVE`
    ) -> httpcore2.NetworkStream:
        """Tries each address of `host` in turn."""
        failure: Exception | None = None
        for address in self._addresses(host, port, timeout):
            seconds = seconds_left(timeout, httpcore2.ConnectTimeout)
            seconds = CONNECT_SECONDS if seconds is None else min(seconds, CONNECT_SECONDS)
            try:
                stream = self._sockets.connect_tcp(address, port, seconds, local_address, KEEPALIVE)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream)
        raise failure or _nowhere(host)

    def _addresses(self, host: str, port: int, timeout: float | None) -> list[str]:
        try:
            resolved = _resolve_in_time(host, port, seconds_left(timeout, httpcore2.ConnectTimeout))
        except ConnectionFailedError as error:
            if self._allow_private is not None:
                raise
            raise httpcore2.ConnectError(_of_proxy(self._proxy, str(error.__cause__))) from error.__cause__
        if self._allow_private is None:
            return list(dict.fromkeys(str(where[0]) for *_, where in resolved))
        return [str(address) for address in _screen(host, resolved, allow_private=self._allow_private)]


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step ends at the deadline of its request; the library's own restarts its clock."""

    def __init__(self, inner: httpcore2.NetworkStream, *, plain: bool = True) -> None:
        self._inner = inner
        self._head = b""
        # The socket itself costs less than the library's way to it. Encryption inside encryption has no socket for it.
        self._socket: socket.socket | None = inner.get_extra_info("socket") if plain else None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._head:
            self._flush(b"", timeout)
        seconds = seconds_left(timeout, httpcore2.ReadTimeout)
        connection = self._socket
        if connection is None:
            return self._inner.read(max(max_bytes, PIECE), seconds)
        try:
            connection.settimeout(seconds)
            return connection.recv(PIECE)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        private: Private | None = getattr(timeout, "private", None)
        if private is not None and not self._head and private.is_in(buffer):
            self._head = buffer  # goes out with what is written next, or before the next read: one packet for both
            return
        self._flush(buffer, timeout)

    def _flush(self, buffer: bytes, timeout: float | None) -> None:
        """Sends the head that waits, and `buffer` behind it."""
        head, self._head = self._head, b""
        if not head and not buffer:
            return
        seconds = seconds_left(timeout, httpcore2.WriteTimeout)
        private: Private | None = getattr(timeout, "private", None)
        if private is None or not head:
            self._send(head + buffer, seconds)
            return
        try:
            if len(buffer) > PIECE:  # too large to be copied
                self._send(private.put_on(head), seconds)
                self._send(buffer, seconds)
            else:
                self._send(private.put_on(head) + buffer, seconds)
        except BaseException as error:
            forget_frames(error)
            raise

    def _send(self, buffer: bytes, seconds: float | None) -> None:
        connection = self._socket
        if connection is None:
            self._inner.write(buffer, seconds)
            return
        try:
            connection.settimeout(seconds)
            connection.sendall(buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        plain = not isinstance(self._socket, ssl.SSLSocket) and self._socket is not None
        seconds = seconds_left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, seconds), plain=plain)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _AsyncBackend(httpcore2.AsyncNetworkBackend):
    """The twin of `_Backend`, for asyncio."""

    def __init__(self, *, allow_private: bool | None, proxy: Proxy | None = None) -> None:
        self._allow_private, self._proxy = allow_private, proxy

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - the pool gives none
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002 - every socket has `KEEPALIVE`
    ) -> httpcore2.AsyncNetworkStream:
        """Connects to `host`; its addresses are tried in turn, or concurrently where none is screened."""
        if self._allow_private is None:
            try:
                return await connect_in_loop(host, port, timeout, CONNECT_SECONDS, KEEPALIVE)
            except socket.gaierror as error:
                raise httpcore2.ConnectError(_of_proxy(self._proxy, str(error))) from error
        failure: Exception | None = None
        for address in _screen(host, await _resolve(host, port), allow_private=self._allow_private):
            try:
                # A spelled-out address is not resolved again.
                return await connect_in_loop(str(address), port, timeout, CONNECT_SECONDS, KEEPALIVE)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or _nowhere(host)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _of_proxy(proxy: Proxy | None, text: str) -> str:
    return text if proxy is None else f"the proxy {proxy.shown}: {text}"


def _screen(host: str, resolved: _Resolved, *, allow_private: bool) -> list[addresses.Address]:
    """Returns the addresses of `host`, each once; one bad address among good ones refuses them all."""
    found: list[addresses.Address] = []
    for *_, where in resolved:
        address = addresses.literal(str(where[0]))
        if address is None:
            raise _nowhere(host)
        if refused := addresses.refusal(address, allow_private=allow_private):
            leads = "is" if addresses.literal(host) else f"leads to {address}, which is"
            way_out = (
                "No setting allows that; give the image itself, as bytes or as a file."
                if refused.final
                else "Give the image itself, as bytes or as a file, "
                "or pass provider_config={'allow_private_urls': True} if you mean it."
            )
            msg = f"{host} {leads} {refused.reason}, so no reference image is fetched from it. {way_out}"
            raise UnsafeUrlError(msg)
        if address not in found:
            found.append(address)
    return found


async def _resolve(host: str, port: int) -> _Resolved:
    if address := addresses.literal(host):
        return _as_resolved(address)
    try:
        return list(await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        raise _nowhere(host) from error


def _resolve_in_time(host: str, port: int, seconds: float | None) -> _Resolved:
    """Resolves in a thread of its own: the resolver knows no deadline, and cannot be interrupted."""
    if address := addresses.literal(host):
        return _as_resolved(address)
    outcome: list[_Resolved | Exception] = []

    def resolve() -> None:
        try:
            outcome.append(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except Exception as error:  # noqa: BLE001 - raised again below, in the thread that asked
            outcome.append(error)

    thread = threading.Thread(target=resolve, name="tarash-resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        msg = f"{host} was not resolved in time"
        raise httpcore2.ConnectTimeout(msg)
    found = outcome[0]
    if isinstance(found, OSError | UnicodeError):
        raise _nowhere(host) from found
    if isinstance(found, Exception):
        raise found
    return found


def _as_resolved(address: addresses.Address) -> _Resolved:
    return [((str(address), 0),)]


def _nowhere(host: str) -> ConnectionFailedError:
    msg = f"{host} has no address that could be found. Check the name, and that this machine can resolve names."
    return ConnectionFailedError(msg, retryable=True, billable="no")
