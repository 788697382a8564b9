# ruff: noqa: INP001 # a script is in no package
"""A vendor of videos that costs next to nothing, in a process of its own: what is measured is the caller.

    python benchmarks/jobs_vendor.py JOBS SECONDS SPREAD

The first job is done soon, to warm up with. The others are done `SECONDS` after the last of `JOBS` was submitted, or up
to `SPREAD` later: there is a time in which all of them wait. It prints its URL, answers each line of its input with its
book as one line of JSON, and ends with its input. Times are those of `time.monotonic`, one clock for all processes.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)

WARM_UP = 0.2
"""Seconds of the first job: it is looked at once before it is done."""


def clip(size: int = 10_000) -> bytes:
    """The smallest MP4 that is whole, 64x48 pixels and a second long, filled up to so many bytes."""

    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(content), name) + content

    header = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, 1000) + bytes(80))
    track = box(b"tkhd", bytes(76) + struct.pack(">II", 64 << 16, 48 << 16))
    kind = box(b"mdia", box(b"hdlr", bytes(8) + b"vide" + bytes(13)))
    start = box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", header + box(b"trak", track + kind))
    return start + box(b"mdat", bytes(max(size - len(start) - 8, 8)))


@dataclass
class Book:
    """What the vendor has seen."""

    done: dict[str, float] = field(default_factory=dict)
    """When each job was, or will be, done."""

    looks: dict[str, int] = field(default_factory=dict)
    """How often each job was asked for."""

    at: list[float] = field(default_factory=list)
    """When each of these requests came."""

    connections: int = 0
    """Connections that were ever made."""

    most_connections: int = 0
    """Connections that were open at a time."""


class Vendor(asyncio.Protocol):
    """One connection: one request, one answer."""

    book = Book()
    open = 0
    jobs, seconds, spread = 0, 0.0, 0.0
    clip = clip()
    chance = Random(1)  # noqa: S311 # the same spread in each run

    def __init__(self) -> None:
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Counts it."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 # a TCP server's
        self._transport = transport
        Vendor.open += 1
        self.book.connections += 1
        self.book.most_connections = max(self.book.most_connections, Vendor.open)

    def connection_lost(self, _: Exception | None) -> None:
        """Counts it."""
        Vendor.open -= 1

    def data_received(self, data: bytes) -> None:
        """Answers a request once it is whole."""
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return
        length = LENGTH.search(self._read, 0, end)
        if len(self._read) < end + 4 + (int(length[1]) if length else 0):
            return
        method, path, _ = self._read.split(b" ", 2)
        self._read.clear()
        if method == b"POST":
            name = f"video_{len(self.book.done):06d}"
            self.book.done[name] = math.inf if self.book.done else time.monotonic() + WARM_UP
            self.book.looks[name] = 0
            if len(self.book.done) == self.jobs + 1:
                now = time.monotonic()
                for waiting in list(self.book.done)[1:]:
                    self.book.done[waiting] = now + self.seconds + self.spread * self.chance.random()
            self._tell(name)
        elif path.endswith(b"/content"):
            self._send(b"video/mp4", self.clip)
        else:
            name = path.rpartition(b"/")[2].decode()
            self.book.looks[name] += 1
            self.book.at.append(time.monotonic())
            self._tell(name)

    def _tell(self, name: str) -> None:
        done = time.monotonic() >= self.book.done[name]
        status = {"status": "completed", "progress": 100} if done else {"status": "in_progress", "progress": 42}
        fixed = {"id": name, "object": "video", "model": "sora-2", "created_at": 1_790_000_000, "seconds": "4"}
        extra = {"size": "1280x720", "error": None, "expires_at": None, "remixed_from_video_id": None}
        self._send(b"application/json", json.dumps({**fixed, **status, **extra}).encode())

    def _send(self, kind: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nX-Request-Id: req_1\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % (kind, len(body)) + body)


async def _serve(jobs: int, seconds: float, spread: float) -> None:
    Vendor.jobs, Vendor.seconds, Vendor.spread = jobs, seconds, spread
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Vendor, "127.0.0.1", 0, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)  # noqa: T201 # who started it reads it
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(asdict(Vendor.book)), flush=True)  # noqa: T201 # as above


class Handle:
    """The vendor's process, from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = self._answer().strip()

    def book(self) -> dict[str, Any]:
        """What it has seen."""
        assert self._process.stdin is not None  # noqa: S101 # a pipe, see below
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        book: dict[str, Any] = json.loads(self._answer())
        return book

    def _answer(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 # a pipe, see below
        return self._process.stdout.readline()


@contextmanager
def vendor(jobs: int, seconds: float, spread: float = 0.0) -> Iterator[Handle]:
    """A vendor whose jobs are done so long after the last of them was submitted."""
    command = [sys.executable, str(Path(__file__)), str(jobs), str(seconds), str(spread)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 # our own script
    try:
        yield Handle(process)
    finally:
        process.communicate()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
