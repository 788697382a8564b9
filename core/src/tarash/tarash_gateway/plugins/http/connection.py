"""Where requests go, what the transport adds to them, and what a broken connection means."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from tarash.tarash_gateway._redaction import Redaction
from tarash.tarash_gateway.errors import ConfigurationError, ConnectionFailedError, TarashError
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.models.secrets import shown_url
from tarash.tarash_gateway.plugins.http.keys import Key, KeySource

Pairs = tuple[tuple[str, str], ...]

PIECE = 8
"""Characters of a header or of a parameter from which it may be a key."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to one server. Two equal connections share their sockets.

    Key, `headers` and `query` are put on by the transport, and only on requests to the origin of `base_url`: no request
    object, no log line and no traceback holds them.
    """

    base_url: str
    """As `check_base_url` returns it: without a trailing slash, a query or a password."""

    key: KeySource | Key | None = None
    """A plain key, or a function, becomes a `KeySource`."""

    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    """What stands before the key in its header; empty for a header that is the key alone."""

    headers: Pairs = field(default=(), repr=False)
    """Private headers, such as a gateway's: `provider_config["headers"]` of a config."""

    query: Pairs = field(default=(), repr=False)
    """Private parameters, such as a gateway's key in the query of `base_url`."""

    allow_private_urls: bool = False
    """Whether results and redirects may lead to private addresses: `provider_config["allow_private_urls"]`."""

    identity: Hashable = field(init=False, repr=False, compare=False)
    """Equal for connections that share their sockets. It holds no key."""

    def __post_init__(self) -> None:
        if self.key is not None and not isinstance(self.key, KeySource):
            object.__setattr__(self, "key", KeySource(self.key))
        private = (
            hashlib.sha256(repr((self.headers, self.query)).encode()).digest() if self.headers or self.query else b""
        )
        key = None if self.source is None else self.source.identity
        parts = (self.base_url, key, self.key_header, self.key_prefix, private, self.allow_private_urls)
        object.__setattr__(self, "identity", parts)

    @classmethod
    def of(
        cls,
        config: GenerationConfig,
        base_url: str,
        key: KeySource | None,
        *,
        key_header: str = "Authorization",
        key_prefix: str = "Bearer ",
        headers: Pairs = (),
        query: Pairs = (),
    ) -> Connection:
        """Makes the connection of a config, with what every provider takes from its `provider_config`.

        Args:
            config: whose `headers` and `allow_private_urls` are read.
            base_url: the address, checked here; the parameters of its query go out with each request.
            key: the key, where one is needed.
            key_header: where the key goes.
            key_prefix: what stands before it.
            headers: the provider's own private headers; those of the config win.
            query: the provider's own private parameters, behind those of `base_url`.

        Raises:
            ConfigurationError: the address is none, or a header cannot be sent.
        """
        own = read_headers(config)
        named = {name.lower() for name, _ in own}
        address, _, parameters = base_url.partition("#")[0].partition("?")
        return cls(
            base_url=check_base_url(address),
            key=key,
            key_header=key_header,
            key_prefix=key_prefix,
            headers=(*(pair for pair in headers if pair[0].lower() not in named), *own),
            query=(*parse_qsl(parameters, keep_blank_values=True), *query),
            allow_private_urls=config.provider_config.get("allow_private_urls") is True,
        )

    @property
    def source(self) -> KeySource | None:
        """The key."""
        return self.key if isinstance(self.key, KeySource) else None

    @property
    def host(self) -> str:
        """The host's name, for messages."""
        return urlsplit(self.base_url).hostname or self.base_url

    def is_own(self, url: str) -> bool:
        """Whether an address is at the origin that key and headers are for."""
        return origin(url) == origin(self.base_url)

    def secrets(self) -> tuple[str, ...]:
        """Returns what is to be masked in a vendor's text: the key, and what may be one in a header or in the query."""
        keys = () if self.source is None else self.source.secrets()
        return (*keys, *(value for _, value in (*self.headers, *self.query) if len(value) > PIECE))


def read_headers(config: GenerationConfig) -> Pairs:
    """Reads `provider_config["headers"]`, which go out with each request: what a gateway before the vendor asks for.

    Raises:
        ConfigurationError: they are no mapping of names to texts, or one of them cannot be sent.
    """
    found = config.provider_config.get("headers")
    if found is None:
        return ()
    if not isinstance(found, Mapping):
        msg = (
            f"provider_config['headers'] is a {type(found).__name__}; give names and values, such as {{'x-team': 'a'}}"
        )
        raise ConfigurationError(msg, provider=config.provider, model=config.model)
    for name, value in found.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name.lower() in _OF_THE_BODY:
            msg = f"provider_config['headers'] has the name {str(name)[:60]!r}, which cannot be sent as a header"
            raise ConfigurationError(msg, provider=config.provider, model=config.model)
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            msg = f"provider_config['headers'][{name!r}] must be one line of text in Latin letters; it is not shown"
            raise ConfigurationError(msg, provider=config.provider, model=config.model)
    return tuple(found.items())


_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_VALUE = re.compile(r"[ -~\xa0-\xff]{0,32768}")
_OF_THE_BODY = ("host", "content-length", "transfer-encoding", "connection")
"""Headers that say where a request ends, and where it goes."""


def header_lines(headers: Mapping[str, str]) -> bytes:
    """Writes headers as they stand in a request, without the last line end.

    Raises:
        ValueError: one of them is no header.
    """
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            msg = f"{name[:60]!r} cannot be sent as a header"
            raise ValueError(msg)
    return "\r\n".join(f"{name}: {value}" for name, value in headers.items()).encode("latin-1")


@lru_cache(maxsize=256)
def origin(url: str) -> tuple[str, str | None, int | None]:
    """Returns scheme, host and port of an address, by which two of them are at one origin."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


@lru_cache(maxsize=64)
def check_base_url(url: str) -> str:
    """Checks a base URL and returns it without query, fragment and trailing slash.

    Raises:
        ConfigurationError: it is no http or https URL, or it carries a password.
    """
    plain = url.partition("#")[0].partition("?")[0]
    try:
        parts = urlsplit(plain)
        usable = parts.scheme in ("http", "https") and (parts.port or 1) > 0 and _is_host(parts.hostname)
    except ValueError:  # half of an IPv6 address, a port that is no number
        usable = False
    if not usable or _NEVER_IN_A_URL.search(url):
        shown = shown_url(url.rpartition("@")[2])
        msg = f"base_url {shown!r} is not an address: it must begin with https:// (or http://) and name a host"
        raise ConfigurationError(msg)
    if parts.username or parts.password:
        msg = f"base_url of {parts.hostname} carries a user name or a password; give the key as api_key"
        raise ConfigurationError(msg)
    return plain.rstrip("/")


_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\x9f]")
"""The library that splits an address takes some of them out by itself; the one that sends it does not."""


def _is_host(name: str | None) -> bool:
    """Whether a name can be looked up: none of its parts is empty or too long."""
    try:
        return bool((name or "").encode("idna"))
    except UnicodeError:
        return False


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
