"""The environment's proxies: which one an address is reached through, read and checked before anything is sent."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Final
from urllib.parse import unquote, urlsplit

from tarash.tarash_gateway.errors import ConfigurationError

_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_USUAL_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that can be used."""

    url: str
    """Without user name and password."""

    variable: str
    """The environment variable that names it."""

    auth: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS5."""
        return self.url.startswith("socks")

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection to it is encrypted."""
        return self.url.startswith("https:")

    @property
    def shown(self) -> str:
        """Its address and where it is from, for messages."""
        return f"{self.url} of {self.variable}"


def proxy_for(url: str) -> Proxy | None:
    """Returns the proxy that the environment names for an address; None where it names none, or exempts the host.

    Read are `HTTPS_PROXY` or `HTTP_PROXY` by the address's scheme, then `ALL_PROXY`, each in lower case too, and
    `NO_PROXY`; and on Windows and macOS the system's settings.

    Raises:
        ConfigurationError: what it names is no proxy that can be used. Nothing was sent.
    """
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 # brings the standard library's HTTP

    parts = urlsplit(url)
    scheme, host = parts.scheme, parts.hostname or ""
    named = getproxies()
    text = named.get(scheme) or named.get("all")
    if not text or _is_exempt(host, parts.port or _USUAL_PORTS.get(scheme), named.get("no", "")):
        return None
    if proxy_bypass(host):
        return None
    return _checked(text.strip(), _variable(scheme if named.get(scheme) else "all", text))


def _variable(scheme: str, text: str) -> str:
    """Returns the variable that holds `text`, or the words for the system's settings."""
    names = (f"{scheme}_proxy", f"{scheme}_PROXY".upper())
    return next((name for name in names if os.environ.get(name, "").strip() == text.strip()), "the system's settings")


def _checked(text: str, variable: str) -> Proxy:
    plain = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(plain)
        port, host = parts.port, parts.hostname
    except ValueError:  # half of an IPv6 address, a port that is no number
        port, host = None, None
        parts = urlsplit("")
    usable = bool(host) and ("://" in text or port is not None)
    if not usable or parts.scheme not in _SCHEMES:
        msg = (
            f"{variable} names no proxy that can be used ({_shown(text)}): give http://HOST:PORT, https://HOST:PORT or "
            "socks5://HOST:PORT, unset it, or name this host in NO_PROXY. Nothing was sent."
        )
        raise ConfigurationError(msg)
    if parts.scheme.startswith("socks") and find_spec("socksio") is None:
        msg = (
            f"{variable} names a SOCKS proxy, for which the package socksio is missing: install it with "
            "`pip install socksio`, or name this host in NO_PROXY. Nothing was sent."
        )
        raise ConfigurationError(msg)
    usual = _USUAL_PORTS.get(parts.scheme, 1080)
    address = f"[{host}]" if ":" in (host or "") else host
    auth = (unquote(parts.username or ""), unquote(parts.password or "")) if parts.username or parts.password else None
    return Proxy(f"{parts.scheme}://{address}:{port or usual}/", variable, auth)


def _shown(text: str) -> str:
    """Returns a proxy's address without a password that may be in it."""
    scheme, mark, rest = text.rpartition("://")
    return repr(f"{scheme}{mark}{rest.rpartition('@')[2]}"[:120])


def _is_exempt(host: str, port: int | None, no_proxy: str) -> bool:
    """Whether `NO_PROXY` names the host: by its name or a domain of it, an address, a network, or `*`."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    for entry in (part.strip().lower() for part in no_proxy.split(",")):
        name = entry.rpartition("://")[2]
        if name == "*":
            return True
        bare, _, entry_port = name.rpartition(":") if name.count(":") == 1 else (name, "", "")
        if not bare or (entry_port and entry_port != str(port)):
            continue
        bare = bare.strip("[]")
        if address is not None:
            try:
                if address in ipaddress.ip_network(bare, strict=False):
                    return True
            except (ValueError, TypeError):
                continue
        elif host == bare.lstrip("*.") or host.endswith(f".{bare.lstrip('*.')}"):
            return True
    return False
