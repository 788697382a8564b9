"""Answers that are small on the wire and large in memory, or have no end."""

from __future__ import annotations

import functools
import json
import struct
import zlib
from dataclasses import dataclass, field

from tarash_gateway_sandbox.replies import Answer

MIB = 1024 * 1024
GIB = 1024 * MIB


@functools.lru_cache(maxsize=8)
def _packed(filler: bytes) -> bytes:
    """64 MiB of a filler as a block of deflate that may follow any other."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(filler * (64 * MIB // len(filler))) + packer.flush(zlib.Z_FULL_FLUSH)


@dataclass(frozen=True)
class GzipBomb:
    """A few hundred kilobytes of gzip that unpack to gigabytes."""

    head: bytes = b""
    filler: bytes = b"A"
    content_type: str = "application/json"
    status: int = 200
    encoding: str = "gzip"
    size: int = 4 * GIB

    async def send(self, wire, headers):
        """Sends it, unless the client leaves."""
        await wire.begin(self.status, {"content-type": self.content_type, "content-encoding": self.encoding, **headers})
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        await wire.piece(struct.pack("<4sIBB", b"\x1f\x8b\x08\x00", 0, 0, 255))
        await wire.piece(packer.compress(self.head) + packer.flush(zlib.Z_FULL_FLUSH))
        for _ in range(self.size // (64 * MIB)):
            await wire.piece(_packed(self.filler))
        await wire.end()


@dataclass(frozen=True)
class Endless:
    """Bytes without an end."""

    head: bytes = b""
    filler: bytes = b"A" * MIB
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, wire, headers):
        """Sends until the client leaves."""
        await wire.begin(self.status, {"content-type": self.content_type, **self.headers, **headers})
        await wire.piece(self.head)
        while True:
            await wire.piece(self.filler)


def nested() -> Answer:
    """Brackets in brackets."""
    return Answer(body=b'{"data":' + b"[" * (8 * MIB))


def many_objects() -> Answer:
    """Five million small objects in 15 MiB."""
    return Answer(body=b'{"data":[' + b"{}," * (5 * MIB) + b"{}]}")


def long_number() -> Answer:
    """A number of millions of digits, which takes minutes to become one."""
    return Answer(body=b'{"created":' + b"9" * (8 * MIB) + b',"data":[]}')


def many_images(small: str, count: int = 200_000) -> Answer:
    """Far more images than were asked for."""
    return Answer(body=json.dumps({"created": 1, "data": [{"b64_json": small}] * count}).encode())
