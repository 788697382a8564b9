"""Where requests go, and what is put on them on the last step before the wire."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.models.credentials import shown_url
from tarash.tarash_gateway.plugins.http.keys import KeySource

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

    key: KeySource | None = None
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    """What stands before the key in its header; empty for a header that is the key alone."""

    headers: Pairs = field(default=(), repr=False)
    """Private headers, such as a gateway's: `provider_config["headers"]` of a config."""

    query: Pairs = field(default=(), repr=False)
    """Private parameters, such as a gateway's key in the query of `base_url`."""

    allow_private_urls: bool = False
    """Whether results and redirects may lead to private addresses: `provider_config["allow_private_urls"]`."""

    @property
    def host(self) -> str:
        """The host's name, for messages."""
        return urlsplit(self.base_url).hostname or self.base_url

    @property
    def identity(self) -> Hashable:
        """Equal for connections that share their sockets. It holds no key."""
        hidden = hashlib.sha256(repr((self.headers, self.query)).encode()).hexdigest()
        key = None if self.key is None else self.key.identity
        return self.base_url, key, self.key_header, self.key_prefix, hidden, self.allow_private_urls

    def is_own(self, url: str) -> bool:
        """Whether an address is at the origin that key and headers are for."""
        return origin(url) == origin(self.base_url)

    def secrets(self) -> tuple[str, ...]:
        """Returns what is to be masked in a vendor's text: the key, and what may be one in a header or in the query."""
        keys = () if self.key is None else self.key.secrets()
        return (*keys, *(value for _, value in (*self.headers, *self.query) if len(value) > PIECE))


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
