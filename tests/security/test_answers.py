"""What a hostile server answers: bombs and floods, each met in a process of its own whose memory is measured."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from tarash_gateway_sandbox import SandboxServer

HERE = Path(__file__).parent
MOST_MIB = 600
BASE64 = b'{"data":[{"b64_json":"'
MESSAGE = b'{"error":{"message":"'

_spec = spec_from_file_location("security_bombs", HERE / "bombs.py")
bombs = module_from_spec(_spec)
sys.modules[_spec.name] = bombs
_spec.loader.exec_module(bombs)


@dataclass(frozen=True)
class Vendor:
    """Where a provider finds the sandbox, and the paths of its requests."""

    image: str
    video: str
    url: str
    create: str
    poll: str
    content: str


HEX = "[0-9a-f]" * 32
VENDORS = {
    "openai": Vendor("gpt-image-2", "sora-2", "url", "/v1/*", f"/v1/videos/video_{HEX}", "*/content"),
    "azure-openai": Vendor("pic", "clips", "origin", "/openai/*", f"/openai/v1/videos/video_{HEX}", "*/content"),
    "google": Vendor(
        "gemini-nano-banana-2.1", "gemini-omni-1.1-flash", "google_url", "/google/*", "*/interactions/*", "*:download"
    ),
    "openrouter": Vendor(
        "openai/gpt-image-2", "google/veo-3.1", "openrouter_url", "/api/v1/*", "/api/v1/videos/gen-*[!t]", "*/content"
    ),
    "xai": Vendor(
        "grok-imagine-image-2.0", "grok-imagine-video", "xai_url", "/xai/v1/*", "/xai/v1/videos/*", "/xai/files/*"
    ),
    "fal": Vendor("fal-ai/flux/dev", "fal-ai/veo3.1", "fal_url", "/fal/*", "/fal/*/status", "/fal-media/*"),
}
BOMBS = {
    "answer, gzip": ("image", "answer", bombs.GzipBomb(BASE64)),
    "answer, endless": ("image", "answer", bombs.Endless(BASE64)),
    "answer, nested": ("image", "answer", bombs.nested()),
    "answer, many objects": ("image", "answer", bombs.many_objects()),
    "answer, long number": ("image", "answer", bombs.long_number()),
    "error, gzip": ("image", "error", bombs.GzipBomb(MESSAGE, status=400)),
    "error, endless": ("image", "error", bombs.Endless(MESSAGE, status=400)),
    "stream, gzip": ("image", "stream", bombs.GzipBomb(b"data: ", content_type="text/event-stream")),
    "stream, endless": ("image", "stream", bombs.Endless(b"data: ", content_type="text/event-stream")),
    "poll, gzip": ("video", "poll", bombs.GzipBomb(b'{"id":"')),
    "poll, endless": ("video", "poll", bombs.Endless(b'{"id":"')),
    "download, gzip": ("video", "content", bombs.GzipBomb(b"\0\0\0\x20ftyp", b"\0", content_type="video/mp4")),
}
ORDINARY = {("openai", "answer, gzip"), ("google", "error, endless")}
ORDINARY |= {("xai", "answer, endless"), ("fal", "poll, gzip")}
"""One of each kind without waiting for the slow tier."""

CASES = [
    pytest.param(provider, name, in_loop, id=f"{provider}, {name}, {'async' if in_loop else 'sync'}")
    if (provider, name) in ORDINARY and not in_loop
    else pytest.param(
        provider, name, in_loop, id=f"{provider}, {name}, {'async' if in_loop else 'sync'}", marks=pytest.mark.slow
    )
    for provider in VENDORS
    for name in BOMBS
    for in_loop in (False, True)
]


@pytest.mark.skipif(sys.platform != "linux", reason="the most memory of a process is read from /proc")
@pytest.mark.parametrize(("provider", "name", "in_loop"), CASES)
def test_no_answer_takes_the_memory(provider, name, in_loop):
    vendor = VENDORS[provider]
    kind, operation, reply = BOMBS[name]
    with SandboxServer(quick=True, job_seconds=0.3, deployments={"pic": "gpt-image-2", "clips": "sora-2"}) as server:
        path = {"poll": vendor.poll, "content": vendor.content}.get(operation, vendor.create)
        server.play(reply, method="POST" if kind == "image" else "GET", path=path, times=None)
        wanted = {
            "provider": provider,
            "base_url": getattr(server, vendor.url),
            "kind": kind,
            "operation": operation,
            "model": getattr(vendor, kind),
            "async": in_loop,
            # What reads is patient to its deadline: it need not be long.
            "timeout": 120.0 if kind == "image" else 6.0,
        }
        command = [sys.executable, HERE / "processes" / "call_vendor.py", json.dumps(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    reported = json.loads(done.stdout)
    assert reported["mib"] < MOST_MIB, reported
    assert reported["outcome"].endswith("Error"), reported
    assert not reported["outcome"].startswith(("foreign", "PluginError")), reported
    assert len(reported["text"]) <= 4000, reported
