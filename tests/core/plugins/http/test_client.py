"""The kit's client: JSON, forms, events and downloads, blocking and in a loop, with the key at its origin only."""

from __future__ import annotations

import asyncio
import gzip
import io
import socket

import httpx2
import pytest

from tarash.tarash_gateway.errors import (
    ConfigurationError,
    ConnectionFailedError,
    DownloadError,
    InvalidRequestError,
    InvalidResponseError,
    UnsafeUrlError,
    ValidationError,
)
from tarash.tarash_gateway.plugins import Sink
from tarash.tarash_gateway.plugins.http import (
    Connection,
    FilePart,
    HttpClient,
    HttpRequest,
    KeySource,
    image_limit,
    path_segment,
)
from tarash.tarash_gateway.plugins.http._download import Download
from tarash.tarash_gateway.plugins.http.client import close_connections

KEY = "sk-of-the-kit-0123456789"


@pytest.fixture(autouse=True)
def _no_connection_is_left():
    yield
    close_connections()


@pytest.fixture(params=["sync", "async"])
def flavour(request):
    return request.param


@pytest.fixture
def send(flavour):
    def call(connection, request, timeout=60.0, **options):
        client = HttpClient(connection, **options)
        return client.send(request, timeout) if flavour == "sync" else asyncio.run(client.send_async(request, timeout))

    return call


@pytest.fixture
def events(flavour):
    def blocking(connection, request):
        stream = HttpClient(connection).events(request, 60.0)
        try:
            return stream.answer, list(stream)
        finally:
            stream.close()

    async def awaited(connection, request):
        stream = await HttpClient(connection).events_async(request, 60.0)
        try:
            return stream.answer, [event async for event in stream]
        finally:
            await stream.aclose()

    return blocking if flavour == "sync" else lambda *args: asyncio.run(awaited(*args))


@pytest.fixture
def download(flavour):
    def call(connection, path, file=None, offset=0):
        file = file or io.BytesIO()
        sink = Sink(file, 10_000_000)
        sink.offset = offset
        client, request = HttpClient(connection), HttpRequest("GET", path)
        if flavour == "sync":
            client.download(request, sink, 60.0)
        else:
            asyncio.run(client.download_async(request, sink, 60.0))
        sink.check_whole()
        return file.getvalue()

    return call


class TestSend:
    def test_json(self, send, server, connection):
        server.answer("/v1/images", b'{"a": 1}', X_Request_Id="r1")
        answer = send(connection(), HttpRequest("POST", "/images?x=1", {"prompt": "Käfer 🐞"}))
        assert (answer.status, answer.object(), answer.request_id) == (200, {"a": 1}, "r1")
        arrived = server.requests[0]
        assert (arrived.method, arrived.path) == ("POST", "/v1/images?x=1")
        assert arrived.body == '{"prompt":"Käfer 🐞"}'.encode()
        assert arrived.headers["content-type"] == "application/json"
        assert arrived.headers["authorization"] == f"Bearer {KEY}"
        assert arrived.headers["content-length"] == str(len(arrived.body))

    def test_a_get_has_no_body(self, send, server, connection):
        send(connection(), HttpRequest("GET", "/x"))
        assert not {"content-type", "content-length"} & set(server.requests[0].headers)

    def test_headers_of_the_client_and_of_the_request(self, send, server, connection):
        request = HttpRequest("GET", "/x", headers={"accept": "text/plain", "X-One": "1"})
        send(connection(), request, headers={"User-Agent": "me", "X-One": "0"})
        headers = server.requests[0].headers
        assert (headers["user-agent"], headers["accept"], headers["x-one"]) == ("me", "text/plain", "1")

    def test_bytes(self, send, server, connection):
        send(connection(), HttpRequest("POST", "/x", b"abc", headers={"Content-Type": "image/png"}))
        assert (server.requests[0].body, server.requests[0].headers["content-type"]) == (b"abc", "image/png")

    def test_a_form_with_a_file(self, send, server, connection):
        file = FilePart("image[]", "a.png", b"\x89PNG", "image/png")
        send(connection(), HttpRequest("POST", "/x", {"n": 2, "flag": True, "none": None}, (file,)))
        arrived = server.requests[0]
        assert arrived.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b'name="n"\r\n\r\n2\r\n' in arrived.body
        assert b'name="flag"\r\n\r\ntrue\r\n' in arrived.body
        assert b"none" not in arrived.body
        assert b'name="image[]"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG' in arrived.body

    def test_a_form_without_a_file_is_a_form_all_the_same(self, send, server, connection):
        send(connection(), HttpRequest("POST", "/x", {"prompt": "a"}, form=True))
        arrived = server.requests[0]
        assert arrived.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b'name="prompt"\r\n\r\na\r\n' in arrived.body

    def test_a_refusal_is_what_the_plugin_says_it_is(self, send, server, connection):
        server.answer("/v1/x", b'{"error": {"message": "no"}}', 400)
        with pytest.raises(InvalidRequestError, match="no"):
            send(connection(), HttpRequest("GET", "/x"))
        with pytest.raises(ConfigurationError, match="mine 400"):
            send(
                connection(),
                HttpRequest("GET", "/x"),
                read_error=lambda answer: ConfigurationError(f"mine {answer.status}"),
            )

    def test_a_key_that_the_server_quotes_is_masked(self, send, server, connection):
        server.answer("/v1/x", f"your key {KEY}".encode(), 400)
        with pytest.raises(InvalidRequestError, match=r"your key \[key\]"):
            send(connection(), HttpRequest("GET", "/x"))

    def test_an_answer_above_its_limit(self, send, server, connection):
        server.answer("/v1/x", gzip.compress(b"0" * 2_000_000), Content_Encoding="gzip")
        with pytest.raises(InvalidResponseError, match="more than 1,000,000 bytes"):
            send(connection(), HttpRequest("GET", "/x", limit=1_000_000))

    def test_nobody_listens(self, send):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with pytest.raises(ConnectionFailedError, match=r"127\.0\.0\.1 cannot be reached: .*refused|failed") as caught:
            send(Connection(f"http://127.0.0.1:{port}"), HttpRequest("POST", "/x", {}))
        assert (caught.value.billable, caught.value.retryable) == ("no", True)

    def test_a_host_that_nobody_knows(self, send):
        with pytest.raises(ConnectionFailedError, match=r"nobody\.invalid cannot be reached") as caught:
            send(Connection("http://nobody.invalid/v1"), HttpRequest("POST", "/x", {}))
        assert caught.value.billable == "no"

    def test_a_silent_server_is_late(self, send):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with pytest.raises(ConnectionFailedError, match="did not answer in time") as caught:
                send(Connection(url), HttpRequest("POST", "/x", {}, most_seconds=0.2))
        assert caught.value.billable == "unknown"

    def test_a_key_function_that_raises_is_told_and_nothing_is_sent(self, send, server, connection):
        def broken():
            raise KeyError("vault")

        with pytest.raises(ConfigurationError, match="the api_key function raised KeyError; nothing was sent"):
            send(connection(key=KeySource(broken)), HttpRequest("GET", "/x"))
        assert server.requests == []

    def test_a_proxy_that_cannot_be_used_is_told_and_nothing_is_sent(self, send, server, connection, monkeypatch):
        monkeypatch.setenv("ALL_PROXY", "socks://127.0.0.1:7891/")
        with pytest.raises(ConfigurationError, match="ALL_PROXY names no proxy that can be used"):
            send(connection(), HttpRequest("GET", "/x"))
        assert server.requests == []
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert send(connection(), HttpRequest("GET", "/x")).status == 200

    def test_a_path_that_would_become_another_host_is_not_sent(self, send, server, connection):
        with pytest.raises(UnsafeUrlError, match="its path does not begin with a slash"):
            send(connection(), HttpRequest("GET", "@127.0.0.3/x"))
        assert server.requests == []

    def test_connections_are_shared_by_equal_connections(self, send, server, connection, flavour):
        for _ in range(3):
            send(connection(key=KeySource(KEY)), HttpRequest("GET", "/x"))
        assert server.connections == (1 if flavour == "sync" else 3)


class TestEvents:
    def test_events_as_they_come(self, events, server, connection):
        server.answer("/v1/s", b': hi\n\nevent: a\ndata: {"x": 1}\n\ndata: {"type": "b"}\n', X_Request_Id="r1")
        answer, found = events(connection(), HttpRequest("POST", "/s", {}))
        assert found == [{"x": 1, "type": "a"}, {"type": "b"}]
        assert answer.request_id == "r1"

    def test_a_refusal_in_place_of_a_stream(self, events, server, connection):
        server.answer("/v1/s", b'{"error": "no"}', 400)
        with pytest.raises(InvalidRequestError, match="no"):
            events(connection(), HttpRequest("POST", "/s", {}))

    def test_a_stream_that_is_cut(self, events, server, connection):
        server.answer("/v1/s", b'data: {"x": 1}\n\n', Content_Length="1000", Connection="close")
        with pytest.raises(ConnectionFailedError, match="closed the connection without a whole answer") as caught:
            events(connection(), HttpRequest("POST", "/s", {}))
        assert caught.value.billable == "unknown"


class TestDownload:
    def test_of_a_path(self, download, server, connection):
        server.answer("/v1/v/1", b"film", Content_Type="video/mp4")
        assert download(connection(), "/v/1") == b"film"
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert server.requests[0].headers["accept-encoding"] == "identity"
        assert "range" not in server.requests[0].headers

    def test_goes_on_where_it_was_cut(self, download, server, connection):
        server.answer("/v1/v/1", b"lm", 206, Content_Range="bytes 2-3/4")
        file = io.BytesIO()
        file.write(b"fi")
        assert download(connection(), "/v/1", file, offset=2) == b"film"
        assert server.requests[0].headers["range"] == "bytes=2-"

    def test_begins_anew_where_the_server_does(self, download, server, connection):
        server.answer("/v1/v/1", b"film")
        file = io.BytesIO()
        file.write(b"xx")
        assert download(connection(), "/v/1", file, offset=2) == b"film"

    def test_a_redirect_at_its_own_origin_is_followed_without_the_key(self, download, server, connection):
        server.answer("/v1/v/1", status=302, Location="/files/1?signature=a")
        server.answer("/files/1", b"film")
        assert download(connection(headers=(("x-gateway", "secret"),)), "/v/1") == b"film"
        assert server.requests[1].path == "/files/1?signature=a"
        assert not {"authorization", "x-gateway"} & set(server.requests[1].headers)

    def test_this_machine_has_one_origin_for_each_port(self, download, server, connection):
        server.answer("/files/1", b"film")
        home = server.origin.replace("127.0.0.1", "localhost")
        assert download(connection(), f"{home}/files/1") == b"film"
        assert "authorization" not in server.requests[0].headers

    @pytest.mark.parametrize("location", ["http://127.0.0.1:1/x", "http://127.0.0.3/x", "http://localhost:1/x"])
    def test_a_redirect_to_another_private_address_is_refused(self, download, server, connection, location):
        server.answer("/v1/v/1", status=307, Location=location)
        with pytest.raises(
            UnsafeUrlError, match="which is not a public address; nothing was fetched from it"
        ) as caught:
            download(connection(), "/v/1")
        assert caught.value.billable == "yes"

    def test_a_name_that_leads_inside_is_refused(self, download, server, connection, monkeypatch):
        resolve = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *args, **options: resolve("127.0.0.1", *args, **options)
        )
        port = server.origin.rpartition(":")[2]
        with pytest.raises(UnsafeUrlError, match=r"cdn\.example, which is not a public address"):
            download(connection(), f"http://cdn.example:{port}/files/1")
        assert server.requests == []

    def test_private_addresses_are_allowed_by_the_setting(self, download, server, connection):
        server.answer("/v1/v/1", status=302, Location=f"{server.origin.replace('127.0.0.1', '127.0.0.2')}/x")
        with pytest.raises((ConnectionFailedError, DownloadError)):  # nobody listens there, but it was asked
            download(connection(allow_private_urls=True), "/v/1")

    def test_no_end_of_redirects(self, download, server, connection):
        server.answer("/v1/v/1", status=302, Location="/v1/v/1")
        with pytest.raises(DownloadError, match="redirected more than 5 times"):
            download(connection(), "/v/1")

    @pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://x.example/x", "http://[::1"])
    def test_a_redirect_to_what_is_no_address(self, download, server, connection, location):
        server.answer("/v1/v/1", status=302, Location=location)
        with pytest.raises(DownloadError, match="address"):
            download(connection(), "/v/1")

    def test_a_redirect_with_a_password_in_it(self, download, server, connection):
        server.answer("/v1/v/1", status=302, Location="http://me:pw@example.com/x")
        with pytest.raises(UnsafeUrlError, match="with a user name or a password in it"):
            download(connection(), "/v/1")

    def test_a_plain_address_is_not_followed_where_the_vendor_is_encrypted(self):
        client = HttpClient(Connection("https://api.example/v1"))
        fetch = Download(client, HttpRequest("GET", "/v/1"), None, 1.0)
        with pytest.raises(UnsafeUrlError, match=r"redirects to cdn\.example over a plain connection"):
            fetch._checked("http://cdn.example/x", httpx2.URL("https://api.example/v1/v/1"))

    def test_a_store_that_refuses_is_asked_again_through_the_vendor(self, download, server, connection):
        server.answer("/v1/v/1", status=302, Location=f"{server.origin.replace('127.0.0.1', 'localhost')}/store")
        server.answer("/store", b"<Error/>", 403)
        with pytest.raises(DownloadError, match="403") as caught:
            download(connection(), "/v/1")
        assert caught.value.retryable

    def test_a_refusal_of_the_vendor_is_the_plugins(self, download, server, connection):
        server.answer("/v1/v/1", b'{"error": {"message": "not yet"}}', 409)
        with pytest.raises(InvalidRequestError, match="not yet"):
            download(connection(), "/v/1")

    def test_one_that_is_cut(self, download, server, connection):
        server.answer("/v1/v/1", b"fi", Content_Length="4", Connection="close")
        with pytest.raises(DownloadError, match="the download broke off") as caught:
            download(connection(), "/v/1")
        assert caught.value.retryable

    def test_one_that_comes_packed_is_not_unpacked(self, download, server, connection):
        server.answer("/v1/v/1", gzip.compress(b"film"), Content_Encoding="gzip")
        with pytest.raises(DownloadError, match="it was not unpacked"):
            download(connection(), "/v/1")


@pytest.mark.parametrize("job_id", ["", ".", "..", "a/b", "../v1", "a\\b", "a\nb", "a\x00"])
def test_an_id_that_would_lead_elsewhere_is_refused(job_id):
    with pytest.raises(ValidationError, match="is no id: it would lead to another address"):
        path_segment(job_id)


def test_an_id_is_one_segment():
    assert path_segment("video:1?x#y%2F") == "video%3A1%3Fx%23y%252F"


def test_the_limit_of_images():
    assert image_limit(2) == 2 * 64 * 1024 * 1024
