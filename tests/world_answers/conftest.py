"""A loopback server that gives the answers of a case, and one runner for all plugins, blocking and async.

A plugin's test module says how its requests are told apart:

    CASES = "OPENAI"
    ROLES = (("POST", r"/images/generations$", "image"), …)
    def config(kind, world, **settings): …
    def test_answer(case, outcome): case.check(outcome)
"""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import re
import sys
import threading
from contextlib import nullcontext
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tarash.tarash_gateway import (
    Budget,
    generate_image,
    generate_image_async,
    generate_video,
    generate_video_async,
    stream_image,
    stream_image_async,
)
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

PROMPT = "a boat that nobody has drawn before"


def _load_cases():
    """The tables beside this file, which is not on the path."""
    path = Path(__file__).with_name("cases.py")
    spec = importlib.util.spec_from_file_location("world_answers_cases", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


tables = _load_cases()


@dataclass
class World:
    """The server, what it gives, and what arrived."""

    base: str
    other: str
    """The same answers at another private address."""

    png: bytes
    clip: bytes
    roles: tuple[tuple[str, str, str], ...] = ()
    replies: dict[str, list[Any]] = field(default_factory=dict)
    arrived: list[tuple[str, str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    """Of each request that arrived, by their names in lower case."""

    @property
    def b64(self):
        return self.encoded(self.png)

    @staticmethod
    def encoded(content):
        return base64.b64encode(content).decode()

    @property
    def creating(self):
        return [path for role, _, path in self.arrived if role in ("image", "submit")]

    @property
    def polls(self):
        return [path for role, _, path in self.arrived if role == "poll"]

    def reply_to(self, method, path):
        role = next((role for verb, pattern, role in self.roles if verb == method and re.search(pattern, path)), "file")
        self.arrived.append((role, method, path))
        waiting = self.replies.get(role) or [tables.Reply({"error": {"message": f"no {role} here"}}, 404)]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that has read enough goes away."""


@pytest.fixture(scope="session")
def _listening():
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def _answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.server.world.headers.append({name.lower(): value for name, value in self.headers.items()})
            reply = self.server.world.reply_to(self.command, self.path.partition("?")[0])
            content = reply.content
            self.send_response(reply.status)
            if reply.content_type:
                self.send_header("Content-Type", reply.content_type)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 # the base class's names

    # Another port is another origin: to a client that is another private address.
    servers = [_Server(("127.0.0.1", 0), Handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def world(_listening, png, clip, request):
    base, other = (f"http://127.0.0.1:{server.server_port}" for server in _listening)
    known = World(base, other, png, clip, request.module.ROLES)
    for server in _listening:
        server.world = known
    return known


@dataclass
class Outcome:
    """What came of a call."""

    world: World
    response: Any = None
    error: Exception | None = None
    spent: float = 0.0
    """Dollars that the case's budget counts."""


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        cases = getattr(tables, metafunc.module.CASES)
        metafunc.parametrize("case", cases, ids=[f"{case.row} ({case.call})" for case in cases])
    if "outcome" in metafunc.fixturenames:
        metafunc.parametrize("flavour", ["sync", "async"])


@pytest.fixture
def outcome(case, world, flavour, request, retry_policy, monkeypatch):
    """Runs the call of a case with the module's plugin."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in case.environment.items():
        monkeypatch.setenv(name, value.format(base=world.base))
    retry_policy(first_delay=0.001)
    replies = case.replies(world)
    world.replies = {role: list(inputs) if isinstance(inputs, list) else [inputs] for role, inputs in replies.items()}
    video = case.call == "video"
    settings = {"timeout": 60.0, "max_retries": 0, **({"poll_interval": 0.01} if video else {}), **case.config}
    config = request.module.config(VideoGenerationConfig if video else ImageGenerationConfig, world, **settings)
    fields = {"prompt": PROMPT, **case.request}
    wish = (VideoGenerationRequest if video else ImageGenerationRequest)(**fields)
    outcome = Outcome(world)
    with nullcontext() if case.budget is None else Budget(case.budget) as budget:
        try:
            outcome.response = _CALLS[case.call, flavour](config, wish)
        except Exception as error:
            outcome.error = error
    outcome.spent = 0.0 if budget is None else budget.spent
    return outcome


def _streamed(config, wish):
    return [update for update in stream_image(config, wish) if update.response][-1].response


async def _streamed_async(config, wish):
    return [update async for update in stream_image_async(config, wish) if update.response][-1].response


_CALLS = {
    ("image", "sync"): generate_image,
    ("image", "async"): lambda *args: asyncio.run(generate_image_async(*args)),
    ("stream", "sync"): _streamed,
    ("stream", "async"): lambda *args: asyncio.run(_streamed_async(*args)),
    ("video", "sync"): generate_video,
    ("video", "async"): lambda *args: asyncio.run(generate_video_async(*args)),
}
