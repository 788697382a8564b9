"""The structure check: is it one whole image or video, of which kind, and how big. Nothing is ever decoded.

facts = inspect_media(data)     # BrokenMediaError where the bytes are half an image, or a page of HTML
facts.unverified_reason         # why it is not known whether the bytes are whole; None where they are
check_pixels(facts)             # MediaTooLargeError where somebody would unpack 60,000 x 60,000 pixels
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tarash.tarash_gateway.errors import MediaTooLargeError
from tarash.tarash_gateway.media import images, matroska, svg, unchecked, videos
from tarash.tarash_gateway.media.reader import BrokenMediaError, MediaFacts, Source, open_regular

__all__ = [
    "MAX_PIXELS",
    "BrokenMediaError",
    "MediaFacts",
    "check_pixels",
    "inspect_file",
    "inspect_media",
    "sniff",
]

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

_INSPECTORS: Final[Mapping[str, Callable[[Source], MediaFacts]]] = {
    "image/png": images.png,
    "image/jpeg": images.jpeg,
    "image/webp": images.webp,
    "image/gif": images.gif,
    "image/svg+xml": svg.svg,
    "video/mp4": lambda source: videos.mp4(source, "video/mp4"),
    "video/quicktime": lambda source: videos.mp4(source, "video/quicktime"),
    "video/x-m4v": lambda source: videos.mp4(source, "video/x-m4v"),
    "video/webm": matroska.matroska,
    "video/x-matroska": matroska.matroska,
    **unchecked.INSPECTORS,
}

_QUICKTIME: Final = frozenset((b"moov", b"mdat", b"wide", b"pnot"))
"""The first box of QuickTime files that have no `ftyp`."""

_HEAD: Final = 4096
"""Bytes that suffice to tell the kind, but for an SVG with a long prologue."""


def sniff(head: bytes) -> str | None:
    """The content type that the first bytes announce, or None. It says nothing about the rest.

    Args:
        head: the first bytes, 64 or more where there are so many; for an SVG, up to its root tag.
    """
    kind: str | None = None
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        kind = "image/png"
    elif head.startswith(b"\xff\xd8\xff"):
        kind = "image/jpeg"
    elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        kind = "image/webp"
    elif head.startswith((b"GIF87a", b"GIF89a")):
        kind = "image/gif"
    elif head[4:8] == b"ftyp":
        kind = _brand(head)
    elif head[4:8] in _QUICKTIME:
        kind = "video/quicktime"
    elif head.startswith(b"\x1aE\xdf\xa3"):
        kind = "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    elif svg.svg_root(head[: svg.LONGEST_PROLOGUE]) is not None:
        kind = "image/svg+xml"
    return kind or unchecked.sniff_unchecked(head)


def _brand(head: bytes) -> str:
    kind = _BRANDS.get(head[8:12], "video/mp4")
    if kind == "image/heif":  # the brands that it is compatible with say more
        length = int.from_bytes(head[:4], "big")
        others = {_BRANDS.get(head[at : at + 4]) for at in range(16, min(length, len(head)), 4)}
        kind = next((more for more in ("image/avif", "image/heic") if more in others), kind)
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
    """Refuses an image that would harm whoever unpacks it.

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
        kind = sniff(source.head(svg.LONGEST_PROLOGUE))
    if inspector := _INSPECTORS.get(kind or ""):
        return inspector(source)
    if kind:
        return MediaFacts(kind, None, None, None, f"{kind} is not checked for being whole")
    if not head:
        msg = "there are no bytes"
        raise BrokenMediaError(msg)
    # A text such as <!DOCTYPE html> tells more than its bytes in hexadecimal.
    start = head[:16].strip()
    shown = start.decode("ascii") if start.isascii() and start.decode("ascii").isprintable() else start.hex(" ")
    msg = "neither PNG, JPEG, WebP, GIF, SVG, AVIF, HEIC, TIFF, BMP, MP4, MOV nor WebM"
    raise BrokenMediaError(msg, shown)
