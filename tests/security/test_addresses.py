"""What an attacker tries with addresses: an answer that names one inside the caller's network, or leads to one."""

import asyncio
import base64
import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tarash.tarash_gateway import generate_image, generate_image_async
from tarash.tarash_gateway.media.fetch import is_own_result
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest


class Handler(BaseHTTPRequestHandler):
    """A vendor, a host inside the network, and a proxy in one: it answers by the path alone."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.answer(json.dumps({"created": 1, "data": [self.server.item]}).encode())

    def do_GET(self):
        self.server.paths.append(self.path)
        where = self.server.redirects.get(self.path)
        self.answer(b"" if where else self.server.image, 302 if where else 200, location=where)

    def answer(self, body, status=200, location=None):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-type", "application/json")
        if location:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(png):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.paths, server.redirects, server.image, server.item = [], {}, png, {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def vendor(png):
    with serving(png) as server:
        yield server


@pytest.fixture
def inside(png):
    """Another server of this network, which is none of the vendor's business."""
    with serving(png) as server:
        yield server


@pytest.fixture(params=["sync", "async"])
def made(request, vendor):
    """The response of one image call whose answer names `url`."""

    def made(url, host="127.0.0.1", **settings):
        vendor.item = {"url": url}
        config = ImageGenerationConfig(
            provider="openai", model="m", api_key="k", base_url=f"http://{host}:{vendor.server_port}/v1",
            provider_config=settings,
        )  # fmt: skip
        wish = ImageGenerationRequest(prompt="x")
        if request.param == "sync":
            return generate_image(config, wish)
        return asyncio.run(generate_image_async(config, wish))

    return made


def refused(response, text):
    (image,) = response.images
    assert image.data is None
    assert image.url
    assert text in response.warnings[-1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("named", ["127.0.0.1", "localhost", "127.1"])
def test_a_private_endpoint_serves_its_own_results_under_each_name_of_this_machine(made, vendor, host, named, png):
    assert made(f"http://{named}:{vendor.server_port}/a.png", host=host).images[0].content == png
    assert made("/a.png", host=host).images[0].content == png


def test_another_port_of_the_endpoints_host_is_refused(made, inside):
    response = made(f"http://127.0.0.1:{inside.server_port}/a.png")
    refused(
        response, "the result is not at a public address: 127.0.0.1 is this very machine; nothing was fetched from it"
    )
    assert "If you mean it, pass provider_config={'allow_private_urls': True}" in response.warnings[-1]
    assert inside.paths == []


def test_what_the_endpoint_redirects_to_is_refused(made, vendor, inside):
    vendor.redirects = {"/a.png": f"http://127.0.0.1:{inside.server_port}/secret", "/b.png": "/c.png"}
    refused(made(f"http://127.0.0.1:{vendor.server_port}/a.png"), "is this very machine; nothing was fetched")
    refused(made(f"http://127.0.0.1:{vendor.server_port}/b.png"), "is this very machine; nothing was fetched")
    assert inside.paths == []
    assert vendor.paths == ["/a.png", "/b.png"]


def test_a_name_that_leads_inside_is_refused(made, inside, monkeypatch):
    real = socket.getaddrinfo

    def rebound(host, *arguments, **options):
        return real("127.0.0.1" if host == "cdn.vendor.example" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    response = made(f"http://cdn.vendor.example:{inside.server_port}/a.png")
    refused(response, "cdn.vendor.example leads to 127.0.0.1, which is this very machine; nothing was fetched from it")
    assert inside.paths == []


def test_the_setting_widens_it_for_results(made, vendor, inside, png):
    vendor.redirects = {"/a.png": f"http://127.0.0.1:{inside.server_port}/b.png"}
    response = made(f"http://127.0.0.1:{vendor.server_port}/a.png", allow_private_urls=True)
    assert (response.images[0].content, response.warnings) == (png, [])
    assert inside.paths == ["/b.png"]


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "100.100.100.200"])
def test_no_setting_allows_a_metadata_service(made, host):
    refused(
        made(f"http://{host}/latest/meta-data", allow_private_urls=True),
        "nothing was fetched from it. No setting allows",
    )


OWN = [
    ("http://127.0.0.1:8080/v1", "http://localhost:8080/x", True),
    ("http://[::1]:8080/v1", "http://127.0.0.1:8080/x", True),
    ("http://10.1.2.3/v1", "http://10.1.2.3:80/x", True),
    ("https://images.local/v1", "https://images.local/x", True),
    ("http://gpu-box:9000/v1", "http://gpu-box:9000/x", True),
    ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8081/x", False),
    ("http://127.0.0.1:8080/v1", "https://127.0.0.1:8080/x", False),
    ("http://127.0.0.1:8080/v1", "http://127.0.0.2:8080/x", False),
    ("http://10.1.2.3/v1", "http://10.1.2.4/x", False),
    # A public name may be made to lead inside by whoever answers for it: that it is the endpoint's own says nothing.
    ("https://api.vendor.com/v1", "https://api.vendor.com/x", False),
    ("http://169.254.169.254/v1", "http://169.254.169.254/x", False),
    ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080@10.0.0.1/x", False),
    ("http://127.0.0.1:8080/v1", "http://[half", False),
]


@pytest.mark.parametrize(("endpoint", "url", "own"), OWN)
def test_which_results_are_the_endpoints_own(endpoint, url, own):
    assert is_own_result(url, endpoint) is own


@pytest.fixture
def proxy(png, monkeypatch, vendor):
    with serving(png) as server:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield server


def test_results_come_through_the_proxy_where_only_it_resolves_names(made, proxy, png):
    response = made("http://images.vendor.example/a.png")
    assert (response.images[0].content, response.warnings) == (png, [])
    assert proxy.paths == ["http://images.vendor.example/a.png"]


def test_a_proxy_is_asked_for_no_private_address_that_is_spelled_out(made, proxy):
    refused(made("http://10.0.0.7/a.png"), "10.0.0.7 is a private or reserved address; nothing was fetched from it")
    assert proxy.paths == []


@pytest.mark.parametrize("run", ["sync", "async"])
def test_input_images_come_through_the_proxy_where_the_config_says_so(proxy, run, vendor, png):
    vendor.item = {"b64_json": base64.b64encode(png).decode()}
    fixed = {
        "provider": "openai",
        "model": "m",
        "api_key": "k",
        "base_url": f"http://127.0.0.1:{vendor.server_port}/v1",
    }
    wish = ImageGenerationRequest(prompt="x", image_list=["http://images.example/a.png"])
    config = ImageGenerationConfig(**fixed, provider_config={"inputs_through_proxy": True})
    made = generate_image(config, wish) if run == "sync" else asyncio.run(generate_image_async(config, wish))
    assert made.images[0].content == png
    assert proxy.paths == ["http://images.example/a.png"]
