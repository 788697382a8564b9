"""Checks that bytes are one whole image or video, and reads their kind and size. Nothing is ever decoded.

facts = inspect_media(data)     # BrokenMediaError where the bytes are half an image, or a page of HTML
facts.unverified_reason         # why it is not known whether the bytes are whole; None where they are
check_pixels(facts)             # MediaTooLargeError for an image of 60,000 x 60,000 pixels
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from struct import unpack, unpack_from
from typing import Final

from tarash.tarash_gateway.errors import MediaTooLargeError
from tarash.tarash_gateway.media import images, videos
from tarash.tarash_gateway.media.reader import BrokenMediaError, MediaFacts, Source, open_regular
from tarash.tarash_gateway.media.videos import CUT, boxes_in, inner, outer_boxes

__all__ = ["MAX_PIXELS", "BrokenMediaError", "MediaFacts", "check_pixels", "inspect_file", "inspect_media", "sniff"]

MAX_PIXELS: Final = 100_000_000
"""Pixels of one image or frame that we hand on: 10,000 x 10,000, or 400 MB once unpacked."""

# The major brand of `ftyp`; every other brand is some MP4.
_BRANDS: Final[Mapping[bytes, str]] = {
    b"qt  ": "video/quicktime",
    b"M4V ": "video/x-m4v",
    b"M4A ": "audio/mp4",
    b"avif": "image/avif",
    b"avis": "image/avif",
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "image/heic"),
    b"mif1": "image/heif",
    b"msf1": "image/heif",
}

_QUICKTIME: Final = frozenset((b"moov", b"mdat", b"wide", b"pnot"))
"""The first box of QuickTime files that have no `ftyp`."""

_HEAD: Final = 4096
"""Bytes that suffice to tell the kind, but for an SVG with a long prologue."""


def sniff(head: bytes) -> str | None:
    """Returns the content type that the first bytes announce, or None. It says nothing about the rest.

    Args:
        head: the first bytes, 64 or more where there are so many; for an SVG, up to its root tag.
    """
    if head.startswith(b"RIFF"):
        kind = _RIFF.get(head[8:12])
    elif head[4:8] == b"ftyp":
        kind = _brand(head)
    elif head[4:8] in _QUICKTIME:
        kind = "video/quicktime"
    elif head.startswith(b"\x1aE\xdf\xa3"):
        kind = "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    elif head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        kind = "image/bmp"
    elif head[:1] == head[188:189] == head[376:377] == b"G":  # packets of 188 bytes
        kind = "video/mp2t"
    else:
        kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    if kind is None and images.svg_root(head[: images.LONGEST_PROLOGUE]) is not None:
        kind = "image/svg+xml"
    return kind


def _brand(head: bytes) -> str:
    kind = _BRANDS.get(head[8:12], "video/mp4")
    if kind == "image/heif":  # the brands that it is compatible with say more
        length = int.from_bytes(head[:4], "big")
        others = {_BRANDS.get(head[at : at + 4]) for at in range(16, min(length, len(head)), 4)}
        kind = next((brand for brand in ("image/avif", "image/heic") if brand in others), kind)
    return kind


def inspect_media(data: bytes | bytearray | memoryview) -> MediaFacts:
    """Walks the structure of bytes in memory, without a copy.

    Raises:
        BrokenMediaError: the bytes are not one whole image or video, nor may be one.
    """
    with memoryview(data) as whole, whole.cast("B") as view:
        return _inspect(Source.of_view(view))


def inspect_file(path: Path) -> MediaFacts:
    """Walks the structure of a file by seeking: a video of any size costs a few kilobytes of memory.

    Raises:
        BrokenMediaError: the file is not one whole image or video, nor may be one.
        OSError: the file cannot be read, or is no regular file.
    """
    with open_regular(path) as file:
        return _inspect(Source.of_file(file))


def check_pixels(facts: MediaFacts) -> None:
    """Refuses an image that is too large to be unpacked.

    Raises:
        MediaTooLargeError: it has more than `MAX_PIXELS` pixels.
    """
    if (facts.width or 0) * (facts.height or 0) > MAX_PIXELS:
        msg = (
            f"{facts.content_type} of {facts.width}x{facts.height} pixels, "
            f"more than the {MAX_PIXELS:,} that are taken: scale it down first"
        )
        raise MediaTooLargeError(msg)


def _inspect(source: Source) -> MediaFacts:
    head = source.head(_HEAD)
    kind = sniff(head)
    if kind is None and source.size > _HEAD and head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<"):
        kind = sniff(source.head(images.LONGEST_PROLOGUE))
    if inspector := _INSPECTORS.get(kind or ""):
        return inspector(source)
    if kind:
        return _unchecked(kind)
    if not head:
        msg = "there are no bytes"
        raise BrokenMediaError(msg)
    # A text such as <!DOCTYPE html> is clearer than its bytes in hexadecimal.
    start = head[:16].strip()
    text = start.decode("ascii") if start.isascii() and start.decode("ascii").isprintable() else start.hex(" ")
    msg = "neither PNG, JPEG, WebP, GIF, SVG, AVIF, HEIC, TIFF, BMP, MP4, MOV nor WebM"
    raise BrokenMediaError(msg, text)


_MAGIC: Final[Mapping[bytes, str]] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
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
_RIFF: Final = {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
_BMP_HEADERS: Final = frozenset((12, 40, 52, 56, 64, 108, 124))
"""Bytes of the second header of a BMP, for each of its versions."""


def _unchecked(kind: str, width: int | None = None, height: int | None = None) -> MediaFacts:
    return MediaFacts(kind, width, height, None, f"{kind} is not checked for being whole")


def _heif(kind: str) -> Callable[[Source], MediaFacts]:
    def inspect(source: Source) -> MediaFacts:
        try:
            width, height = _heif_size(source)
        except BrokenMediaError as error:
            raise BrokenMediaError(str(error).replace("MP4", kind)) from error
        return _unchecked(kind, width, height)

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
"""Bytes of directories and of their tables of strips that are read; later pages are not checked."""


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
    return _unchecked("image/tiff", *(size or ()))


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
    return _unchecked("image/bmp", width, height)


_INSPECTORS: Final[Mapping[str, Callable[[Source], MediaFacts]]] = {
    "image/png": images.png,
    "image/jpeg": images.jpeg,
    "image/webp": images.webp,
    "image/gif": images.gif,
    "image/svg+xml": images.svg,
    **{kind: partial(videos.mp4, content_type=kind) for kind in ("video/mp4", "video/quicktime", "video/x-m4v")},
    "video/webm": videos.matroska,
    "video/x-matroska": videos.matroska,
    "image/avif": _heif("image/avif"),
    "image/heic": _heif("image/heic"),
    "image/heif": _heif("image/heif"),
    "image/tiff": _tiff,
    "image/bmp": _bmp,
}
