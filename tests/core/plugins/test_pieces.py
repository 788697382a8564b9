"""An HTTP client reads media in large pieces, in a loop and outside of one, with TLS or without."""

from __future__ import annotations

import asyncio
import ssl

import httpcore2
import httpx2
import pytest

from tarash.tarash_gateway.plugins.deadlines import keep_to_deadlines
from tarash.tarash_gateway.plugins.pieces import PIECE, read_in_large_pieces

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Line(httpcore2.NetworkStream, httpcore2.AsyncNetworkStream):
    """A connection that notes how much is asked for at a time."""

    def __init__(self, asked):
        self.asked = asked

    def read(self, max_bytes, timeout=None):
        self.asked.append(max_bytes)
        return ANSWER

    def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        return Line(self.asked)

    def write(self, buffer, timeout=None):
        pass

    def close(self):
        pass


class AsyncLine(Line):
    async def read(self, max_bytes, timeout=None):
        return super().read(max_bytes)

    async def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        return AsyncLine(self.asked)

    async def write(self, buffer, timeout=None):
        pass

    async def aclose(self):
        pass


class Wire(httpcore2.NetworkBackend):
    def __init__(self, asked):
        self.asked = asked

    def connect_tcp(self, *args, **options):
        return Line(self.asked)

    connect_unix_socket = connect_tcp


class AsyncWire(httpcore2.AsyncNetworkBackend):
    def __init__(self, asked):
        self.asked = asked

    async def connect_tcp(self, *args, **options):
        return AsyncLine(self.asked)

    connect_unix_socket = connect_tcp


ADDRESSES = pytest.mark.parametrize("url", ["http://x.example/", "https://x.example/"], ids=["plain", "TLS"])
SOCKETS = pytest.mark.parametrize("socket", [None, "/run/x.sock"], ids=["TCP", "socket"])


@ADDRESSES
@SOCKETS
def test_a_blocking_client_reads_in_large_pieces(url, socket):
    asked = []
    with httpx2.Client(transport=httpx2.HTTPTransport(verify=ssl.create_default_context(), uds=socket)) as http:
        http._transport._pool._network_backend = Wire(asked)
        keep_to_deadlines(http)

        assert http.get(url).text == "ok"

    assert asked == [PIECE]


@ADDRESSES
@SOCKETS
def test_an_async_client_reads_in_large_pieces(url, socket):
    asked = []

    async def call():
        transport = httpx2.AsyncHTTPTransport(verify=ssl.create_default_context(), uds=socket)
        async with httpx2.AsyncClient(transport=transport) as http:
            http._transport._pool._network_backend = AsyncWire(asked)
            read_in_large_pieces(http)
            assert (await http.get(url)).text == "ok"

    asyncio.run(call())

    assert asked == [PIECE]
