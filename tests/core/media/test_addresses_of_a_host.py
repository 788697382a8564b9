"""Connecting in a loop to a host of several addresses: which one answers, what it says where none does, and that no
socket is left open whenever the call is cancelled.
"""

import asyncio
import errno
import gc
import socket
import ssl
import warnings

import httpcore2
import pytest

from tarash.tarash_gateway.media.loop_streams import connect

CANCELLED_AFTER = range(30)
"""Rounds of the loop, after which an attempt has long ended."""


@pytest.fixture
def port():
    """A port of 127.0.0.1 and 127.0.0.2 at which connections are taken."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        with socket.create_server(("127.0.0.2", number)):
            yield number


@pytest.fixture
def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield unused.getsockname()[1]


@pytest.fixture
def silent_port():
    """A port at which nobody answers: its queue is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for item in waiting:
            item.settimeout(0)
            item.connect_ex(server.getsockname())
        yield server.getsockname()[1]
        for item in waiting:
            item.close()


def connected(places, work):
    """What `work` returns in a loop in which the host `several.test` has these addresses."""

    async def run():
        async def resolve(*_, **__):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]

        asyncio.get_running_loop().getaddrinfo = resolve
        return await work()

    return asyncio.run(run())


async def peer():
    stream = await connect("several.test", 0, None, 60, [])
    try:
        return stream.get_extra_info("server_addr")
    finally:
        await stream.aclose()


def test_the_first_address_is_taken(port):
    assert connected([("127.0.0.1", port), ("127.0.0.2", port)], peer) == ("127.0.0.1", port)


def test_the_next_address_is_taken_where_the_first_refuses(port, closed_port):
    assert connected([("127.0.0.1", closed_port), ("127.0.0.2", port)], peer) == ("127.0.0.2", port)


def test_the_next_address_is_tried_beside_one_that_does_not_answer(port, silent_port):
    assert connected([("127.0.0.1", silent_port), ("127.0.0.2", port)], peer) == ("127.0.0.2", port)


def test_the_error_names_every_address_that_failed(closed_port):
    with pytest.raises(httpcore2.ConnectError) as caught:
        connected([("127.0.0.1", closed_port), ("127.0.0.2", closed_port)], peer)
    assert str(caught.value) == (
        f"[Errno {errno.ECONNREFUSED}] Connect call failed ('127.0.0.1', {closed_port}); "
        f"[Errno {errno.ECONNREFUSED}] Connect call failed ('127.0.0.2', {closed_port})"
    )


def test_the_error_of_one_address_is_the_systems(closed_port):
    with pytest.raises(httpcore2.ConnectError) as caught:
        connected([("127.0.0.1", closed_port)], peer)
    assert caught.value.__cause__.errno == errno.ECONNREFUSED


@pytest.mark.parametrize("host", ["127.0.0.1", "several.test"])
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
def test_no_socket_is_left_open_whenever_it_is_cancelled(host, encrypted, port):
    async def work():
        stream = await connect(host, port, None, 60, [])
        try:
            if encrypted:
                await stream.start_tls(ssl.create_default_context(), host)
            else:
                await stream.read(1)
        finally:
            await stream.aclose()

    async def cancelled():
        for rounds in CANCELLED_AFTER:
            task = asyncio.create_task(work())
            for _ in range(rounds):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always")
        connected([("127.0.0.1", port), ("127.0.0.2", port)], cancelled)
        gc.collect()
    assert [str(warning.message) for warning in left_open] == []
