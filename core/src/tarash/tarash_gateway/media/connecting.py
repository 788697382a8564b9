"""Connections that look at where they go: the address is screened between its resolution and its use.

Nothing resolves a name a second time, so a name that changes its mind (DNS rebinding) gains nothing.
Imported on first use only, because of the HTTP library.
"""

from __future__ import annotations

import asyncio
import functools
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import httpcore2  # noqa: TID253 # imported itself when the first URL is fetched

from tarash.tarash_gateway.errors import ConnectionFailedError, UnsafeUrlError
from tarash.tarash_gateway.media import addresses

if TYPE_CHECKING:
    import httpx2

__all__ = ["NETWORK_ERRORS", "TIMEOUTS", "async_pool", "pool", "target", "trusted", "why"]

TIMEOUTS = (TimeoutError, httpcore2.TimeoutException)
NETWORK_ERRORS = (OSError, httpcore2.NetworkError, httpcore2.ProtocolError)

_Resolved = list[tuple[Any, ...]]
"""What `socket.getaddrinfo` returns."""


def trusted() -> ssl.SSLContext:
    """The certificates to trust. Read once for each setting of the environment: it takes 20 to 40 ms."""
    return _trusted(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@functools.lru_cache(maxsize=4)
def _trusted(*_environment: str | None) -> ssl.SSLContext:
    return httpcore2.default_ssl_context()


def pool(tls: ssl.SSLContext | None, *, deadline: float, allow_private: bool) -> httpcore2.ConnectionPool:
    """Connections that end at `deadline`, a time of `time.monotonic` in seconds.

    The environment's proxies are not used: a proxy resolves names itself, where nobody screens them.
    """
    backend = _Screened(deadline=deadline, allow_private=allow_private)
    return httpcore2.ConnectionPool(ssl_context=tls, network_backend=backend)


def async_pool(tls: ssl.SSLContext | None, *, allow_private: bool) -> httpcore2.AsyncConnectionPool:
    """The same for an event loop, where the deadline is the caller's `asyncio.timeout`."""
    backend = _AsyncScreened(allow_private=allow_private)
    return httpcore2.AsyncConnectionPool(ssl_context=tls, network_backend=backend)


def target(url: httpx2.URL) -> httpcore2.URL:
    """A URL as the pools take it."""
    return httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def why(error: BaseException | None) -> str:
    """What the system says of a failure, else its kind: the HTTP library's words may quote the server."""
    kind = type(error).__name__
    while error:
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        error = error.__cause__ or error.__context__
    return kind


class _Screened(httpcore2.NetworkBackend):
    """Connects before one deadline, and only to addresses that `addresses.refusal` lets through."""

    def __init__(self, *, deadline: float, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is stricter
        local_address: str | None = None,  # noqa: ARG002 - the pool gives none
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002 - the pool gives none
    ) -> httpcore2.NetworkStream:
        """Tries each address of `host` in turn."""
        failure: OSError | None = None
        for address in _screen(host, _resolve_in_time(host, port, self._deadline), allow_private=self._allow_private):
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(_left(self._deadline))
                connection.connect((str(address), port))
            except OSError as error:
                connection.close()
                failure = error
            else:
                return _Stream(connection, self._deadline)
        raise failure or _nowhere(host)


class _AsyncScreened(httpcore2.AsyncNetworkBackend):
    """The same for an event loop."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Tries each address of `host` in turn."""
        if known := addresses.literal(host):
            found = _as_resolved(known)
        else:
            try:
                found = list(await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                raise _nowhere(host) from error
        failure: httpcore2.ConnectError | None = None
        for address in _screen(host, found, allow_private=self._allow_private):
            try:
                # A spelled-out address is not resolved again by anyio, nor by asyncio beneath it.
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except httpcore2.ConnectError as error:
                failure = error
        raise failure or _nowhere(host)


def _screen(host: str, resolved: _Resolved, *, allow_private: bool) -> list[addresses.Address]:
    """The addresses of `host`, each once; one bad address among good ones refuses them all."""
    found: list[addresses.Address] = []
    for *_, where in resolved:
        address = addresses.literal(str(where[0]))
        if address is None:
            raise _nowhere(host)
        if refused := addresses.refusal(address, allow_private=allow_private):
            leads = "is" if addresses.literal(host) else f"leads to {address}, which is"
            way_out = (
                "No setting allows that; give the picture itself, as bytes or as a file."
                if refused.final
                else "Give the picture itself, as bytes or as a file, "
                "or pass provider_config={'allow_private_urls': True} if you mean it."
            )
            msg = f"{host} {leads} {refused.reason}, so no reference image is fetched from it. {way_out}"
            raise UnsafeUrlError(msg)
        if address not in found:
            found.append(address)
    return found


def _resolve_in_time(host: str, port: int, deadline: float) -> _Resolved:
    """Resolves in a thread of its own: the resolver knows no deadline, and cannot be interrupted."""
    if known := addresses.literal(host):
        return _as_resolved(known)
    outcome: list[_Resolved | Exception] = []

    def resolve() -> None:
        try:
            outcome.append(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except Exception as error:  # noqa: BLE001 - raised again below, in the thread that asked
            outcome.append(error)

    thread = threading.Thread(target=resolve, name="tarash-resolve", daemon=True)
    thread.start()
    thread.join(_left(deadline))
    if not outcome:
        raise TimeoutError
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


def _left(deadline: float) -> float:
    """Seconds until `deadline`; a `TimeoutError` when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Stream(httpcore2.NetworkStream):
    """A socket whose every step ends at one deadline. The library's own starts its clock anew each time."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._socket = connection
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline is stricter
        self._socket.settimeout(_left(self._deadline))
        return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline is stricter
        self._socket.settimeout(_left(self._deadline))
        self._socket.sendall(buffer)

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is stricter
    ) -> httpcore2.NetworkStream:
        try:
            self._socket.settimeout(_left(self._deadline))
            return _Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._deadline)
        except BaseException:
            self.close()
            raise
