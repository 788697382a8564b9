"""The environment's proxies: which one is used, which cannot be, and that requests really go through it."""

from __future__ import annotations

import asyncio
import socket
import threading

import httpcore2
import pytest

from tarash.tarash_gateway.errors import ConfigurationError, UnsafeUrlError
from tarash.tarash_gateway.media.connections import Deadline, open_async_pool, open_pool
from tarash.tarash_gateway.media.proxies import Proxy, proxy_for


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return lambda **variables: [monkeypatch.setenv(name, value) for name, value in variables.items()]


def test_without_a_variable_there_is_none():
    assert proxy_for("https://api.example/v1") is None


NAMED = {
    "by the scheme": ({"HTTPS_PROXY": "http://p.example:3128"}, Proxy("http://p.example:3128/", "HTTPS_PROXY")),
    "in lower case": ({"https_proxy": "http://p.example:3128"}, Proxy("http://p.example:3128/", "https_proxy")),
    "for all": ({"ALL_PROXY": "https://p.example"}, Proxy("https://p.example:443/", "ALL_PROXY")),
    "without a scheme": ({"HTTPS_PROXY": "p.example:3128"}, Proxy("http://p.example:3128/", "HTTPS_PROXY")),
    "IPv6": ({"HTTPS_PROXY": "http://[::1]:8080/"}, Proxy("http://[::1]:8080/", "HTTPS_PROXY")),
    "with a password": (
        {"HTTPS_PROXY": "http://me:p%40ss@p.example:1"},
        Proxy("http://p.example:1/", "HTTPS_PROXY", ("me", "p@ss")),
    ),
    "for the other scheme": ({"HTTP_PROXY": "http://p.example:3128"}, None),
    "empty": ({"HTTPS_PROXY": ""}, None),
}


@pytest.mark.parametrize(("variables", "proxy"), NAMED.values(), ids=NAMED)
def test_a_proxy_is_found(environment, variables, proxy):
    environment(**variables)
    assert proxy_for("https://api.example/v1") == proxy


@pytest.mark.parametrize(
    "value", ["socks://127.0.0.1:7891/", "nonsense", "http://", "http://[::1", "http://p:99x", "ftp://p.example:21"]
)
@pytest.mark.parametrize("variable", ["ALL_PROXY", "https_proxy"])
def test_a_variable_that_names_none_is_told_by_its_name(environment, variable, value):
    environment(**{variable: value})
    with pytest.raises(ConfigurationError) as caught:
        proxy_for("https://api.example/v1")
    assert str(caught.value) == (
        f"{variable} names no proxy that can be used ({value!r}): give http://HOST:PORT, https://HOST:PORT or "
        "socks5://HOST:PORT, unset it, or name this host in NO_PROXY. Nothing was sent."
    )
    assert caught.value.billable == "no"


def test_its_password_is_not_shown(environment):
    environment(ALL_PROXY="socks://me:secret@127.0.0.1:7891/")
    with pytest.raises(ConfigurationError) as caught:
        proxy_for("https://api.example/v1")
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(Proxy("http://p/", "X", ("me", "secret")))


def test_a_socks_proxy_needs_a_package(environment, monkeypatch):
    from tarash.tarash_gateway.media import proxies

    monkeypatch.setattr(proxies, "find_spec", lambda name: None)
    environment(ALL_PROXY="socks5://127.0.0.1:7891")
    with pytest.raises(ConfigurationError, match="pip install socksio"):
        proxy_for("https://api.example/v1")


EXEMPT = {
    "*": True,
    "api.example": True,
    "example": True,
    ".example": True,
    "*.example": True,
    "other, api.example:443": True,
    "api.example:8443": False,
    "pi.example": False,
    "api.example.com": False,
    "": False,
}


@pytest.mark.parametrize(("no_proxy", "exempt"), EXEMPT.items(), ids=EXEMPT)
def test_a_name_that_is_exempt(environment, no_proxy, exempt):
    environment(ALL_PROXY="nonsense", NO_PROXY=no_proxy)
    if exempt:
        assert proxy_for("https://api.example/v1") is None
    else:
        with pytest.raises(ConfigurationError):
            proxy_for("https://api.example/v1")


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "127.0.0.0/8", "x, 127.0.0.1:8000", "http://127.0.0.1"])
def test_an_address_that_is_exempt(environment, no_proxy):
    environment(ALL_PROXY="nonsense", NO_PROXY=no_proxy)
    assert proxy_for("http://127.0.0.1:8000/v1") is None


@pytest.mark.parametrize("no_proxy", ["::1", "[::1]", "::/64"])
def test_an_ipv6_address_that_is_exempt(environment, no_proxy):
    environment(ALL_PROXY="nonsense", NO_PROXY=no_proxy)
    assert proxy_for("http://[::1]:8000/v1") is None


@pytest.fixture
def proxy():
    """A proxy that answers itself: its address, and the first lines of what it was asked."""
    server = socket.create_server(("127.0.0.1", 0))
    wanted = []

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                wanted.append(connection.recv(65536))
                refusal = b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n"
                good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                connection.sendall(refusal if wanted[-1].startswith(b"CONNECT") else good)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"127.0.0.1:{server.getsockname()[1]}", wanted
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def get(url):
    with open_pool(url, allow_private=False) as pool:
        return pool.request("GET", url, extensions={"timeout": Deadline(60).timeouts}).content


async def get_async(url):
    async with open_async_pool(url, allow_private=False) as pool:
        return (await pool.request("GET", url, extensions={"timeout": Deadline(60).timeouts})).content


@pytest.fixture(params=["sync", "async"])
def fetch(request):
    return get if request.param == "sync" else lambda url: asyncio.run(get_async(url))


def test_a_name_that_only_the_proxy_knows_is_fetched_through_it(environment, proxy, fetch):
    address, wanted = proxy
    environment(HTTP_PROXY=f"http://me:pass@{address}")
    assert fetch("http://only-inside.invalid/x") == b"ok"
    assert wanted[0].startswith(b"GET http://only-inside.invalid/x HTTP/1.1")
    assert b"Proxy-Authorization: Basic bWU6cGFzcw==" in wanted[0]


def test_a_proxy_that_does_not_connect_is_told(environment, proxy, fetch):
    address, wanted = proxy
    environment(HTTPS_PROXY=f"http://{address}")
    with pytest.raises(httpcore2.ProxyError, match="502 No"):
        fetch("https://only-inside.invalid/x")
    assert wanted[0].startswith(b"CONNECT only-inside.invalid:443 HTTP/1.1")


def test_an_address_that_is_spelled_out_is_screened_before_a_proxy(environment, proxy, fetch):
    address, wanted = proxy
    environment(HTTP_PROXY=f"http://{address}", NO_PROXY="")
    with pytest.raises(UnsafeUrlError, match=r"10\.0\.0\.1 is a private"):
        fetch("http://10.0.0.1/x")
    assert wanted == []


def test_a_proxy_that_nobody_knows_is_told_by_its_variable(environment, fetch):
    environment(HTTP_PROXY="http://no-such-proxy.invalid:3128")
    with pytest.raises(httpcore2.ConnectError, match=r"the proxy http://no-such-proxy\.invalid:3128/ of HTTP_PROXY: "):
        fetch("http://api.example/x")
