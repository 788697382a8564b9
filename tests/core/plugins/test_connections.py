"""An HTTP client reads media in large pieces, and looks at its idle connections without asking for their sockets."""

from __future__ import annotations

import asyncio
import ssl

import httpcore2
import httpx2
import pytest

from tarash.tarash_gateway.plugins.connections import PIECE, use_light_connections
from tarash.tarash_gateway.plugins.deadlines import keep_to_deadlines

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

    def get_extra_info(self, info):
        return None


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
            use_light_connections(http)
            assert (await http.get(url)).text == "ok"

    asyncio.run(call())

    assert asked == [PIECE]


class TestIdleConnections:
    def test_their_sockets_are_looked_up_once(self, tarash_sandbox, monkeypatch):
        from httpcore2._backends.anyio import AnyIOStream

        asked, ask = [], AnyIOStream.get_extra_info

        def noted(self, info):
            asked.append(info)
            return ask(self, info)

        async def call():
            async with httpx2.AsyncClient(base_url=tarash_sandbox.url) as http:
                use_light_connections(http)
                for _ in range(5):
                    await http.get("/models")

        monkeypatch.setattr(AnyIOStream, "get_extra_info", noted)
        asyncio.run(call())

        assert asked.count("socket") == 1
        assert "is_readable" not in asked
        assert tarash_sandbox.connections == 1

    def test_one_that_the_server_has_closed_is_not_used_again(self):
        served = []

        async def serve(reader, writer):
            served.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(ANSWER)
            writer.close()

        async def call():
            async with await asyncio.start_server(serve, "127.0.0.1") as server, httpx2.AsyncClient() as http:
                use_light_connections(http)
                url = "http://127.0.0.1:{1}/".format(*server.sockets[0].getsockname())
                for _ in range(3):
                    assert (await http.get(url)).text == "ok"
                    await asyncio.sleep(0.02)  # until the end of the connection has come

        asyncio.run(call())

        assert len(served) == 3
