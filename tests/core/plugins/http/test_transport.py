"""The last step before the wire: what it puts on a request, what it takes off, and how much of an answer it lets through."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import logging
import socket
import struct
import subprocess
import sys
import threading
import traceback
import zlib

import httpx2
import pytest

from tarash.tarash_gateway.errors import InvalidResponseError, UnsafeUrlError
from tarash.tarash_gateway.media.connections import KEEPALIVE
from tarash.tarash_gateway.media.steps import Deadline
from tarash.tarash_gateway.plugins.http import HttpClient, KeySource
from tarash.tarash_gateway.plugins.http.client import close_connections
from tarash.tarash_gateway.plugins.http.transport import AsyncTransport, Transport

KEY = "sk-of-the-kit-0123456789"


@pytest.fixture(autouse=True)
def _no_connection_is_left():
    yield
    close_connections()


@pytest.fixture(params=["sync", "async"])
def call(request):
    """Sends one request as an SDK does, through its own HTTP client."""

    def blocking(connection, method="GET", path="/x", timeout=None, **options):
        transport = Transport(HttpClient(connection))
        with httpx2.Client(transport=transport, trust_env=False) as http:
            return http.request(method, path_of(connection, path), timeout=of(timeout), **options)

    async def awaited(connection, method="GET", path="/x", timeout=None, **options):
        transport = AsyncTransport(HttpClient(connection))
        async with httpx2.AsyncClient(transport=transport, trust_env=False) as http:
            return await http.request(method, path_of(connection, path), timeout=of(timeout), **options)

    def path_of(connection, path):
        return path if "://" in path else f"{connection.base_url}{path}"

    def of(deadline):
        known = deadline or Deadline(60)
        return httpx2.Timeout(connect=known, read=known, write=known, pool=known)

    return blocking if request.param == "sync" else lambda *args, **options: asyncio.run(awaited(*args, **options))


class TestWhatGoesOut:
    def test_the_key_takes_the_place_of_the_sdks_placeholder(self, call, server, connection):
        call(connection(), headers={"Authorization": "Bearer placeholder"})
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"

    def test_a_key_of_another_header_goes_there_alone(self, call, server, connection):
        known = connection(key_header="x-goog-api-key", key_prefix="")
        call(known, headers={"Authorization": "Bearer placeholder", "api-key": "placeholder"})
        assert server.requests[0].headers["x-goog-api-key"] == KEY
        assert not {"authorization", "api-key"} & set(server.requests[0].headers)

    def test_private_headers_and_query_go_out_and_are_in_no_request_object(self, call, server, connection):
        known = connection(headers=(("x-gateway", "secret-a"),), query=(("subscription-key", "s k"),))
        response = call(known, path="/x?limit=1")
        assert server.requests[0].path == "/v1/x?subscription-key=s+k&limit=1"
        assert server.requests[0].headers["x-gateway"] == "secret-a"
        assert "x-gateway" not in response.request.headers
        assert "subscription-key" not in str(response.request.url)

    def test_a_gateways_own_authorization_wins_over_the_key(self, call, server, connection):
        call(connection(headers=(("Authorization", "Basic c2VjcmV0"),)))
        assert server.requests[0].headers["authorization"] == "Basic c2VjcmV0"

    def test_a_key_function_is_asked_for_each_request(self, call, server, connection):
        keys = iter(["key-one-0123", "key-two-0123"])
        known = connection(key=KeySource(lambda: next(keys)))
        call(known)
        call(known)
        assert [request.headers["authorization"] for request in server.requests] == [
            "Bearer key-one-0123",
            "Bearer key-two-0123",
        ]

    def test_a_body_that_holds_the_mark_of_the_headers_stays_as_it_is(self, call, server, connection):
        from tarash.tarash_gateway.media.steps import HEADER_MARK, QUERY_MARK

        body = HEADER_MARK + b": 1 " + QUERY_MARK
        call(connection(query=(("k", "v"),)), "POST", content=body)
        assert server.requests[0].body == body

    def test_no_cookie_of_an_answer_comes_back(self, server, connection):
        server.answer("/v1/x", Set_Cookie="a=b")
        with httpx2.Client(transport=Transport(HttpClient(connection())), trust_env=False) as http:
            http.get(f"{server.url}/x")
            http.get(f"{server.url}/x", headers={"Cookie": "c=d"})
        assert all("cookie" not in request.headers for request in server.requests)

    def test_a_request_to_another_origin_is_not_sent(self, call, server, connection):
        with pytest.raises(UnsafeUrlError, match=r"was not sent: the key is for 127\.0\.0\.1 only"):
            call(connection(), path=f"{server.origin.replace('127.0.0.1', 'localhost')}/v1/x")
        assert server.requests == []

    def test_a_redirect_is_not_followed(self, call, server, connection):
        server.answer("/v1/x", status=302, Location="/v1/y")
        assert call(connection()).status_code == 302
        assert len(server.requests) == 1

    def test_logs_show_neither_key_nor_query_nor_where_a_redirect_leads(self, call, server, connection, caplog):
        server.answer("/v1/x", status=302, Location="/y?signature=abcdef")
        caplog.set_level(logging.DEBUG)
        call(connection(query=(("k", "private-query"),), headers=(("x-gateway", "private-header"),)))
        shown = " ".join(record.getMessage() for record in caplog.records)
        assert "127.0.0.1" in shown
        for secret in (KEY, "private-query", "private-header", "abcdef"):
            assert secret not in shown

    def test_every_socket_asks_whether_the_other_end_is_there(self, call, server, connection, monkeypatch):
        set_options = []
        real = socket.socket.setsockopt

        def noted(self, *args):
            set_options.append(args)
            return real(self, *args)

        monkeypatch.setattr(socket.socket, "setsockopt", noted, raising=False)
        call(connection())
        assert set(KEEPALIVE) <= set(set_options)
        assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1) in KEEPALIVE


def packed_raw(data):
    maker = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return maker.compress(data) + maker.flush()


PACKINGS = {
    "gzip": ("gzip", gzip.compress),
    "two gzip members": ("gzip", lambda data: gzip.compress(data[:10]) + gzip.compress(data[10:])),
    "gzip and bytes behind": ("x-gzip", lambda data: gzip.compress(data) + b"\0" * 8),
    "deflate": ("deflate", zlib.compress),
    "deflate without its header": ("deflate", packed_raw),
    "identity": ("identity", bytes),
}


class TestWhatComesBack:
    @pytest.mark.parametrize(("name", "pack"), PACKINGS.values(), ids=PACKINGS)
    def test_a_packed_answer_is_unpacked(self, call, server, connection, name, pack):
        body = b'{"a": "' + bytes(range(32, 127)) * 5000 + b'"}'
        server.answer("/v1/x", pack(body), Content_Encoding=name)
        response = call(connection())
        assert response.content == body

    def test_only_what_can_be_unpacked_is_asked_for(self, call, server, connection):
        call(connection(), headers={"Accept-Encoding": "br, zstd, gzip"})
        assert server.requests[0].headers["accept-encoding"] == "gzip, deflate"

    def test_another_packing_is_told(self, call, server, connection):
        server.answer("/v1/x", b"xx", Content_Encoding="zstd")
        with pytest.raises(InvalidResponseError, match="packed as 'zstd', which was not asked for"):
            call(connection())

    @pytest.mark.parametrize("packed", [True, False])
    def test_an_answer_above_its_limit_is_not_read_on(self, call, server, connection, packed):
        body = b"0" * 3_000_000
        server.answer(
            "/v1/x", gzip.compress(body) if packed else body, **({"Content_Encoding": "gzip"} if packed else {})
        )
        with pytest.raises(InvalidResponseError, match=r"more than 1,000,000 bytes; the rest was not read") as caught:
            call(connection(), timeout=Deadline(60, limit=1_000_000))
        assert caught.value.billable == "unknown"

    @pytest.mark.parametrize("packed", [True, False])
    def test_of_a_refusal_the_first_mebibyte_is_read(self, call, server, connection, packed):
        body = b"0" * 3_000_000
        extra = {"Content_Encoding": "gzip"} if packed else {}
        server.answer("/v1/x", gzip.compress(body) if packed else body, 400, **extra)
        assert len(call(connection()).content) == 1024 * 1024

    def test_cut_garbage_in_a_packed_answer_is_told(self, call, server, connection):
        server.answer("/v1/x", b"\x1f\x8b" + b"garbage" * 9, Content_Encoding="gzip")
        with pytest.raises(InvalidResponseError, match="cannot be unpacked"):
            call(connection())


class TestFailures:
    def test_a_refused_connection_is_httpx2s_own_exception(self, call, connection, server):
        known = connection()
        closed = socket.create_server(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        closed.close()
        object.__setattr__(known, "base_url", f"http://127.0.0.1:{port}/v1")
        with pytest.raises(httpx2.ConnectError):
            call(known)

    @pytest.mark.parametrize("how", ["reset", "silence", "drip"])
    def test_no_key_is_in_the_locals_of_a_failed_call(self, call, connection, how):
        with Unhelpful(how) as other:
            known = connection()
            object.__setattr__(known, "base_url", f"{other}/v1")
            with pytest.raises(httpx2.HTTPError) as caught:
                call(known, "POST", content=b"x" * 20_000_000, timeout=Deadline(1.0))
        assert not [text for text in locals_of(caught.value) if KEY in text]


def locals_of(error):
    """How the variables of all frames of an error and of its causes look, as tools that print tracebacks show them."""
    while error is not None:
        yield repr(error)
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_globals["__name__"] != __name__:
                yield from map(shown, frame.f_locals.values())
        error = error.__cause__ or error.__context__


def shown(value):
    """The repr of a value; a large body is as quick to look through as it is."""
    return value.decode("latin-1") if isinstance(value, bytes) else repr(value)


class Unhelpful:
    """A server that accepts, and then resets, is silent, or drips its answer."""

    def __init__(self, how):
        self.how = how
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def __exit__(self, *args):
        self.stop.set()
        self.listening.close()
        self.thread.join()

    def serve(self):
        connection, _ = self.listening.accept()
        if self.how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif self.how == "silence":
            self.stop.wait(60)
        else:
            connection.setblocking(False)  # noqa: FBT003 # its only argument
            while not self.stop.wait(0.05):
                with contextlib.suppress(OSError):
                    connection.recv(65536)
                try:
                    connection.send(b"H")
                except OSError:
                    break
        connection.close()


def test_connections_are_used_again(server, connection):
    with httpx2.Client(transport=Transport(HttpClient(connection())), trust_env=False) as http:
        for _ in range(5):
            http.get(f"{server.url}/x")
    assert server.connections == 1


def test_connections_of_a_loop_are_used_again(server, connection):
    async def calls():
        async with httpx2.AsyncClient(transport=AsyncTransport(HttpClient(connection())), trust_env=False) as http:
            for _ in range(5):
                await http.get(f"{server.url}/x")

    asyncio.run(calls())
    gc.collect()
    assert server.connections == 1


def test_the_kit_itself_loads_no_http_library():
    program = (
        "import sys; import tarash.tarash_gateway.plugins.http;"
        "print([name for name in ('httpx2', 'httpcore2', 'openai') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
