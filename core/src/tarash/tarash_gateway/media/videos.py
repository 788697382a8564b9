"""Checks that a video is whole, and reads its size in pixels and its length in seconds. No frame is decoded.

The boxes of ISO media files (MP4, MOV; HEIC and AVIF too) and the elements of WebM and Matroska are walked by their
lengths, never read as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import iter_unpack, unpack, unpack_from
from typing import Final, NamedTuple

from tarash.tarash_gateway.media.reader import BrokenMediaError, MediaFacts, Source

_REQUIRED: Final = (b"ftyp", b"moov", b"mdat")
_LONGEST_RUN: Final = 16 * 1024 * 1024
"""Bytes of the table of one fragment that are read; a longer one leaves the duration unknown."""


@dataclass(frozen=True, slots=True)
class _Track:
    """A track of an MP4, as its header says."""

    number: int
    video: bool
    scale: int
    """Ticks of a second."""

    ticks: int
    """The length of the samples in the header, without those of the fragments."""

    size: tuple[int, int] | None
    """Pixels."""


def mp4(source: Source, content_type: str) -> MediaFacts:
    """Checks that the boxes add up to the end, and that header (`moov`) and frames (`mdat`) exist."""
    # QuickTime's oldest files have no `ftyp`.
    required = _REQUIRED if source.head(8)[4:] == b"ftyp" else _REQUIRED[1:]
    outer, doubt = outer_boxes(source, required)
    moov = next(box for box in outer if box.name == b"moov")
    mvhd = inner(source, moov, b"mvhd")
    if mvhd is None:
        msg = "MP4 has no mvhd box in its header"
        raise BrokenMediaError(msg)
    scale, ticks = _times(source, mvhd)
    duration = ticks / scale if ticks and scale else None
    tracks = [track for box in boxes_in(source, moov) if box.name == b"trak" and (track := _track(source, box))]
    main = next((track for track in tracks if track.video), tracks[0] if tracks else None)
    mvex = inner(source, moov, b"mvex")
    if mvex is not None:
        duration = None if main is None else _fragments_duration(source, outer, mvex, main)
        doubt = doubt or _fragments_doubt(source, outer, mvex, scale, duration)
    width, height = (main.size if main else None) or (None, None)
    return MediaFacts(content_type, width, height, duration, doubt)


def _is_wide(source: Source, box: Box) -> bool:
    """Whether a box is of version 1, whose times have 64 bits."""
    return source.read(box.start, 1, CUT) == b"\x01"


def _times(source: Source, header: Box) -> tuple[int, int]:
    """Reads the ticks of a second and the length in ticks, 0 where it is not known, of an `mvhd` or `mdhd` box."""
    wide = _is_wide(source, header)
    # The times of creation and change stand before them.
    scale, ticks = unpack_from(">IQ" if wide else ">II", source.read(header.start + (20 if wide else 12), 12, CUT))
    return scale, 0 if ticks == (2**64 - 1 if wide else 2**32 - 1) else ticks


def _track(source: Source, trak: Box) -> _Track | None:
    hdlr, mdhd = inner(source, trak, b"mdia", b"hdlr"), inner(source, trak, b"mdia", b"mdhd")
    tkhd = inner(source, trak, b"tkhd")
    if hdlr is None:
        return None
    video = source.read(hdlr.start + 8, 4, CUT) == b"vide"
    if tkhd is None or tkhd.end - tkhd.start < 84:
        if not video:
            return None
        msg = "MP4 has a video track without a size"
        raise BrokenMediaError(msg)
    (number,) = unpack_from(">I", source.read(tkhd.start + (20 if _is_wide(source, tkhd) else 12), 4, CUT))
    # The last two fields, as 16.16 fixed-point numbers.
    width, height = unpack_from(">II", source.read(tkhd.end - 8, 8, CUT))
    scale, ticks = (0, 0) if mdhd is None else _times(source, mdhd)
    return _Track(number, video, scale, ticks, (width >> 16, height >> 16) if video else None)


def _fragments_duration(source: Source, outer: list[Box], mvex: Box, track: _Track) -> float | None:
    """Adds up the seconds of the samples in the header and in all fragments; None where they do not say."""
    each = 0
    for trex in boxes_in(source, mvex):
        if trex.name == b"trex":
            number, _, length = unpack_from(">III", source.read(trex.start + 4, 12, CUT))
            each = length if number == track.number else each
    total = track.ticks
    for moof in outer:
        if moof.name != b"moof":
            continue
        for traf in boxes_in(source, moof):
            ticks = _traf_ticks(source, traf, track.number, each) if traf.name == b"traf" else 0
            if ticks is None:
                return None
            total += ticks
    return total / track.scale if track.scale and total else None


def _traf_ticks(source: Source, traf: Box, number: int, each: int) -> int | None:
    """Computes the ticks of one fragment of the track `number`; by default a sample lasts `each` ticks."""
    tfhd = inner(source, traf, b"tfhd")
    if tfhd is None:
        return 0
    flags, owner = unpack_from(">II", source.read(tfhd.start, 8, CUT))
    if owner != number:
        return 0
    if flags & 0x08:  # a length of its own, after the optional offset and description
        at = tfhd.start + 8 + (8 if flags & 0x01 else 0) + (4 if flags & 0x02 else 0)
        (each,) = unpack_from(">I", source.read(at, 4, CUT))
    total = 0
    for trun in boxes_in(source, traf):
        if trun.name == b"trun":
            ticks = _trun_ticks(source, trun, each)
            if ticks is None:
                return None
            total += ticks
    return total


def _trun_ticks(source: Source, trun: Box, each: int) -> int | None:
    flags, count = unpack_from(">II", source.read(trun.start, 8, CUT))
    if not flags & 0x100:
        return each * count if each else None
    at = trun.start + 8 + (4 if flags & 0x01 else 0) + (4 if flags & 0x04 else 0)
    width = 4 * (flags >> 8 & 0x0F).bit_count()
    if count * width > min(trun.end - at, _LONGEST_RUN):
        return None
    table = source.read(at, count * width, CUT)
    total: int = sum(length for (length, *_) in iter_unpack(f">{width // 4}I", table))
    return total


def _fragments_doubt(source: Source, outer: list[Box], mvex: Box, scale: int, duration: float | None) -> str | None:
    """Returns why a fragment may be missing at the end: a cut between two of them leaves no other trace."""
    mehd = inner(source, mvex, b"mehd")
    if mehd is not None and scale:
        wide = _is_wide(source, mehd)
        (ticks,) = unpack_from(">Q" if wide else ">I", source.read(mehd.start + 4, 8 if wide else 4, CUT))
        if duration is not None and ticks / scale > duration + 1:
            return f"it says that it lasts {ticks / scale:g} s, and its fragments last {duration:g} s"
        return None
    if outer[-1].name == b"mfra":  # the index of the fragments, which is written last
        return None
    return "it is made of fragments and does not say how many, so some may be missing at its end"


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
    # A size of 0 means "to the end": without a check of the name, garbage between two videos would pass for a box.
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
