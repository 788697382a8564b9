"""Connections: the deadline of a call at every step, large pieces, idle connections, and no key in what fails."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time

import httpcore2
import pytest

from tarash.tarash_gateway.media import connections, loop_streams
from tarash.tarash_gateway.media.connections import Deadline, open_async_pool, open_pool
from tarash.tarash_gateway.media.steps import HEADER_MARK, PIECE, Private, seconds_left

SECRET = b"Authorization: Bearer sk-0123456789"
HEAD = b"GET / HTTP/1.1\r\n" + HEADER_MARK + b": 1\r\n\r\n"


class TestDeadline:
    def test_it_is_the_seconds_that_a_log_shows(self):
        assert repr(Deadline(7.0)) == "7.0"

    def test_a_step_gets_what_is_left_of_the_call(self):
        assert 59 < seconds_left(Deadline(60), TimeoutError) <= 60

    def test_a_quiet_time_is_the_most_that_one_step_gets(self):
        assert seconds_left(Deadline(60, quiet=5), TimeoutError) == 5

    def test_nothing_is_left_when_it_is_over(self):
        with pytest.raises(TimeoutError, match="the time of the call is over"):
            seconds_left(Deadline(0), TimeoutError)

    def test_a_plain_timeout_is_taken_as_it_is(self):
        assert seconds_left(3.0, TimeoutError) == 3.0
        assert seconds_left(None, TimeoutError) is None


class TestPrivate:
    def test_it_is_put_on_once(self):
        private = Private(SECRET)
        assert private.put_on(b"CONNECT x:443\r\n\r\n") == b"CONNECT x:443\r\n\r\n"
        assert SECRET in private.put_on(HEAD)
        assert private.put_on(HEAD) == HEAD

    def test_its_repr_shows_nothing(self):
        assert repr(Private(SECRET)) == "Private()"


class Broken(httpcore2.NetworkStream):
    """A connection that fails as it is written to."""

    def get_extra_info(self, info):
        return None

    def write(self, buffer, timeout=None):
        try:
            raise BrokenPipeError(f"{len(buffer)} bytes")
        except OSError as error:
            raise httpcore2.WriteError from error


def frames_with(secret, error):
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if frame.f_code.co_filename != __file__ or frame.f_code.co_name == "write":
                yield from (value for value in frame.f_locals.values() if secret in repr(value).encode())
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


def test_no_frame_of_a_write_that_fails_holds_the_head():
    stream = connections._Stream(Broken())
    deadline = Deadline(60, private=Private(SECRET))
    stream.write(HEAD, deadline)
    with pytest.raises(httpcore2.WriteError) as caught:
        stream.write(b"body", deadline)
    assert not list(frames_with(SECRET, caught.value))


class Heard(Broken):
    """A connection that notes what is written."""

    def __init__(self):
        self.written = []

    def write(self, buffer, timeout=None):
        self.written.append(buffer)

    def read(self, max_bytes, timeout=None):
        return b""


@pytest.mark.parametrize("last", ["write", "read"])
def test_a_head_goes_out_with_what_follows_it_and_before_any_read(last):
    inner, deadline = Heard(), Deadline(60, private=Private(SECRET))
    stream = connections._Stream(inner)
    stream.write(HEAD, deadline)
    assert inner.written == []
    if last == "write":
        stream.write(b"body", deadline)
        stream.write(b"more", deadline)
    else:
        stream.read(10, deadline)
    head = HEAD.replace(HEADER_MARK + b": 1", SECRET)
    assert inner.written == ([head + b"body", b"more"] if last == "write" else [head])


def test_no_frame_of_a_connection_that_a_loop_lost_holds_the_head():
    line = loop_streams._Line()
    try:
        Broken().write(SECRET)
    except httpcore2.WriteError as error:
        line.connection_lost(error)
    assert line.error.__traceback__ is None


@pytest.fixture
def listening():
    """A port at which one connection after the other is handled by what the test gives."""
    server = socket.create_server(("127.0.0.1", 0))
    made = []

    def serve(handle):
        def accept():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    handle(connection)

        made.append(threading.Thread(target=accept))
        made[-1].start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/"

    yield serve
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    for thread in made:
        thread.join()


def get(url, deadline):
    with open_pool(url, allow_private=None) as pool:
        return pool.request("GET", url, extensions={"timeout": deadline.timeouts}).content


async def get_async(url, deadline):
    async with open_async_pool(url, allow_private=None) as pool:
        return (await pool.request("GET", url, extensions={"timeout": deadline.timeouts})).content


@pytest.fixture(params=["sync", "async"])
def fetch(request):
    return get if request.param == "sync" else lambda *args: asyncio.run(get_async(*args))


def test_a_server_that_drips_is_late(fetch, listening):
    def drip(connection):
        connection.recv(65536)
        for _ in range(600):
            try:
                connection.send(b"H")
            except OSError:
                return
            time.sleep(0.02)

    url = listening(drip)
    with pytest.raises(httpcore2.ReadTimeout):
        fetch(url, Deadline(0.3))


def test_a_server_that_does_not_read_is_late(listening):
    ended = threading.Event()
    url = listening(lambda connection: ended.wait(60))
    with open_pool(url, allow_private=None) as pool, pytest.raises(httpcore2.WriteTimeout):
        pool.request("POST", url, content=b"x" * 50_000_000, extensions={"timeout": Deadline(0.3).timeouts})
    ended.set()


def test_a_server_that_does_not_read_is_late_in_a_loop(listening):
    ended = threading.Event()
    url = listening(lambda connection: ended.wait(60))

    async def post():
        async with open_async_pool(url, allow_private=None) as pool:
            await pool.request("POST", url, content=b"x" * 50_000_000, extensions={"timeout": Deadline(0.3).timeouts})

    with pytest.raises(httpcore2.WriteTimeout):
        asyncio.run(post())
    ended.set()


def test_a_large_answer_comes_in_large_pieces(listening):
    body = os.urandom(8 * PIECE)

    def handle(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    url = listening(handle)
    options = {"extensions": {"timeout": Deadline(60).timeouts}}
    with open_pool(url, allow_private=None) as pool, pool.stream("GET", url, **options) as answer:
        pieces = list(answer.iter_stream())
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) > 64 * 1024


def test_a_slow_reader_in_a_loop_keeps_little_and_loses_nothing(listening):
    body = os.urandom(40 * PIECE)

    def handle(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    url = listening(handle)

    async def read():
        pieces, options = [], {"extensions": {"timeout": Deadline(60).timeouts}}
        async with open_async_pool(url, allow_private=None) as pool, pool.stream("GET", url, **options) as answer:
            async for piece in answer.aiter_stream():
                pieces.append(piece)
                await asyncio.sleep(0.001)
        return pieces

    pieces = asyncio.run(read())
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= 4 * PIECE


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_an_idle_connection_that_the_server_has_closed_is_not_used_again(fetch, listening):
    served = []

    def handle(connection):
        served.append(connection.recv(65536))
        connection.sendall(ANSWER)

    url = listening(handle)

    async def three():
        async with open_async_pool(url, allow_private=None) as pool:
            for _ in range(3):
                options = {"extensions": {"timeout": Deadline(60).timeouts}}
                assert (await pool.request("GET", url, **options)).content == b"ok"
                await asyncio.sleep(0.02)

    if fetch is get:
        with open_pool(url, allow_private=None) as pool:
            for _ in range(3):
                answer = pool.request("GET", url, extensions={"timeout": Deadline(60).timeouts})
                assert answer.content == b"ok"
                time.sleep(0.02)
    else:
        asyncio.run(three())
    assert len(served) == 3


@pytest.fixture
def tls_server(certificate, monkeypatch):
    """The address of a server that answers every request over TLS, with a certificate that is trusted here."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *args, **options: resolve("127.0.0.1", *args, **options))
    server = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as encrypted:
                    while encrypted.recv(65536):
                        encrypted.sendall(ANSWER)
            except OSError:
                connection.close()

    thread = threading.Thread(target=accept)
    thread.start()
    yield f"https://example.com:{server.getsockname()[1]}/"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_requests_over_tls(fetch, tls_server):
    assert fetch(tls_server, Deadline(60)) == b"ok"


def test_a_certificate_that_nobody_trusts(fetch, tls_server, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(httpcore2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(tls_server, Deadline(60))


def test_a_server_that_does_not_speak_tls(fetch, listening):
    def handle(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    url = listening(handle).replace("http:", "https:")
    with pytest.raises(httpcore2.ConnectError, match="SSL"):
        fetch(url, Deadline(60))
