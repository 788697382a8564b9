"""Kinds that are recognised and never called whole: AVIF, HEIC, TIFF and BMP. A cut shows where it can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import unpack, unpack_from
from typing import Final

from tarash.tarash_gateway.media.boxes import CUT, boxes_in, inner, outer_boxes
from tarash.tarash_gateway.media.reader import BrokenMediaError, MediaFacts, Source

__all__ = ["INSPECTORS", "sniff_unchecked"]

# The first bytes of kinds of which nothing more is known here.
_MAGIC: Final[Mapping[bytes, str]] = {
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    b"II+\0": "image/tiff",  # BigTIFF
    b"MM\0+": "image/tiff",
    b"\0\0\0\x0cJXL \r\n\x87\n": "image/jxl",
    b"\xff\x0a": "image/jxl",
    b"\0\0\0\x0cjP  \r\n\x87\n": "image/jp2",
    b"8BPS\0\1": "image/vnd.adobe.photoshop",
    b"\x76\x2f\x31\x01": "image/x-exr",
    b"FLV\1": "video/x-flv",
    b"OggS": "application/ogg",
    b"\0\0\1\xba": "video/mpeg",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "video/x-ms-asf",
}
_BMP_HEADERS: Final = frozenset((12, 40, 52, 56, 64, 108, 124))
"""Bytes of the second header of a BMP, for each of its versions."""


def sniff_unchecked(head: bytes) -> str | None:
    """The content type of a kind that is not checked, by its first bytes; None where it is none of those."""
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "image/bmp"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "video/x-msvideo"
    if head[:1] == head[188:189] == head[376:377] == b"G":  # packets of 188 bytes
        return "video/mp2t"
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def _doubt(kind: str) -> str:
    return f"{kind} is not checked for being whole"


def _heif(kind: str) -> Callable[[Source], MediaFacts]:
    def inspect(source: Source) -> MediaFacts:
        try:
            width, height = _heif_size(source)
        except BrokenMediaError as error:
            raise BrokenMediaError(str(error).replace("MP4", kind)) from error
        return MediaFacts(kind, width, height, None, _doubt(kind))

    return inspect


def _heif_size(source: Source) -> tuple[int | None, int | None]:
    outer, _ = outer_boxes(source, (b"ftyp", b"meta"))
    meta = next(box for box in outer if box.name == b"meta")
    # Four bytes of version and flags stand before the boxes of `meta`.
    iprp = next((box for box in boxes_in(source, meta, 4) if box.name == b"iprp"), None)
    sizes = [
        unpack(">II", source.read(box.start + 4, 8, CUT))
        for box in boxes_in(source, inner(source, iprp, b"ipco"))
        if box.name == b"ispe"
    ]
    # The largest is the image; the others are its tiles, its mask and its thumbnail.
    return max(sizes, key=lambda size: size[0] * size[1], default=(None, None))


_WIDTH, _HEIGHT = 256, 257
_DATA: Final = ((273, 279), (324, 325))
"""The tags of where strips and tiles are, and of how many bytes they have."""

_TIFF_CUT: Final = "TIFF ends before the image that its directory announces"
_LETTERS: Final = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
_LONGEST_TABLE: Final = 8 * 1024 * 1024
"""Bytes of directories and of their tables of strips that are read; the pages after that are not looked at."""


def _tiff(source: Source) -> MediaFacts:
    """Follows the directories, and looks whether the strips that they name are there."""
    head = source.read(0, 8, _TIFF_CUT)
    order = "<" if head.startswith(b"II") else ">"
    big = head[2:4] in {b"+\0", b"\0+"}
    at: int = unpack(f"{order}Q", source.read(8, 8, _TIFF_CUT))[0] if big else unpack_from(f"{order}I", head, 4)[0]
    size: tuple[int | None, int | None] | None = None
    passed: set[int] = set()
    room = _LONGEST_TABLE
    while at and at not in passed and room > 0:
        passed.add(at)
        tags, at, length = _directory(source, at, order, big=big)
        room -= length
        if size is None:
            size = tags.get(_WIDTH, (None,))[0], tags.get(_HEIGHT, (None,))[0]
        for places, counts in _DATA:
            if any(place + count > source.size for place, count in zip(tags.get(places, ()), tags.get(counts, ()))):  # noqa: B905 # a hostile file may name fewer
                raise BrokenMediaError(_TIFF_CUT)
    width, height = size or (None, None)
    return MediaFacts("image/tiff", width, height, None, _doubt("image/tiff"))


def _directory(source: Source, at: int, order: str, *, big: bool) -> tuple[dict[int, tuple[int, ...]], int, int]:
    """Reads the tags of one directory that are of use here, where the next directory is, and how much was read."""
    head, entry, word = (8, 20, "Q") if big else (2, 12, "I")
    (count,) = unpack(f"{order}{'Q' if big else 'H'}", source.read(at, head, _TIFF_CUT))
    if count * entry > _LONGEST_TABLE:
        raise BrokenMediaError(_TIFF_CUT)
    table = source.read(at + head, count * entry, _TIFF_CUT)
    tags: dict[int, tuple[int, ...]] = {}
    read = len(table)
    for start in range(0, len(table), entry):
        tag, kind, number = unpack_from(f"{order}HH{word}", table, start)
        letter = _LETTERS.get(kind)
        if letter is None or tag not in {_WIDTH, _HEIGHT, *(tag for pair in _DATA for tag in pair)}:
            continue
        form = f"{order}{number}{letter}"
        room = entry - 4 - (8 if big else 4)
        length = number * {"B": 1, "H": 2, "I": 4, "Q": 8}[letter]
        if not 0 < length <= _LONGEST_TABLE:
            continue
        place = start + entry - room
        if length > room:
            (offset,) = unpack_from(f"{order}{word}", table, place)
            read += length
            tags[tag] = unpack(form, source.read(offset, length, _TIFF_CUT))
        else:
            tags[tag] = unpack_from(form, table, place)
    (following,) = unpack(f"{order}{word}", source.read(at + head + len(table), 8 if big else 4, _TIFF_CUT))
    return tags, following, read


def _bmp(source: Source) -> MediaFacts:
    """Looks whether the rows of an uncompressed BMP are there."""
    cut = "BMP ends before its last row"
    offset, header = unpack("<II", source.read(10, 8, cut))
    depth = compression = 0
    if header == 12:
        width, height, _, depth = unpack("<HHHH", source.read(18, 8, cut))
    else:
        width, height, _, depth, compression = unpack("<iiHHI", source.read(18, 16, cut))
    height = abs(height)  # a negative one says that the rows stand from top to bottom
    rows = (width * depth + 31) // 32 * 4 * height if compression in {0, 3} else 0
    if offset + rows > source.size:
        raise BrokenMediaError(cut)
    return MediaFacts("image/bmp", width, height, None, _doubt("image/bmp"))


INSPECTORS: Final[Mapping[str, Callable[[Source], MediaFacts]]] = {
    "image/avif": _heif("image/avif"),
    "image/heic": _heif("image/heic"),
    "image/heif": _heif("image/heif"),
    "image/tiff": _tiff,
    "image/bmp": _bmp,
}
