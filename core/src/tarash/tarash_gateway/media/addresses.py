"""Rules for the network addresses that a reference image may be fetched from.

They judge one address at a time, and are pure. `connections.py` checks the very address that a connection goes to,
never a name: a name can change its address between two lookups.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple

__all__ = ["Address", "Refusal", "literal", "refusal"]

Address = IPv4Address | IPv6Address


class Refusal(NamedTuple):
    """Why an address is refused."""

    reason: str
    """What the address is: `a private address`."""

    final: bool
    """Whether it stays refused with `allow_private_urls`."""


# Those outside the link-local ranges, which are refused as a whole. Each hands out credentials of its host.
_METADATA: Final[frozenset[Address]] = frozenset(
    ip_address(text)
    for text in (
        "fd00:ec2::254",  # AWS, docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
        "fd00:ec2::23",  # AWS EKS pod identity
        "fd20:ce::254",  # the metadata server of GCP's Compute Engine
        "fd00:42::42",  # Scaleway
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure's host, a public address by its number
        "192.0.0.192",  # Oracle Cloud, older machines
    )
)

_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_THIS_NETWORK: Final = IPv4Network("0.0.0.0/8")
_COMPATIBLE: Final = IPv6Network("::/96")


def literal(host: str) -> Address | None:
    """Reads the address that `host` spells out; None where it is a name.

    Every spelling that a resolver takes is read: `127.1`, `2130706433`, `0x7f000001`, `0177.0.0.1`.
    """
    text = host.partition("%")[0]  # a scope id does not change what the address is
    try:
        return ip_address(text)
    except ValueError:
        pass
    if any(map(str.isspace, text)):  # where inet_aton would stop reading and be content
        return None
    try:
        return IPv4Address(socket.inet_aton(text.removesuffix(".")))
    except (OSError, ValueError):  # a ValueError for what is not ASCII, and for a NUL
        return None


def refusal(address: Address, *, allow_private: bool) -> Refusal | None:
    """Returns why nothing may be fetched from `address`; None where it may.

    An address inside another (6to4, Teredo, NAT64) is judged too, since that is where packets end up.

    Args:
        address: the address that a connection is about to go to.
        allow_private: whether loopback and private addresses are meant. Metadata services stay refused.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped  # only another way to write it
    refusals = [verdict for candidate in (address, *_embedded(address)) if (verdict := _judge(candidate))]
    # A final refusal wins: its message must not name a setting that would not help.
    worst = max(refusals, key=lambda verdict: verdict.final, default=None)
    return None if worst is None or (allow_private and not worst.final) else worst


def _judge(address: Address) -> Refusal | None:
    verdict: Refusal | None = None
    if address in _METADATA:
        verdict = Refusal("the metadata service of a cloud", final=True)
    elif address.is_link_local:
        # All of it: 169.254.169.254 is the best known of a dozen such services in there, and no images are.
        verdict = Refusal("a link-local address, where clouds keep their metadata services", final=True)
    elif address.is_multicast:
        verdict = Refusal("a multicast address", final=True)
    elif address.is_loopback or address.is_unspecified or address in _THIS_NETWORK:
        verdict = Refusal("this very machine", final=False)
    elif isinstance(address, IPv6Address):
        if not _public_ipv6(address):
            verdict = Refusal("a private or reserved address", final=False)
    elif not address.is_global:
        verdict = Refusal("a private or reserved address", final=False)
    return verdict


def _public_ipv6(address: IPv6Address) -> bool:
    # Where packets to these end up is judged by the address inside; what is_global says of them differs by Python.
    if address.sixtofour is not None or address in _NAT64[0]:
        return True
    # is_global calls everything global that is on no list, the old site-local addresses among them.
    return address.is_global and address in _GLOBAL_UNICAST


def _embedded(address: Address) -> tuple[Address, ...]:
    if isinstance(address, IPv4Address):
        return ()
    inner: list[Address | None] = [address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _NAT64) or (address in _COMPATIBLE and int(address) > 1):
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return tuple(candidate for candidate in inner if candidate is not None)
