"""Whether an MP4 or MOV is whole, its size in pixels and its length in seconds. The boxes are walked."""

from __future__ import annotations

from dataclasses import dataclass
from struct import iter_unpack, unpack_from
from typing import Final

from tarash.tarash_gateway.media.boxes import CUT, Box, boxes_in, inner, outer_boxes
from tarash.tarash_gateway.media.reader import BrokenMediaError, MediaFacts, Source

__all__ = ["mp4"]

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
    # Version 1 has 64-bit times: created, changed, then the ticks of a second and the length in ticks.
    wide = source.read(mvhd.start, 1, CUT) == b"\x01"
    scale, ticks = unpack_from(">IQ" if wide else ">II", source.read(mvhd.start + (20 if wide else 12), 12, CUT))
    duration = None if ticks in {0, 2**64 - 1 if wide else 2**32 - 1} or not scale else ticks / scale
    tracks = [track for box in boxes_in(source, moov) if box.name == b"trak" and (track := _track(source, box))]
    main = next((track for track in tracks if track.video), tracks[0] if tracks else None)
    mvex = inner(source, moov, b"mvex")
    if mvex is not None:
        duration = None if main is None else _fragments_duration(source, outer, mvex, main)
        doubt = doubt or _fragments_doubt(source, outer, mvex, scale, duration)
    width, height = (main.size if main else None) or (None, None)
    return MediaFacts(content_type, width, height, duration, doubt)


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
    wide = source.read(tkhd.start, 1, CUT) == b"\x01"
    (number,) = unpack_from(">I", source.read(tkhd.start + (20 if wide else 12), 4, CUT))
    # The last two fields, as 16.16 fixed-point numbers.
    width, height = unpack_from(">II", source.read(tkhd.end - 8, 8, CUT))
    scale = ticks = 0
    if mdhd is not None:
        wide = source.read(mdhd.start, 1, CUT) == b"\x01"
        scale, ticks = unpack_from(">IQ" if wide else ">II", source.read(mdhd.start + (20 if wide else 12), 12, CUT))
        ticks = 0 if ticks == (2**64 - 1 if wide else 2**32 - 1) else ticks
    return _Track(number, video, scale, ticks, (width >> 16, height >> 16) if video else None)


def _fragments_duration(source: Source, outer: list[Box], mvex: Box, track: _Track) -> float | None:
    """Seconds of the samples in the header and in all fragments; None where they do not say."""
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
    """The length of one fragment of the track `number`, where a sample lasts `each` ticks unless it says otherwise."""
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
    """Why a fragment may be missing at the end: a cut between two of them leaves no other trace."""
    mehd = inner(source, mvex, b"mehd")
    if mehd is not None and scale:
        wide = source.read(mehd.start, 1, CUT) == b"\x01"
        (ticks,) = unpack_from(">Q" if wide else ">I", source.read(mehd.start + 4, 8 if wide else 4, CUT))
        if duration is not None and ticks / scale > duration + 1:
            return f"it says that it lasts {ticks / scale:g} s, and its fragments last {duration:g} s"
        return None
    if outer[-1].name == b"mfra":  # the index of the fragments, which is written last
        return None
    return "it is made of fragments and does not say how many, so some may be missing at its end"
