"""Whether a picture is whole, and its size in pixels. The structure is walked, no pixel is decoded."""

from __future__ import annotations

import re
from struct import unpack_from
from typing import Final

from tarash.tarash_gateway.media.source import BrokenMediaError, MediaFacts, Source

__all__ = ["gif", "jpeg", "png", "svg", "svg_root", "webp"]


def _picture(kind: str, name: str, width: int, height: int) -> MediaFacts:
    if not (width and height):
        msg = f"{name} says that it is {width}x{height} pixels"
        raise BrokenMediaError(msg)
    return MediaFacts(kind, width, height, None)


def png(source: Source) -> MediaFacts:
    """Walks the chunks to IEND. Bytes after it are let pass, as every decoder does."""
    cut = "PNG ends before its IEND chunk"
    length, name, width, height = unpack_from(">I4sII", source.read(8, 16, cut))
    if name != b"IHDR" or length != 13:
        msg = "PNG does not begin with an IHDR chunk"
        raise BrokenMediaError(msg)
    at, pixels = 8, False
    while name != b"IEND":
        length, name = unpack_from(">I4s", source.read(at, 8, cut))
        pixels = pixels or name == b"IDAT"
        at += 12 + length  # length, name and checksum are 4 bytes each
    if at > source.size:
        raise BrokenMediaError(cut)
    if not pixels:
        msg = "PNG has no IDAT chunk, so no pixels"
        raise BrokenMediaError(msg)
    return _picture("image/png", "PNG", width, height)


# Start of frame of every coding process; C4, C8 and CC are tables and an extension.
_SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Inside a scan FF is followed by 00, by a restart marker or by another FF; everything else ends the scan.
_SCAN_END: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def jpeg(source: Source) -> MediaFacts:
    """Walks the segments to the scan, and from there to EOI."""
    cut = "JPEG ends before its EOI marker"
    at, size, scanned = 2, (0, 0), False
    while True:
        mark, code = source.read(at, 2, cut)
        if mark != 0xFF:
            msg = f"JPEG has no marker where one must be, at byte {at}"
            raise BrokenMediaError(msg)
        if code == 0xFF:  # a marker may be filled up with FF
            at += 1
            continue
        if code == 0xD9:
            break
        at += 2
        if code == 0x01 or 0xD0 <= code <= 0xD8:  # these stand alone
            continue
        (length,) = unpack_from(">H", source.read(at, 2, cut))
        if length < 2:
            msg = f"JPEG has a segment of {length} bytes, at byte {at}"
            raise BrokenMediaError(msg)
        if code in _SOF:
            height, width = unpack_from(">HH", source.read(at + 3, 4, cut))
            size = (width, height)
        at += length
        if code == 0xDA:
            if not any(size):
                msg = "JPEG has a scan before its frame header"
                raise BrokenMediaError(msg)
            scanned = True
            # EOI cannot stand inside a scan: one at the very end says enough, and a big file is not searched.
            if at <= source.size and source.tail(64).rstrip(b"\0\r\n ").endswith(b"\xff\xd9"):
                break
            at = _scan_end(source, at, cut)
    if not scanned:
        msg = "JPEG has no scan, so no pixels"
        raise BrokenMediaError(msg)
    return _picture("image/jpeg", "JPEG", *size)


def _scan_end(source: Source, at: int, cut: str) -> int:
    """The offset of the first marker after the scan that begins at `at`."""
    step = 4096  # small first: a file of nothing but tiny scans must not cost a big read for each
    while at + 2 <= source.size:
        block = source.read(at, min(step, source.size - at), cut)
        if found := _SCAN_END.search(block):
            return at + found.start()
        at += len(block) - 1  # the last byte may be the FF of a marker
        step = min(step * 2, 1 << 20)
    raise BrokenMediaError(cut)


def webp(source: Source) -> MediaFacts:
    """Checks that the RIFF length and the chunks' lengths add up to the end."""
    (length,) = unpack_from("<I", source.read(4, 4, "WebP ends inside its header"))
    end = 8 + length
    if not end <= source.size <= end + (length & 1):
        msg = f"WebP says that it has {end:,} bytes and has {source.size:,}"
        raise BrokenMediaError(msg)
    at, size, pixels = 12, None, False
    while at < end:
        name, length = unpack_from("<4sI", source.read(at, 8, "WebP ends inside a chunk's header"))
        if at + 8 + length > end:
            msg = f"WebP ends inside its {name!r} chunk"
            raise BrokenMediaError(msg)
        if size is None:
            size = _webp_size(source, at + 8, name)
        pixels = pixels or name in {b"VP8 ", b"VP8L", b"ANMF"}
        at += 8 + length + (length & 1)
    if size is None or not pixels:
        msg = "WebP has no picture chunk"
        raise BrokenMediaError(msg)
    return _picture("image/webp", "WebP", *size)


def _webp_size(source: Source, at: int, name: bytes) -> tuple[int, int] | None:
    cut = f"WebP ends inside its {name!r} chunk"
    if name == b"VP8X":
        canvas = source.read(at + 4, 6, cut)
        return int.from_bytes(canvas[:3], "little") + 1, int.from_bytes(canvas[3:], "little") + 1
    if name == b"VP8L":
        signature, bits = unpack_from("<BI", source.read(at, 5, cut))
        if signature == 0x2F:
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 ":
        start, width, height = unpack_from("<3sHH", source.read(at + 3, 7, cut))
        if start == b"\x9d\x01\x2a":
            return width & 0x3FFF, height & 0x3FFF
    return None


def gif(source: Source) -> MediaFacts:
    """Walks the blocks to the trailer."""
    cut = "GIF ends before its trailer"
    width, height, flags = unpack_from("<HHB", source.read(6, 7, cut))
    at, frames = 13 + _gif_colors(flags), 0
    while (code := source.read(at, 1, cut)[0]) != 0x3B:
        if code == 0x21:  # an extension: one byte says which
            at += 2
        elif code == 0x2C:  # a frame: its place, its colors, and one byte of code size
            frames += 1
            at += 11 + _gif_colors(source.read(at + 9, 1, cut)[0])
        else:
            msg = f"GIF has no block where one must be, at byte {at}"
            raise BrokenMediaError(msg)
        while length := source.read(at, 1, cut)[0]:
            at += 1 + length
        at += 1
    if not frames:
        msg = "GIF has no frame"
        raise BrokenMediaError(msg)
    return _picture("image/gif", "GIF", width, height)


def _gif_colors(flags: int) -> int:
    """Bytes of the colour table that `flags` announces."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


_SVG_PRELUDE: Final = re.compile(rb"\s*(<\?|<!--|<!DOCTYPE)")
_SVG_CLOSING: Final = {b"<?": b"?>", b"<!--": b"-->", b"<!DOCTYPE": b">"}
_SVG_TAG: Final = re.compile(rb"\s*(<(?:[A-Za-z_][\w.-]{0,40}:)?svg(?=[\s/>]))")
_SVG_END: Final = re.compile(rb"</(?:[\w.-]{1,41}:)?svg\s*>")
_SVG_NUMBER: Final = rb"""\s%b\s{0,9}=\s{0,9}["']\s{0,9}(\d{1,9})(?:\.\d{0,9})?(?:px)?\s{0,9}["']"""
_SVG_WIDTH: Final = re.compile(_SVG_NUMBER % b"width")
_SVG_HEIGHT: Final = re.compile(_SVG_NUMBER % b"height")


def svg_root(head: bytes) -> int | None:
    """Where the root tag of an SVG begins, or None. Comments and a DOCTYPE before it are skipped unread."""
    at = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    while prelude := _SVG_PRELUDE.match(head, at):
        closing = _SVG_CLOSING[prelude[1]]
        # A DOCTYPE may hold entities in brackets. They are never expanded: the text between is passed over.
        if closing == b">" and 0 <= head.find(b"[", at) < head.find(b">", at):
            closing = b"]>"
        end = head.find(closing, prelude.end())
        if end < 0:
            return None
        at = end + len(closing)
    root = _SVG_TAG.match(head, at)
    return root.start(1) if root else None


def svg(source: Source) -> MediaFacts:
    """Looks at the root tag and at the end of the text. The XML is not parsed."""
    head = source.head(1 << 16)
    at = svg_root(head)
    end = head.find(b">", at)
    if at is None or end < 0:
        msg = "SVG ends inside its root tag"
        raise BrokenMediaError(msg)
    tag = head[at : end + 1]
    text = source.tail(4096).rstrip()
    while text.endswith(b"-->") and b"<!--" in text:  # comments may follow the picture
        text = text[: text.rfind(b"<!--")].rstrip()
    if not (_SVG_END.match(text[text.rfind(b"<") :]) or tag.endswith(b"/>")):
        msg = "SVG ends before </svg>"
        raise BrokenMediaError(msg)
    width, height = _SVG_WIDTH.search(tag), _SVG_HEIGHT.search(tag)
    return MediaFacts("image/svg+xml", int(width[1]) if width else None, int(height[1]) if height else None, None)
