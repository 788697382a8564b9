"""The user's page and the two hosts that it writes out, answered on loopback: nothing of the product knows of it."""

from __future__ import annotations

import ast
import contextlib
import http.server
import io
import re
import shutil
import socket
import ssl
import subprocess
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tarash.tarash_gateway import ModelLifecycleWarning
from tarash_gateway_sandbox import SandboxServer

PAGE = Path(__file__).resolve().parents[3] / "shared" / "spec" / "openai-provider-page.txt"

PUBLIC = {"example.com": "93.184.216.34", "my-resource.openai.azure.com": "20.42.0.1"}
"""A public address for each host of the page: the screening of addresses must find nothing wrong with it."""


@dataclass(frozen=True)
class Block:
    """Code of the page, and where it stands."""

    first_line: int
    source: str

    @property
    def lines(self):
        return range(self.first_line, self.first_line + self.source.count("\n") + 1)


_BEGINS = re.compile(r"(from [\w.]+ import |import \w|\w+ = )")
_CODE = (ast.Import, ast.ImportFrom, ast.Assign)


def blocks_of(text):
    """The Python blocks of a page that was copied as plain text: the longest runs of lines that are such code."""
    lines = text.splitlines()
    found, at = [], 0
    while at < len(lines):
        end = _end_of_block(lines, at) if _BEGINS.match(lines[at]) else None
        if end is None:
            at += 1
            continue
        found.append(Block(at + 1, "\n".join(lines[at:end]).rstrip()))
        at = end
    return found


def _end_of_block(lines, start):
    ends = [end for end in range(start + 1, min(len(lines), start + 80) + 1) if _is_code("\n".join(lines[start:end]))]
    return max(ends, default=None)


def _is_code(source):
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    # A heading such as `Parameters` parses as well; a statement of the page imports, assigns or calls.
    return all(
        isinstance(node, _CODE) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)) for node in body
    )


@pytest.fixture(scope="session")
def page():
    if not PAGE.is_file():
        pytest.skip(f"the user's page is not beside this checkout ({PAGE})")
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def blocks(page):
    return blocks_of(page)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for example.com, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, so there is no certificate for the page's https address")
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=example.com"
    more = ["-addext", "subjectAltName=DNS:example.com", "-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    subprocess.run([*command.split(), *more, "-keyout", key, "-out", made], check=True, capture_output=True)
    return made, key


@pytest.fixture(scope="module")
def sandbox():
    with SandboxServer(job_seconds=0.2) as server:
        yield server


@pytest.fixture(scope="module")
def example_com(sandbox, certificate):
    """The port of a TLS server that has what the sandbox has."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer = httpx2.get(sandbox.origin + self.path, trust_env=False)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["content-type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def hosts(example_com, certificate):
    """The two hosts of the page: names lead to public addresses, and connections to those end on loopback."""
    resolve, connect = socket.getaddrinfo, socket.socket.connect
    asked = []

    def getaddrinfo(host, port, *args, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name not in PUBLIC:
            return resolve(host, port, *args, **options)
        asked.append(name)
        return resolve(PUBLIC[name], port, *args, **options)

    def connected(self, address):
        if address[0] == PUBLIC["example.com"]:
            address = ("127.0.0.1", example_com)
        assert address[0] in {"127.0.0.1", "::1"}, f"a test connects to {address}"
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        patch.setattr(socket.socket, "connect", connected, raising=False)
        patch.setenv("SSL_CERT_FILE", str(certificate[0]))
        yield asked


@dataclass(frozen=True)
class Ran:
    """What a block left behind: its names, what it printed and what it sent."""

    names: dict
    printed: str
    requests: list


@pytest.fixture(scope="module")
def ran(blocks, sandbox, hosts):
    """Every block of the page, unchanged, run in order in one namespace, the environment pointing at the sandbox."""
    names, done = {"__name__": "the_page"}, []
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelLifecycleWarning)  # the page's models are retired
        patch.setenv("OPENAI_BASE_URL", sandbox.url)
        for block in blocks:
            sandbox.clear()
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(block.source, f"the page, line {block.first_line}", "exec"), names)
            done.append(Ran(dict(names), printed.getvalue(), sandbox.requests))
    return done
