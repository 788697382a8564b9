# ruff: noqa: INP001 # a script is in no package
"""A vendor with nothing but big media, in a process of its own: it prints its URL, and ends with its input.

    python benchmarks/memory_vendor.py 200 2

The arguments are the MB of a clip and the MB of base64 of a picture. The job `small` and a picture with the prompt
`small` are there to warm up with. Nothing is drawn: what a client holds is measured, not what a vendor does.
"""

from __future__ import annotations

import base64
import json
import random
import struct
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tarash_gateway_sandbox.artwork.orders import VideoOrder
from tarash_gateway_sandbox.artwork.video import encode_video

MB = 1_000_000
SMALL = "small"
PIECE = bytes(MB)


def picture(size: int) -> bytes:
    """A PNG of about so many bytes, of noise that does not compress."""
    edge = max(1, int((size / 3) ** 0.5))
    noise = random.Random(1)  # noqa: S311 # the same picture every time
    lines = b"".join(b"\0" + noise.randbytes(3 * edge) for _ in range(edge))
    header = struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 0)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(b)) + a + b + struct.pack(">I", zlib.crc32(a + b)) for a, b in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def image_answer(size: int) -> bytes:
    """An answer with a picture of about so many bytes of base64."""
    text = base64.b64encode(picture(size * 3 // 4)).decode()
    return json.dumps({"data": [{"b64_json": text}]}).encode()


class Vendor(BaseHTTPRequestHandler):
    """Answers what a benchmark asks."""

    protocol_version = "HTTP/1.1"
    # Otherwise the headers wait for the acknowledgement of a packet before, 40 ms each time.
    disable_nagle_algorithm = True
    clip: ClassVar[bytes]
    clip_size: ClassVar[int]
    pictures: ClassVar[dict[bool, bytes]]

    def do_POST(self) -> None:
        """A picture, or a job."""
        wanted = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/images/generations"):
            self._body("application/json", self.pictures[b'"small"' in wanted])
        else:
            self._job("big")

    def do_GET(self) -> None:
        """The state of a job, which is done, or its clip."""
        name, _, content = self.path.partition("/videos/")[2].partition("/")
        if not content:
            self._job(name)
            return
        padding = 0 if name == SMALL else self.clip_size - len(self.clip) - 8
        # A `free` box may hold anything and stand anywhere: the clip plays, and has the size that is wanted.
        end = struct.pack(">I4s", padding + 8, b"free")
        self._head("video/mp4", len(self.clip) + len(end) + padding)
        self.wfile.write(self.clip + end)
        for at in range(0, padding, MB):
            self.wfile.write(memoryview(PIECE)[: min(MB, padding - at)])

    def _job(self, name: str) -> None:
        job = {
            "id": name,
            "object": "video",
            "status": "completed",
            "progress": 100,
            "model": "sora-2",
            "created_at": int(time.time()),
            "completed_at": int(time.time()),
            "seconds": "4",
            "size": "1280x720",
        }
        self._body("application/json", json.dumps(job).encode())

    def _body(self, kind: str, body: bytes) -> None:
        self._head(kind, len(body))
        self.wfile.write(body)

    def _head(self, kind: str, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def main(clip_mb: float, picture_mb: float) -> None:
    """Serves until the input ends."""
    Vendor.clip = encode_video(VideoOrder("a small clip", 64, 64, 1))
    Vendor.clip_size = int(clip_mb * MB)
    Vendor.pictures = {True: image_answer(1000), False: image_answer(int(picture_mb * MB))}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}/v1\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
