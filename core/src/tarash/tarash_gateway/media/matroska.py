"""Whether a WebM or Matroska file is whole, its size in pixels and its length in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack
from typing import Final, NamedTuple

from tarash.tarash_gateway.media.reader import BrokenMediaError, MediaFacts, Source

__all__ = ["matroska"]

_SEGMENT, _INFO, _TRACKS = 0x18538067, 0x1549A966, 0x1654AE6B
_SCALE, _DURATION, _ENTRY, _VIDEO, _WIDTH, _HEIGHT = 0x2AD7B1, 0x4489, 0xAE, 0xE0, 0xB0, 0xBA

_CUT: Final = "WebM ends inside one of its elements"
_MILLISECOND: Final = 1_000_000
"""Nanoseconds of one tick, where a file says nothing else."""


class _Element(NamedTuple):
    number: int
    start: int
    end: int | None
    """None for a stream whose length was not known when it was begun."""


def matroska(source: Source) -> MediaFacts:
    """Checks that the EBML header is followed by a segment that is all there, and reads what the segment says."""
    kind = "video/webm" if b"webm" in source.head(64) else "video/x-matroska"
    cut = "WebM ends inside its header"
    header = _element(source, 0, cut)
    if header.end is None:
        raise BrokenMediaError(cut)
    segment = _element(source, header.end, cut)
    if segment.number != _SEGMENT:
        msg = "WebM has no segment after its header"
        raise BrokenMediaError(msg)
    if segment.end is not None and segment.end > source.size:
        msg = f"WebM says that it has {segment.end:,} bytes and has {source.size:,}"
        raise BrokenMediaError(msg)
    if segment.end is None:
        doubt: str | None = "it was streamed and does not say how long it is, so its end may be missing"
    else:
        doubt = source.surplus(segment.end, "WebM")
    try:
        width, height, duration = _facts(source, segment)
    except BrokenMediaError as error:
        if segment.end is None:
            raise
        return MediaFacts(kind, None, None, None, str(error))  # all of it is there, whatever it is
    return MediaFacts(kind, width, height, duration, doubt)


def _facts(source: Source, segment: _Element) -> tuple[int | None, int | None, float | None]:
    size: tuple[int | None, int | None] = (None, None)
    duration: float | None = None
    read: set[int] = set()
    for element in _elements(source, segment.start, source.size if segment.end is None else segment.end):
        if element.number == _INFO:
            duration = _duration(source, element)
        elif element.number == _TRACKS:
            size = _size(source, element)
        read.add(element.number)
        # A segment with a length is all there; one without is walked to its end, where a cut shows.
        if element.end is None or (segment.end is not None and {_INFO, _TRACKS} <= read):
            break
    return *size, duration


def _duration(source: Source, info: _Element) -> float | None:
    scale, ticks = _MILLISECOND, None
    for element in _elements(source, info.start, _end(info)):
        if element.number == _SCALE:
            scale = _unsigned(source, element) or scale
        elif element.number == _DURATION:
            length = _end(element) - element.start
            if length in {4, 8}:
                (ticks,) = unpack(">f" if length == 4 else ">d", source.read(element.start, length, _CUT))
    return ticks * scale / 1e9 if ticks is not None and 0 < ticks < 1e15 else None


def _size(source: Source, tracks: _Element) -> tuple[int | None, int | None]:
    for entry in _elements(source, tracks.start, _end(tracks)):
        for video in _elements(source, entry.start, _end(entry)) if entry.number == _ENTRY else ():
            if video.number == _VIDEO:
                found = {part.number: part for part in _elements(source, video.start, _end(video))}
                if _WIDTH in found and _HEIGHT in found:
                    return _unsigned(source, found[_WIDTH]), _unsigned(source, found[_HEIGHT])
    return None, None


def _unsigned(source: Source, element: _Element) -> int:
    return int.from_bytes(source.read(element.start, min(_end(element) - element.start, 8), _CUT), "big")


def _end(element: _Element) -> int:
    if element.end is None:
        msg = f"WebM has a part without a length, at byte {element.start}"
        raise BrokenMediaError(msg)
    return element.end


def _elements(source: Source, at: int, end: int) -> Iterator[_Element]:
    # No element begins with a zero byte: such bytes may follow the end of a stream.
    while at < end and source.read(at, 1, _CUT) != b"\0":
        element = _element(source, at, _CUT)
        if element.end is not None and element.end > end:
            raise BrokenMediaError(_CUT)
        yield element
        at = _end(element)


def _element(source: Source, at: int, cut: str) -> _Element:
    """Reads the number of an element, with its marker bits, and its length; both are 1 to 8 bytes."""
    width = _width(source, at, cut)
    number = int.from_bytes(source.read(at, width, cut), "big")
    at += width
    width = _width(source, at, cut)
    length = int.from_bytes(source.read(at, width, cut), "big") & (1 << 7 * width) - 1
    unknown = length == (1 << 7 * width) - 1  # all ones
    return _Element(number, at + width, None if unknown else at + width + length)


def _width(source: Source, at: int, cut: str) -> int:
    width = 9 - source.read(at, 1, cut)[0].bit_length()
    if width > 8:
        msg = f"WebM has no length where one must be, at byte {at}"
        raise BrokenMediaError(msg)
    return width
