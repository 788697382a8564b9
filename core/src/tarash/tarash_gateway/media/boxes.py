"""The boxes of ISO media files (MP4, MOV, HEIC, AVIF): walked by their lengths, never read as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from
from typing import Final, NamedTuple

from tarash.tarash_gateway.media.reader import BrokenMediaError, Source

__all__ = ["CUT", "Box", "boxes_in", "inner", "outer_boxes"]

CUT: Final = "MP4 ends inside one of its boxes"


class Box(NamedTuple):
    """One box: its name, and where its content begins and ends, in bytes."""

    name: bytes
    start: int
    end: int


class _NoBoxError(BrokenMediaError):
    """What stands there is no box."""


def outer_boxes(source: Source, required: tuple[bytes, ...]) -> tuple[list[Box], str | None]:
    """Walks the boxes of a whole file.

    Args:
        source: the file.
        required: the boxes that make it whole; once all are there, bytes that are no box are let pass.

    Returns:
        The boxes, and why it is not known whether they are all; None where they add up to the end exactly.

    Raises:
        BrokenMediaError: a box is cut, or one that is required is missing.
    """
    found: list[Box] = []
    at, doubt = 0, None
    while at < source.size:
        try:
            box = _box(source, at, source.size)
        except _NoBoxError:
            if not _missing(found, required):
                return found, source.surplus(at, "last box")
            raise
        found.append(box)
        if source.read(at, 4, CUT) == b"\0\0\0\0":
            doubt = f"its last box, {box.name.decode('latin-1')}, does not say how long it is"
        at = box.end
    if missing := _missing(found, required):
        msg = f"MP4 has no {' and no '.join(missing)} box"
        raise BrokenMediaError(msg)
    return found, doubt


def _missing(found: list[Box], required: tuple[bytes, ...]) -> list[str]:
    return [name.decode() for name in required if all(box.name != name for box in found)]


def boxes_in(source: Source, around: Box | None, header: int = 0) -> Iterator[Box]:
    """Walks the boxes inside another one, after `header` bytes of its own; none where `around` is None.

    Raises:
        BrokenMediaError: one is cut.
    """
    at = 0 if around is None else around.start + header
    while around is not None and at < around.end:
        box = _box(source, at, around.end)
        at = box.end
        yield box


def inner(source: Source, around: Box | None, *names: bytes) -> Box | None:
    """Returns the first box that is reached by going into the boxes `names`, one inside the other."""
    for name in names:
        around = next((box for box in boxes_in(source, around) if box.name == name), None)
    return around


def _box(source: Source, at: int, end: int) -> Box:
    if end - at < 8 and not source.read(at, end - at, CUT).strip(b"\0"):
        raise _NoBoxError(CUT)
    size, name = unpack_from(">I4s", source.read(at, 8, CUT))
    start = at + 8
    # A size of 0 means "to the end": without a look at the name, garbage between two videos would pass for a box.
    if not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in name):
        msg = f"MP4 has no box where one must be, at byte {at}"
        raise _NoBoxError(msg)
    if size == 1:  # the true size follows, in 64 bits
        (size,) = unpack_from(">Q", source.read(start, 8, CUT))
        start += 8
    elif size == 0:  # to the end of what is around it
        size = end - at
    if at + size < start:
        msg = f"MP4 has a box of {size} bytes, at byte {at}"
        raise BrokenMediaError(msg)
    if at + size > end:
        raise BrokenMediaError(CUT)
    return Box(name, start, at + size)
