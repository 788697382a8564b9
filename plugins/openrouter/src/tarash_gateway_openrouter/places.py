"""Where a result lies that the vendor does not send itself: an address that is followed without the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tarash.tarash_gateway.errors import DownloadError, UnsafeUrlError
from tarash.tarash_gateway.media.addresses import literal, refusal

if TYPE_CHECKING:
    import httpx2

MOST_HOPS = 3
"""Redirects of one download that are followed."""

_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a redirect leads."""

    url: str
    """Without its query."""

    query: bytes
    """A signature, as a rule: it is as good as the result, so it stands in no text."""

    hops: int

    at_home: bool
    """Whether it is still the vendor's own origin, where the key belongs."""


def next_place(response: httpx2.Response, base_url: str, before: Place | None) -> Place | None:
    """Where an answer leads; None where it is the result itself, or an error.

    Args:
        response: the answer, its body unread.
        base_url: where the vendor is: an encrypted connection to it is not left for a plain one, and only a vendor in
            a private network may lead into one.
        before: where the last redirect led.

    Raises:
        DownloadError: it leads in circles, or nowhere.
        UnsafeUrlError: it leads to where nothing is fetched from.
    """
    if response.status_code not in _REDIRECTS:
        return None
    hops = 1 if before is None else before.hops + 1
    if hops > MOST_HOPS:
        msg = f"the vendor's download redirects again after {MOST_HOPS} redirects"
        raise DownloadError(msg, status_code=response.status_code, retryable=True)
    target = response.headers.get("location", "")
    if not target:
        msg = "the vendor's download redirects without saying where to"
        raise DownloadError(msg, status_code=response.status_code, retryable=True)
    url = response.request.url.join(target)
    home = urlsplit(base_url)
    why = None
    if url.scheme not in ("http", "https") or url.userinfo or not url.host:
        why = "which is no address of a file"
    elif url.scheme == "http" and home.scheme == "https":
        why = "over a plain connection, where anybody on the way can read it"
    else:
        address, own = literal(url.host), literal(home.hostname or "")
        private = home.hostname == "localhost" or (own is not None and refusal(own, allow_private=False) is not None)
        refused = None if address is None else refusal(address, allow_private=private)
        why = f"which is {refused.reason}" if refused else None
    if why:
        msg = f"the vendor's download redirects to {url.host or 'nowhere'}, {why}; it was not followed"
        raise UnsafeUrlError(msg, status_code=response.status_code)
    at_home = (before is None or before.at_home) and _origin(url) == _origin(response.request.url)
    return Place(str(url.copy_with(query=None, fragment=None)), url.query, hops, at_home)


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
