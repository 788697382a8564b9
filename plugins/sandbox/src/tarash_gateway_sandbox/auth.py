"""Who may call: any key, except those that begin with `sk-invalid`; on loopback only under names that stay there."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tarash_gateway_sandbox.errors import VendorError

if TYPE_CHECKING:
    from collections.abc import Container

    from tarash_gateway_sandbox.request import RecordedRequest

JWT = re.compile(r"eyJ[^.]*\.[^.]*\.[^.]*")
HELP = "You can find your API key at https://platform.openai.com/account/api-keys."


def _refused(message: str, code: str | None) -> VendorError:
    return VendorError(message, code=code, status=401)


def masked(key: str) -> str:
    """Returns a key as the vendor's message shows it: both ends, stars between."""
    return key if len(key) < 13 else f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}"


def authorize(request: RecordedRequest, *, azure: bool) -> None:
    """Checks a request's key.

    Args:
        request: The request.
        azure: Whether it came on an Azure route, where the `api-key` header counts too.

    Raises:
        VendorError: There is no key, or not one that is let in.
    """
    bearer = re.fullmatch(r"[Bb]earer +(.*\S) *", request.headers.get("authorization", ""))
    header = request.headers.get("api-key", "").strip() if azure else ""
    if JWT.fullmatch(header):
        # A token in the key's header: Azure takes tokens in `Authorization` only.
        message = (
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
            "valid key for an active subscription and use a correct regional API endpoint for your resource."
        )
        raise _refused(message, "401")
    key = header or (bearer[1] if bearer else "")
    if not key:
        message = (
            "You didn't provide an API key. You need to provide your API key in an Authorization "
            f"header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). {HELP}"
        )
        raise _refused(message, None)
    if key.startswith("sk-invalid"):
        msg = f"Incorrect API key provided: {masked(key)}. {HELP}"
        raise _refused(msg, "invalid_api_key")


def is_loopback(host: str) -> bool:
    """Tells whether a host is this machine by its spelling: `localhost`, a name below it, or an address of loopback."""
    name = host.lower().removesuffix(".")
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def check_host(request: RecordedRequest, allowed: Container[str]) -> None:
    """Refuses a request that came over loopback under a foreign name.

    A web page whose name was made to lead to this machine (DNS rebinding) sends its own name, and could otherwise
    read what the server holds.

    Args:
        request: The request.
        allowed: Further names, in lower case.

    Raises:
        VendorError: Its `Host` is neither loopback nor one of them.
    """
    if "host" not in request.headers:  # HTTP/1.0, which no browser speaks
        return
    try:
        host = urlsplit(f"//{request.headers['host']}").hostname or ""
    except ValueError:
        host = ""
    if not is_loopback(host) and host not in allowed:
        msg = (
            f"The sandbox does not answer to the name '{host[:100]}' on loopback, so that no web page can reach it. "
            "Use 127.0.0.1 or localhost, or start it with allowed_hosts (tarash sandbox serve --allow-host NAME)."
        )
        raise VendorError(msg, code="foreign_host", status=421)
