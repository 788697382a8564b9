"""The smallest picture and the smallest clip that are whole."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from simulation.profiles import CLIP_SECONDS


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), name) + data


PICTURE: Final = b"".join(
    (
        b"\x89PNG\r\n\x1a\n",
        _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        _chunk(b"IDAT", zlib.compress(b"\0\0")),
        _chunk(b"IEND", b""),
    )
)

_HEADER = bytes(12) + struct.pack(">II", 1000, 1000 * CLIP_SECONDS) + bytes(80)

CLIP: Final = b"".join(
    (
        _box(b"ftyp", b"isom\0\0\0\0isom"),
        _box(b"moov", _box(b"mvhd", _HEADER)),
        _box(b"mdat", bytes(64)),
    )
)
