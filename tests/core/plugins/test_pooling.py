"""Connections of an async client: used again, bounded, and closed, however a request ends."""

import asyncio
import contextlib

import httpx2
import pytest

from tarash.tarash_gateway.plugins import pooling
from tarash.tarash_gateway.plugins.pooling import Stack, pool_simply


class Server:
    """A server on loopback. `/slow` is answered when `go` is set; `/close` ends the connection after its answer."""

    def __init__(self):
        self.made = self.open = self.most = 0
        self.go = asyncio.Event()
        self._writers = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        self.drop()
        await self._server.wait_closed()

    def drop(self):
        """Closes the connections that are open."""
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader, writer):
        self.made += 1
        self.open += 1
        self.most = max(self.most, self.open)
        self._writers.add(writer)
        try:
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
                if path == b"/slow":
                    await self.go.wait()
                length = 2_000_000 if path == b"/long" else 2
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + b"o" * length)
                await writer.drain()
                if path == b"/close":
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            self._writers.discard(writer)
            writer.close()


@contextlib.asynccontextmanager
async def client_of(server, most=None, **options):
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False, **options) as client:
        pool_simply(client)
        if most is not None:
            client._transport._pool = Stack(client._transport._pool._maker, most)
        yield client


def running(test):
    """Runs a test that is a coroutine function, with a server."""

    def run():
        async def served():
            async with Server() as server:
                await test(server)

        asyncio.run(asyncio.wait_for(served(), 20))

    run.__name__ = test.__name__
    return run


async def settled(condition):
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.005)
    assert condition()


@running
async def test_a_connection_is_used_again(server):
    async with client_of(server) as client:
        for _ in range(5):
            assert (await client.get("/")).text == "oo"
    assert server.made == 1


@running
async def test_requests_side_by_side_use_the_connections_that_there_are(server):
    async with client_of(server) as client:
        for _ in range(3):
            await asyncio.gather(*(client.get("/") for _ in range(30)))
    assert server.made <= 30


@running
async def test_there_are_no_more_connections_than_allowed(server):
    async with client_of(server, most=4) as client:
        answers = await asyncio.gather(*(client.get("/") for _ in range(40)))
    assert (len(answers), server.most) == (40, 4)


@running
async def test_who_waits_too_long_for_a_connection_is_told_so(server):
    async with client_of(server, most=1, timeout=httpx2.Timeout(5, pool=0.01)) as client:
        slow = asyncio.create_task(client.get("/slow"))
        await settled(lambda: server.open)
        with pytest.raises(httpx2.PoolTimeout):
            await client.get("/")
        server.go.set()
        assert (await slow).text == "oo"
        assert (await client.get("/")).text == "oo"


@running
async def test_a_cancelled_request_gives_its_place_back_and_its_connection_up(server):
    async with client_of(server, most=1) as client:
        for _ in range(3):
            slow = asyncio.create_task(client.get("/slow"))
            await settled(lambda: server.open == 1)
            slow.cancel()
            with pytest.raises(asyncio.CancelledError):
                await slow
            server.go.set()  # now the server sees that nobody reads what it writes
            await settled(lambda: server.open == 0)
            server.go.clear()
        assert (await client.get("/")).text == "oo"
    assert server.made == 4


@running
async def test_an_answer_that_is_left_half_read_gives_its_connection_up(server):
    async with client_of(server, most=1) as client:
        async with client.stream("GET", "/long") as answer:
            await anext(answer.aiter_raw(1000))
        assert (await client.get("/")).text == "oo"
    assert server.made == 2


@running
async def test_a_connection_that_the_server_closed_is_not_used_again(server):
    async with client_of(server) as client:
        assert (await client.get("/close")).text == "oo"
        await settled(lambda: server.open == 0)
        await asyncio.sleep(0.01)
        assert (await client.get("/")).text == "oo"
    assert server.made == 2


@running
async def test_a_server_that_is_not_there_costs_no_place(server):
    async with client_of(server, most=1) as client:
        for _ in range(3):
            with pytest.raises(httpx2.ConnectError):
                await client.get("http://127.0.0.1:1/")
        assert (await client.get("/")).text == "oo"


@running
async def test_connections_that_lie_idle_too_long_are_closed(server):
    limits = httpx2.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=0.02)
    async with client_of(server, limits=limits) as client:
        await asyncio.gather(*(client.get("/") for _ in range(5)))
        await asyncio.sleep(0.05)
        for _ in range(6):
            await client.get("/")
        await settled(lambda: server.open <= 1)


@running
async def test_only_so_many_idle_connections_are_kept(server):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pooling, "MOST_IDLE", 2)
        async with client_of(server) as client:
            await asyncio.gather(*(client.get("/slow") for _ in range(5)), release(server, 5))
            await settled(lambda: server.open == 2)


async def release(server, connections):
    await settled(lambda: server.open == connections)
    server.go.set()


@running
async def test_a_client_that_is_closed_leaves_no_connection(server):
    async with client_of(server) as client, asyncio.TaskGroup() as group:
        group.create_task(client.get("/"))
        group.create_task(client.get("/"))
    await settled(lambda: server.open == 0)
