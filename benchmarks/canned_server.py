# ruff: noqa: INP001 # a script is in no package
"""A vendor that answers canned bytes as fast as it can, so that what is measured is the caller.

    python benchmarks/canned_server.py      prints its URL, and ends when its input does

POST …/small/v1/images/generations   a picture of some hundred bytes
POST …/large/v1/images/generations   a picture of 2 MB
GET  …/small/v1/videos/ID            a job in progress
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import ClassVar

LARGE = 2 * 1024 * 1024
"""Bytes of the large picture."""

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def picture(padding: int) -> bytes:
    """A PNG of one pixel with so many bytes of noise in a chunk of its own."""
    noise = Random(1).randbytes(padding)  # noqa: S311 # the same for every run
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        (b"noIs", noise),
        (b"IDAT", zlib.compress(b"\0\1\2\3")),
        (b"IEND", b""),
    )
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _answer(body: dict[str, object]) -> bytes:
    content = json.dumps(body).encode()
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: req_0123456789abcdef\r\n"
        f"Openai-Processing-Ms: 12\r\nOpenai-Version: 2020-10-01\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def _image(padding: int) -> bytes:
    usage = {
        "input_tokens": 12,
        "output_tokens": 272,
        "total_tokens": 284,
        "input_tokens_details": {"text_tokens": 12, "image_tokens": 0},
    }
    data = [{"b64_json": base64.b64encode(picture(padding)).decode()}]
    shape = {"background": "opaque", "output_format": "png", "quality": "low", "size": "1024x1024"}
    return _answer({"created": 1_790_000_000, **shape, "data": data, "usage": usage})


def _job() -> bytes:
    fixed = {"id": "video_0123456789abcdef", "object": "video", "model": "sora-2", "status": "in_progress"}
    extra = {"progress": 42, "created_at": 1_790_000_000, "seconds": "8", "size": "1280x720"}
    rest = {"completed_at": None, "expires_at": None, "error": None, "prompt": None, "remixed_from_video_id": None}
    return _answer({**fixed, **extra, **rest})


class _Canned(asyncio.Protocol):
    """One connection: reads a request as far as its length says, and answers by its address."""

    answers: ClassVar = {b"POST /small": _image(100), b"POST /large": _image(LARGE), b"GET": _job()}

    def __init__(self) -> None:
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 # a TCP server's
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._read, 0, end)
        if len(self._read) < end + 4 + (int(length[1]) if length else 0):
            return
        answer = next(whole for start, whole in self.answers.items() if self._read.startswith(start))
        self._read.clear()
        self._transport.write(answer)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Canned, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)  # noqa: T201 # who started it reads it
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def serving() -> Iterator[str]:
    """The server in a process of its own; gives its URL."""
    server = subprocess.Popen(  # noqa: S603 # our own script
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None  # noqa: S101 # a pipe, see above
    try:
        yield server.stdout.readline().strip()
    finally:
        server.communicate()


if __name__ == "__main__":
    asyncio.run(_serve())
