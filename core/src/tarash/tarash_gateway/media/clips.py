"""Whether a clip is whole, its size in pixels and its length in seconds. The boxes are walked."""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from
from typing import Final

from tarash.tarash_gateway.media.source import BrokenMediaError, MediaFacts, Source

__all__ = ["mp4", "webm"]

_CUT: Final = "MP4 ends inside one of its boxes"


def _boxes(source: Source, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Each box between two offsets: its name, where its content begins and where it ends."""
    while at < end:
        size, name = unpack_from(">I4s", source.read(at, 8, _CUT))
        content = at + 8
        # A size of 0 means "to the end": without a look at the name, garbage between two clips would pass for a box.
        if not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in name):
            msg = f"MP4 has no box where one must be, at byte {at}"
            raise BrokenMediaError(msg)
        if size == 1:  # the true size follows, in 64 bits
            (size,) = unpack_from(">Q", source.read(content, 8, _CUT))
            content += 8
        elif size == 0:  # to the end of what is around it
            size = end - at
        if at + size < content:
            msg = f"MP4 has a box of {size} bytes, at byte {at}"
            raise BrokenMediaError(msg)
        if at + size > end:
            raise BrokenMediaError(_CUT)
        at += size
        yield name, content, at


def _inner(source: Source, name: bytes, around: tuple[int, int] | None) -> tuple[int, int] | None:
    """The first box called `name` directly inside another."""
    if around is None:
        return None
    return next(((start, end) for found, start, end in _boxes(source, *around) if found == name), None)


def mp4(source: Source, content_type: str) -> MediaFacts:
    """Checks that the boxes add up to the end exactly, and that header (`moov`) and frames (`mdat`) exist."""
    outer = {name: (start, end) for name, start, end in _boxes(source, 0, source.size)}
    missing = [name.decode() for name in (b"ftyp", b"moov", b"mdat") if name not in outer]
    if missing:
        msg = f"MP4 has no {' and no '.join(missing)} box"
        raise BrokenMediaError(msg)
    moov = outer[b"moov"]
    width, height = _mp4_size(source, moov)
    return MediaFacts(content_type, width, height, _mp4_duration(source, moov))


def _mp4_duration(source: Source, moov: tuple[int, int]) -> float | None:
    mvhd = _inner(source, b"mvhd", moov)
    if mvhd is None:
        msg = "MP4 has no mvhd box in its header"
        raise BrokenMediaError(msg)
    # Version 1 has 64-bit times: created, changed, then the ticks of a second and the length in ticks.
    wide = source.read(mvhd[0], 1, _CUT) == b"\x01"
    scale, ticks = unpack_from(">IQ" if wide else ">II", source.read(mvhd[0] + (20 if wide else 12), 12, _CUT))
    unknown = ticks in {0, 2**64 - 1 if wide else 2**32 - 1}  # a fragmented clip says 0
    return None if unknown or not scale else ticks / scale


def _mp4_size(source: Source, moov: tuple[int, int]) -> tuple[int | None, int | None]:
    for name, start, end in _boxes(source, *moov):
        if name != b"trak":
            continue
        hdlr = _inner(source, b"hdlr", _inner(source, b"mdia", (start, end)))
        if hdlr is None or source.read(hdlr[0] + 8, 4, _CUT) != b"vide":
            continue
        tkhd = _inner(source, b"tkhd", (start, end))
        if tkhd is None or tkhd[1] - tkhd[0] < 84:
            msg = "MP4 has a video track without a size"
            raise BrokenMediaError(msg)
        # The last two fields, as 16.16 fixed-point numbers.
        width, height = unpack_from(">II", source.read(tkhd[1] - 8, 8, _CUT))
        return width >> 16, height >> 16
    return None, None


def webm(source: Source) -> MediaFacts:
    """Checks that the EBML header is followed by a segment, and that the segment is all there."""
    cut = "WebM ends inside its header"
    start, length = _ebml_length(source, 4, cut)
    at = start + length
    if source.read(at, 4, cut) != b"\x18\x53\x80\x67":
        msg = "WebM has no segment after its header"
        raise BrokenMediaError(msg)
    start, length = _ebml_length(source, at + 4, cut)
    live = length == 2 ** (7 * (start - at - 4)) - 1  # all ones: a stream whose length was not known
    if not live and start + length > source.size:
        msg = f"WebM says that it has {start + length:,} bytes and has {source.size:,}"
        raise BrokenMediaError(msg)
    kind = "video/webm" if b"webm" in source.head(64) else "video/x-matroska"
    return MediaFacts(kind, None, None, None)


def _ebml_length(source: Source, at: int, cut: str) -> tuple[int, int]:
    """Reads a length of 1 to 8 bytes: where it ends, and its value."""
    first = source.read(at, 1, cut)[0]
    size = 9 - first.bit_length()
    if size > 8:
        msg = f"WebM has no length where one must be, at byte {at}"
        raise BrokenMediaError(msg)
    value = int.from_bytes(source.read(at, size, cut), "big") & (1 << 7 * size) - 1
    return at + size, value
