"""The structure check: is it one whole picture or clip, of which kind, and how big. Nothing is ever decoded.

facts = inspect_media(data)     # BrokenMediaError where the bytes are half a picture, or a page of HTML
check_pixels(facts)             # MediaTooLargeError where somebody would unpack 60,000 x 60,000 pixels
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tarash.tarash_gateway.errors import MediaTooLargeError
from tarash.tarash_gateway.media import clips, pictures
from tarash.tarash_gateway.media.source import BrokenMediaError, MediaFacts, Source

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
"""Pixels of one picture or frame that we hand on: 10,000 x 10,000, or 400 MB once unpacked."""

# The major brand of `ftyp`; every other brand is some MP4.
_BRANDS: Final[Mapping[bytes, str]] = {
    b"qt  ": "video/quicktime",
    b"M4V ": "video/x-m4v",
    b"M4A ": "audio/mp4",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
}

_INSPECTORS: Final[Mapping[str, Callable[[Source], MediaFacts]]] = {
    "image/png": pictures.png,
    "image/jpeg": pictures.jpeg,
    "image/webp": pictures.webp,
    "image/gif": pictures.gif,
    "image/svg+xml": pictures.svg,
    "video/mp4": lambda source: clips.mp4(source, "video/mp4"),
    "video/quicktime": lambda source: clips.mp4(source, "video/quicktime"),
    "video/x-m4v": lambda source: clips.mp4(source, "video/x-m4v"),
    "video/webm": clips.webm,
    "video/x-matroska": clips.webm,
}

_HEAD: Final = 4096
"""Bytes that suffice to tell the kind; only an SVG with a long preamble needs more than 64."""


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
        kind = _BRANDS.get(head[8:12], "video/mp4")
    elif head.startswith(b"\x1aE\xdf\xa3"):
        kind = "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    elif pictures.svg_root(head[:_HEAD]) is not None:
        kind = "image/svg+xml"
    return kind


def inspect_media(data: bytes | bytearray | memoryview) -> MediaFacts:
    """Walks the structure of bytes in memory, without a copy.

    Raises:
        BrokenMediaError: the bytes are not one whole picture or clip of a kind that is known here.
    """
    with memoryview(data) as whole, whole.cast("B") as view:
        return _inspect(Source.of_view(view))


def inspect_file(path: Path) -> MediaFacts:
    """Walks the structure of a file by seeking: a clip of any size costs a few kilobytes of memory.

    Raises:
        BrokenMediaError: the file is not one whole picture or clip of a kind that is known here.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return _inspect(Source.of_file(file))


def check_pixels(facts: MediaFacts) -> None:
    """Refuses a picture that would harm whoever unpacks it.

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
    if inspector := _INSPECTORS.get(kind or ""):
        return inspector(source)
    if not head:
        msg = "there are no bytes"
    elif kind:
        msg = f"{kind} is none of the kinds that can be checked: PNG, JPEG, WebP, GIF, SVG, MP4, MOV, WebM"
    else:
        # A text such as <!DOCTYPE html tells more than its bytes in hexadecimal.
        start = head[:16].strip()
        shown = start.decode("ascii") if start.isascii() and start.decode("ascii").isprintable() else start.hex(" ")
        msg = f"neither PNG, JPEG, WebP, GIF, SVG, MP4, MOV nor WebM: begins with {shown}"
    raise BrokenMediaError(msg)
