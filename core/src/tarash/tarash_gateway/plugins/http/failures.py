"""What a broken connection means, in the gateway's errors: above all, whether the request can have arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash.tarash_gateway._redaction import Redaction
from tarash.tarash_gateway.errors import ConnectionFailedError, TarashError

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins.http.connection import Connection

_NOT_SENT = frozenset(
    ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "LocalProtocolError")
)
"""Names of the transport's exceptions after which nothing can have arrived."""


def connection_error(error: BaseException, host: str) -> ConnectionFailedError:
    """Returns the error of a request that got no whole answer.

    Args:
        error: what httpx2, httpcore2 or an SDK over them raised; its cause is looked at too.
        host: the host's name, for the text.

    Returns:
        An error with `billable="no"` where nothing can have arrived (not reached, no TLS), else `unknown`.
    """
    cause = error.__cause__ or error
    names = {kind.__name__ for chained in (error, cause) for kind in type(chained).__mro__}
    timed_out = any("Timeout" in name for name in names)
    detail = str(cause) or type(cause).__name__
    if not names & _NOT_SENT:
        what = "did not answer in time" if timed_out else "closed the connection without a whole answer"
        return ConnectionFailedError(f"{host} {what} ({type(cause).__name__})", retryable=True, billable="unknown")
    if any(word in detail.upper() for word in ("CERTIFICATE", "SSL", "TLS")):
        msg = (
            f"no secure connection to {host}: {detail}. Is there a proxy with its own certificate (SSL_CERT_FILE), "
            "or does base_url say https where the server speaks http?"
        )
        return ConnectionFailedError(msg, billable="no")
    msg = f"{host} cannot be reached: {detail}. Is base_url right, and is there a network?"
    return ConnectionFailedError(msg, retryable=True, billable="no")


class connection_errors:  # noqa: N801 # a context manager that reads as a function
    """Tells what the HTTP library raises in the block as a `ConnectionFailedError` about `host`.

    A class, since a generator costs three times as much in each call.
    """

    __slots__ = ("_host",)

    def __init__(self, host: str) -> None:
        self._host = host

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, TarashError):
            return
        if isinstance(error, OSError) or (kind is not None and kind.__module__.startswith(("httpcore2", "httpx2"))):
            raise connection_error(error, self._host) from error


class redacted_errors:  # noqa: N801 # as above
    """Masks the connection's keys in an error of the gateway's that is raised in the block."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, TarashError):
            Redaction(self._connection.secrets()).error(error)
