"""Connections that lie idle while a vendor works for minutes: the system asks whether the other end is there.

Routers that translate addresses, and load balancers, drop a silent connection after four to six minutes, and tell nobody.
"""

import asyncio
import contextlib
import os
import socketserver
import sys
import threading
import time

import pytest

from tarash.tarash_gateway import generate_image, generate_image_async, submit_video
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

TABLE = "/proc/net/tcp"
KEEPALIVE_TIMER = 2
RETRANSMISSION_TIMER = 1
REFUSAL = b'{"error": {"message": "no", "code": "no"}}'

pytestmark = pytest.mark.skipif(not os.path.exists(TABLE), reason="this system does not show its timers")  # noqa: PTH110


def timer_of(port, peer):
    """Which timer runs on the connection from one port of this machine to another, and its seconds.

    Of Linux's own table, in which a port may stand several times.
    """
    with open(TABLE) as file:  # noqa: PTH123
        for line in list(file)[1:]:
            fields = line.split()
            if [int(address.partition(":")[2], 16) for address in fields[1:3]] == [port, peer]:
                kind, _, when = fields[5].partition(":")
                return int(kind, 16), int(when, 16) / os.sysconf("SC_CLK_TCK")
    return None


@pytest.fixture
def vendor():
    """A vendor that refuses everything, and looks at the connections that it is asked over."""
    timers = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            length = 0
            while (line := self.rfile.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            # Between a request and its answer: this is when a connection lies idle.
            while (timer := timer_of(self.client_address[1], self.server.server_address[1])) and timer[
                0
            ] == RETRANSMISSION_TIMER:
                time.sleep(0.005)  # until the last bytes are acknowledged
            timers.append(timer)
            head = f"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {len(REFUSAL)}\r\n"
            self.wfile.write(head.encode() + b"Connection: close\r\n\r\n" + REFUSAL)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", timers
        server.shutdown()


def is_kept_alive(timers):
    assert timers
    for kind, seconds in timers:
        assert kind == KEEPALIVE_TIMER
        assert seconds <= 60.0


PROVIDERS = ["openai", "azure_openai", "openrouter", "google", "xai", "fal"]


def config_of(kind, provider, url, **extra):
    pytest.importorskip(f"tarash_gateway_{provider}")
    return kind(provider=provider, model="any-model", base_url=url, api_key="sk-of-the-tests-0123456789", max_retries=0, **extra)  # fmt: skip


def generate(config, request):
    return asyncio.run(generate_image_async(config, request))


@pytest.mark.parametrize("call", [generate_image, generate], ids=["blocking", "awaited"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_request_for_an_image(vendor, provider, call):
    url, timers = vendor
    with contextlib.suppress(TarashError):
        call(config_of(ImageGenerationConfig, provider, url), ImageGenerationRequest(prompt="a boat"))
    is_kept_alive(timers)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_request_for_a_video(vendor, provider):
    url, timers = vendor
    with contextlib.suppress(TarashError):
        submit_video(config_of(VideoGenerationConfig, provider, url), VideoGenerationRequest(prompt="a boat"))
    is_kept_alive(timers)


@pytest.mark.parametrize("call", [generate_image, generate], ids=["blocking", "awaited"])
def test_a_request_through_a_proxy(vendor, call, monkeypatch):
    url, timers = vendor
    monkeypatch.setenv("HTTP_PROXY", url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with contextlib.suppress(TarashError):
        call(
            config_of(ImageGenerationConfig, "openai", "http://vendor.example/v1"),
            ImageGenerationRequest(prompt="a boat"),
        )
    is_kept_alive(timers)


def test_the_table_tells_one_from_the_other(vendor):
    """A plain connection of Python's has no such timer."""
    import http.client

    url, timers = vendor
    connection = http.client.HTTPConnection(url.partition("//")[2], timeout=60)
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()
    assert timers[0][0] != KEEPALIVE_TIMER
    assert sys.platform == "linux"
