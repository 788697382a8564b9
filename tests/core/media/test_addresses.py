"""Which addresses a reference image may come from."""

import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarash.tarash_gateway.media.addresses import literal, refusal

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fc00::1",
    "fd12::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::8.8.8.8",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]

NEVER = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.1.1",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "224.0.0.1",
    "ff02::1",
]


@pytest.mark.parametrize("text", PUBLIC)
def test_public_address_is_let_through(text):
    assert refusal(ip_address(text), allow_private=False) is None


@pytest.mark.parametrize("text", PRIVATE)
def test_private_address_is_refused_unless_it_is_meant(text):
    refused = refusal(ip_address(text), allow_private=False)
    assert refused is not None
    assert not refused.final
    assert refusal(ip_address(text), allow_private=True) is None


@pytest.mark.parametrize("text", NEVER)
def test_metadata_and_link_local_addresses_are_refused_even_when_private_ones_are_meant(text):
    for allow_private in (False, True):
        refused = refusal(ip_address(text), allow_private=allow_private)
        assert refused is not None
        assert refused.final


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("2852039166", "169.254.169.254"),
        ("0", "0.0.0.0"),
        ("::1", "::1"),
        ("fe80::1%25eth0", "fe80::1"),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1"),
    ],
)
def test_address_is_read_in_every_spelling_a_resolver_takes(host, address):
    assert literal(host) == ip_address(address)


@pytest.mark.parametrize("host", ["example.com", "localhost", "", "127.0.0.1 x", "1.2.3.4.5", "256.1.1.1", "a\0", "é"])
def test_name_is_no_address(host):
    assert literal(host) is None


@given(st.text(alphabet="0123456789abcdefx.:%", max_size=24))
def test_whatever_the_system_reads_as_an_ipv4_address_is_read_the_same_way(host):
    try:
        expected = socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return
    assert str(literal(host)) == expected


@given(st.ip_addresses(v=4))
def test_ipv6_form_of_an_ipv4_address_is_judged_as_that_address(address):
    for form in (f"::ffff:{address}", f"64:ff9b::{address}"):
        for allow_private in (False, True):
            inner = refusal(address, allow_private=allow_private)
            assert refusal(ip_address(form), allow_private=allow_private) == inner
