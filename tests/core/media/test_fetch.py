"""Reference images come from public addresses, in time and within the cap, or not at all."""

import asyncio
import gzip
import pickle
import socket
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tarash.tarash_gateway.errors import (
    ConnectionFailedError,
    DownloadError,
    MediaTooLargeError,
    UnsafeUrlError,
)
from tarash.tarash_gateway.media import addresses
from tarash.tarash_gateway.media.fetch import Fetched, fetch, fetch_async

PNG = b"\x89PNG\r\n\x1a\nand so on"
SECRET = "?sig=s3cret"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.server.received.append((self.path, dict(self.headers)))
        path, _, query = self.path.partition("?")
        try:
            getattr(self, path.strip("/").replace("-", "_") or "picture")(query)
        except OSError:
            self.close_connection = True

    def answer(self, body=PNG, status=200, **headers):
        self.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def picture(self, query):
        self.answer(content_type="text/html")

    def status(self, query):
        self.answer(b"the server quotes s3cret", int(query))

    def to(self, query):
        self.answer(b"", 302, location=query)

    def around(self, query):
        left = int(query)
        self.answer(b"", 307, location=f"/around?{left - 1}" if left > 1 else "/picture")

    def zipped(self, query):
        packed = {"gzip": gzip.compress, "deflate": zlib.compress}.get(query, bytes)(PNG)
        self.answer(packed, content_encoding=query)

    def half_zipped(self, query):
        self.answer(gzip.compress(PNG)[:-9], content_encoding="gzip")

    def not_zipped(self, query):
        self.answer(content_encoding="gzip")

    def more_than_zipped(self, query):
        self.answer(b"", content_encoding="gzip", content_length=None, connection="close")
        self.wfile.write(gzip.compress(PNG))
        time.sleep(0.05)
        while True:
            self.wfile.write(b"x" * 65536)

    def bomb(self, query):
        self.answer(gzip.compress(bytes(256 << 20), 1), content_encoding="gzip")

    def endless(self, query):
        self.answer(b"", content_length=None, connection="close")
        while True:
            self.wfile.write(b"x" * 65536)

    def announced(self, query):
        self.answer(b"", content_length=query)

    def cut(self, query):
        self.answer(PNG, content_length="1000")
        self.close_connection = True

    def drip(self, query):
        self.answer(b"", content_length="1000")
        for _ in range(50):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def drip_header(self, query):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
        for _ in range(50):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def nonsense(self, query):
        self.wfile.write(b"s3cret nonsense\r\n\r\n")
        self.close_connection = True


@contextmanager
def serving(address="127.0.0.1"):
    server = ThreadingHTTPServer((address, 0), Handler)
    server.received = []
    server.url = f"http://{address}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture(params=["sync", "async"])
def get(request):
    """`fetch` or `fetch_async`, called alike."""

    def call(url, *, timeout=60.0, **options):
        if request.param == "sync":
            return fetch(url, timeout=timeout, **options)
        return asyncio.run(fetch_async(url, timeout=timeout, **options))

    return call


def resolve_to(monkeypatch, *found):
    """Makes every name lead to `found`, and returns the list of names that were asked for."""
    from tarash.tarash_gateway.media import addresses

    wanted = []

    def getaddrinfo(host, port, *arguments, **options):
        if addresses.literal(host) is None:  # an address that is spelled out is nobody's name
            wanted.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return wanted


def test_picture_is_fetched_and_its_type_is_told_by_its_bytes(get, server):
    assert get(server.url + "/picture", allow_private=True) == Fetched(PNG, "image/png", server.url + "/picture")
    headers = server.received[0][1]
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Host"] == f"127.0.0.1:{server.server_port}"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://127.1/x",
        "http://2130706433/x",
        "http://0x7f000001/x",
        "http://0x7f.0.0.1/x",
        "http://0/x",
        "http://0.0.0.0/x",
        "http://10.0.0.1/x",
        "http://172.16.0.1/x",
        "http://192.168.1.1/x",
        "http://100.64.0.1/x",
        "http://[::1]/x",
        "http://[::]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://[::ffff:7f00:1]/x",
        "http://[64:ff9b::7f00:1]/x",
        "http://[2002:7f00:1::]/x",
        "http://[fd00::1]/x",
        "https://127.0.0.1/x",
    ],
)
def test_private_address_is_refused_with_the_way_to_allow_it(get, url):
    with pytest.raises(UnsafeUrlError, match=r"no reference image is fetched from it.*'allow_private_urls': True"):
        get(url + SECRET)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://[fe80::1]/",
        "http://[fe80::1%25eth0]/",
        "http://168.63.129.16/",
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_metadata_address_is_refused_whatever_is_allowed(get, url, allow_private):
    with pytest.raises(UnsafeUrlError, match="No setting allows that"):
        get(url, allow_private=allow_private)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc/passwd", "has the scheme 'file'"),
        ("ftp://example.com/x", "has the scheme 'ftp'"),
        ("gopher://127.0.0.1:6379/_x", "has the scheme 'gopher'"),
        ("/relative", "has the scheme ''"),
        ("http:///x", "has no host"),
        ("http://example.com:99999/", "has no host or no valid port"),
        ("http://user:pw@example.com/", "holds a user name or password"),
        ("http://127.0.0.1 @example.com/", "holds a user name or password"),
        ("http://[::1/", "cannot be read"),
        ("http://0177.0.0.1/", "cannot be read"),
        ("http://\uff11\uff12\uff17.0.0.1/", "cannot be read"),
    ],
)
def test_url_is_refused_by_its_text(get, url, message):
    with pytest.raises(UnsafeUrlError, match=message) as caught:
        get(url, allow_private=True)
    assert "pw" not in str(caught.value)


def test_refusal_names_the_host_and_never_path_or_query(get, monkeypatch):
    resolve_to(monkeypatch, "10.1.2.3")
    with pytest.raises(UnsafeUrlError) as caught:
        get("http://pictures.example/path" + SECRET)
    assert str(caught.value) == (
        "pictures.example leads to 10.1.2.3, which is a private or reserved address, so no reference image "
        "is fetched from it. Give the image itself, as bytes or as a file, or pass "
        "provider_config={'allow_private_urls': True} if you mean it."
    )
    assert caught.value.billable == "no"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_one_bad_address_among_good_ones_is_enough_to_refuse(get, monkeypatch):
    resolve_to(monkeypatch, "93.184.216.34", "127.0.0.1")
    with pytest.raises(UnsafeUrlError, match="this very machine"):
        get("http://pictures.example/")


def test_name_is_resolved_once_and_that_address_is_connected_to(get, server, monkeypatch):
    wanted = resolve_to(monkeypatch, "127.0.0.1")
    url = f"http://pictures.example:{server.server_port}/picture"
    assert get(url, allow_private=True).content == PNG
    assert wanted == ["pictures.example"]
    assert server.received[0][1]["Host"] == f"pictures.example:{server.server_port}"


def test_next_address_is_tried_when_the_first_does_not_answer(get, server, monkeypatch):
    resolve_to(monkeypatch, "127.0.0.9", "127.0.0.1")
    assert get(f"http://pictures.example:{server.server_port}/", allow_private=True).content == PNG


def test_redirect_to_a_metadata_service_is_refused(get, server):
    with pytest.raises(UnsafeUrlError, match=r"169\.254\.169\.254 is a link-local"):
        get(server.url + "/to?http://169.254.169.254/latest/", allow_private=True)


def test_redirect_from_a_public_address_to_this_machine_is_refused(get, monkeypatch):
    # 127.0.0.2 plays the public address; everything else is judged as ever.
    judge = addresses.refusal
    public = addresses.ip_address("127.0.0.2")
    monkeypatch.setattr(
        addresses, "refusal", lambda address, **rest: None if address == public else judge(address, **rest)
    )
    with serving("127.0.0.2") as outside, serving() as inside:
        assert get(outside.url + "/picture").content == PNG
        with pytest.raises(UnsafeUrlError, match=r"127\.0\.0\.1 is this very machine"):
            get(f"{outside.url}/to?{inside.url}/picture")
        assert not inside.received


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://user:pw@127.0.0.1/", "http://[::1/"])
def test_redirect_is_read_as_strictly_as_the_first_url(get, server, location):
    with pytest.raises(UnsafeUrlError, match=r"127\.0\.0\.1 redirects to a URL that"):
        get(f"{server.url}/to?{location}", allow_private=True)


def test_five_redirects_are_followed_and_no_more(get, server):
    assert get(server.url + "/around?5", allow_private=True) == Fetched(PNG, "image/png", server.url + "/picture")
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 redirects again after 5 redirects"):
        get(server.url + "/around?6", allow_private=True)


@pytest.mark.parametrize(("status", "retryable"), [(204, False), (304, False), (403, False), (404, False), (503, True)])
def test_answer_other_than_200_is_told_with_its_status_and_host_alone(get, server, status, retryable):
    with pytest.raises(DownloadError) as caught:
        get(f"{server.url}/status?{status}", allow_private=True)
    error = caught.value
    assert str(error) == (
        f"127.0.0.1 answered {status} instead of a reference image. Check that the URL is right and has not expired."
    )
    assert (error.status_code, error.retryable, error.billable) == (status, retryable, "no")


@pytest.mark.parametrize("path", ["/endless", "/bomb", "/announced?99999999", "/announced?" + "9" * 19])
def test_body_above_the_cap_is_given_up_without_being_held(get, server, path):
    tracemalloc.start()
    with pytest.raises(MediaTooLargeError, match=r"at 127\.0\.0\.1 has more than 1,000,000 bytes"):
        get(server.url + path, allow_private=True, max_bytes=1_000_000, timeout=60)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000 + (270 << 20 if path == "/bomb" else 0)  # the server in this process packs the bomb


def test_body_of_exactly_the_cap_is_taken(get, server):
    assert get(server.url, allow_private=True, max_bytes=len(PNG)).content == PNG
    assert get(server.url + "/zipped?gzip", allow_private=True, max_bytes=len(PNG)).content == PNG
    with pytest.raises(MediaTooLargeError):
        get(server.url, allow_private=True, max_bytes=len(PNG) - 1)
    with pytest.raises(MediaTooLargeError):
        get(server.url + "/zipped?gzip", allow_private=True, max_bytes=len(PNG) - 1)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
def test_encoding_that_was_not_asked_for_is_undone(get, server, encoding):
    assert get(f"{server.url}/zipped?{encoding}", allow_private=True).content == PNG


@pytest.mark.parametrize("path", ["/half-zipped", "/not-zipped", "/more-than-zipped", "/zipped?br"])
def test_encoding_that_cannot_be_undone_is_told(get, server, path):
    with pytest.raises(DownloadError, match=r"cannot be unpacked|content encoding 'br'"):
        get(server.url + path, allow_private=True)


@pytest.mark.parametrize("path", ["/drip", "/drip-header"])
def test_timeout_is_one_deadline_however_steadily_bytes_drip(get, server, path):
    start = time.monotonic()
    with pytest.raises(ConnectionFailedError, match=r"from 127\.0\.0\.1 took longer than 0\.3 s"):
        get(server.url + path, allow_private=True, timeout=0.3)
    assert time.monotonic() - start < 2


def test_slow_resolver_does_not_outlast_the_deadline(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [release.wait(60)][1:])
    with pytest.raises(ConnectionFailedError, match=r"pictures\.example took longer than 0\.1 s"):
        fetch("http://pictures.example/", timeout=0.1)
    release.set()


def test_host_without_an_address_is_told(get, monkeypatch):
    def getaddrinfo(*arguments, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(ConnectionFailedError, match=r"nowhere\.example has no address") as caught:
        get("http://nowhere.example/")
    assert caught.value.retryable


def test_name_that_no_resolver_takes_has_no_address(get):
    with pytest.raises(ConnectionFailedError, match="has no address"):
        get(f"http://{'a' * 70}.example/")


@pytest.mark.parametrize("path", ["/cut", "/nonsense"])
def test_broken_answer_is_a_failed_connection_that_quotes_nothing(get, server, path):
    with pytest.raises(ConnectionFailedError, match=r"from 127\.0\.0\.1 failed: ") as caught:
        get(server.url + path, allow_private=True)
    assert "s3cret" not in str(caught.value)


def test_refused_connection_says_so(get):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionFailedError, match=r"failed: Connection refused|failed: Connect"):
            get(f"http://127.0.0.1:{unused.getsockname()[1]}/", allow_private=True)


def test_proxy_of_the_environment_is_not_used(get, server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(server.url, allow_private=True).content == PNG


def test_tls_asks_for_the_host_by_name_though_the_address_is_connected_to(get, monkeypatch):
    resolve_to(monkeypatch, "127.0.0.1")
    names = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _, name, __: names.append(name)

    def accept():
        connection, _ = listener.accept()
        with connection, pytest.raises(OSError, match=r"SSL|EOF|reset"):
            context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        with pytest.raises(ConnectionFailedError, match=r"pictures\.example failed"):
            get(f"https://pictures.example:{listener.getsockname()[1]}/", allow_private=True)
        thread.join()
    assert names == ["pictures.example"]


def test_http_library_is_imported_with_the_first_url_only():
    code = (
        "import sys; import tarash.tarash_gateway.media.fetch;"
        "print([m for m in sys.modules if m.split('.')[0] in {'pydantic', 'httpx2', 'httpcore2', 'anyio'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
