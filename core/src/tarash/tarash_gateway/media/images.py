"""Checks that an image is whole, and reads its size in pixels. The structure is walked, no pixel is decoded.

Of an SVG the tags are counted; no entity is expanded and nothing is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from struct import unpack_from
from typing import Final

from tarash.tarash_gateway.media.reader import MAX_READS, BrokenMediaError, MediaFacts, Source


def _facts(kind: str, name: str, size: tuple[int, int], unverified: str | None) -> MediaFacts:
    width, height = size
    if not (width and height):
        msg = f"{name} says that it is {width}x{height} pixels"
        raise BrokenMediaError(msg)
    return MediaFacts(kind, width, height, None, unverified)


def png(source: Source) -> MediaFacts:
    """Walks the chunks to IEND."""
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
    return _facts("image/png", "PNG", (width, height), source.surplus(at, "PNG"))


# Start of frame of every coding process; C4, C8 and CC are tables and an extension.
_SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MARKER: Final = re.compile(rb"\xff[\x01-\xfe]")
# Inside a scan FF is followed by 00, by a restart marker or by another FF; everything else ends the scan.
_SCAN_END: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_JPEG_CUT: Final = "JPEG ends before its EOI marker"


def jpeg(source: Source) -> MediaFacts:
    """Walks the segments to the scan, and from there to EOI. Stray bytes before a marker are passed over."""
    at, size, scanned, stray = 2, (0, 0), False, 0
    while True:
        mark, code = source.read(at, 2, _JPEG_CUT)
        if mark == code == 0xFF:  # a marker may be filled up with FF
            at += 1
            continue
        if mark != 0xFF or code == 0:
            found = _find(source, _MARKER, at)
            stray, at = stray + found - at, found
            continue
        at += 2
        if code == 0xD9:
            break
        if code == 0x01 or 0xD0 <= code <= 0xD8:  # these stand alone
            continue
        (length,) = unpack_from(">H", source.read(at, 2, _JPEG_CUT))
        if length < 2:
            msg = f"JPEG has a segment of {length} bytes, at byte {at}"
            raise BrokenMediaError(msg)
        if code in _SOF:
            height, width = unpack_from(">HH", source.read(at + 3, 4, _JPEG_CUT))
            size = (width, height)
        at += length
        if code == 0xDA:
            if not any(size):
                msg = "JPEG has a scan before its frame header"
                raise BrokenMediaError(msg)
            scanned = True
            # EOI cannot stand inside a scan: one at the very end says enough, and a big file is not searched.
            if at <= source.size and source.tail(2) == b"\xff\xd9":
                at = source.size
                break
            at = _find(source, _SCAN_END, at)
    if not scanned:
        msg = "JPEG has no scan, so no pixels"
        raise BrokenMediaError(msg)
    doubt = f"{stray:,} stray bytes stand between the parts of the JPEG" if stray else source.surplus(at, "JPEG")
    return _facts("image/jpeg", "JPEG", size, doubt)


def _find(source: Source, marker: re.Pattern[bytes], at: int) -> int:
    """Returns the offset of the first marker at or after `at`."""
    step = 4096  # small first: a file of nothing but tiny scans must not cost a big read for each
    while at + 2 <= source.size:
        block = source.read(at, min(step, source.size - at), _JPEG_CUT)
        if found := marker.search(block):
            return at + found.start()
        at += len(block) - 1  # the last byte may be the FF of a marker
        step = min(step * 2, 1 << 20)
    raise BrokenMediaError(_JPEG_CUT)


def webp(source: Source) -> MediaFacts:
    """Checks that the chunks' lengths add up to the RIFF length, and that so many bytes are there."""
    (length,) = unpack_from("<I", source.read(4, 4, "WebP ends inside its header"))
    end = 8 + length
    if end > source.size:
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
        msg = "WebP has no image chunk"
        raise BrokenMediaError(msg)
    return _facts("image/webp", "WebP", size, source.surplus(end + (end & 1), "WebP"))


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
    """Walks the blocks to the trailer. Decoders do without the trailer: a GIF that lacks it is not refused."""
    cut = "GIF ends inside one of its blocks"
    width, height, flags = unpack_from("<HHB", source.read(6, 7, cut))
    at, frames, doubt = 13 + _gif_colors(flags), 0, None
    while True:
        code = source.read(at, 1, cut)[0] if at != source.size else None
        if code == 0x3B or code is None:
            doubt = "GIF ends before its trailer" if code is None else source.surplus(at + 1, "GIF")
            break
        if code == 0x21:  # an extension: one byte says which
            at += 2
        elif code == 0x2C:  # a frame: its place, its colors, and one byte of code size
            frames += 1
            at += 11 + _gif_colors(source.read(at + 9, 1, cut)[0])
        elif frames:  # browsers show what came before
            doubt = source.surplus(at, "last frame of the GIF")
            break
        else:
            msg = f"GIF has no block where one must be, at byte {at}"
            raise BrokenMediaError(msg)
        while length := source.read(at, 1, cut)[0]:
            at += 1 + length
        at += 1
    if not frames:
        msg = "GIF has no frame"
        raise BrokenMediaError(msg)
    return _facts("image/gif", "GIF", (width, height), doubt)


def _gif_colors(flags: int) -> int:
    """Computes the bytes of the colour table that `flags` announces."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


LONGEST_PROLOGUE: Final = 1 << 20
"""Bytes before the root tag that are looked through."""

_LONGEST: Final = 16 * 1024 * 1024
"""Bytes of an SVG whose tags are counted; of a longer one only the end is checked."""

_LONGEST_END: Final = 1 << 16
"""Bytes at the end that are checked where the tags cannot be counted."""

_CLOSING: Final[Mapping[bytes, bytes]] = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>", b'"': b'"', b"'": b"'"}
_PRELUDE: Final = re.compile(rb"\s*(<\?|<!--|<!DOCTYPE)")
_DOCTYPE_PART: Final = re.compile(rb"<!--|<\?|[\"'\[\]>]")
_SPECIAL: Final = re.compile(rb"<!--|<!\[CDATA\[|<\?")
# Quoted values may hold a `>`. Nothing is tried twice: what does not fit is no tag.
_TAG: Final = re.compile(rb"<(/?+)[A-Za-z_:\x80-\xff]((?:[^\"'><]++|\"[^\"]*+\"|'[^']*+')*+)>")
_ROOT: Final = re.compile(rb"\s*(<(?:[A-Za-z_][\w.-]{0,40}:)?svg(?=[\s/>]))")
_ROOT_END: Final = re.compile(rb"</(?:[\w.-]{1,41}:)?svg\s*>")
_MISC: Final = re.compile(rb"\s*+(<\?|<!--)")
_ATTRIBUTE: Final = re.compile(rb"([^\s=\"'<>/]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_PIXELS: Final = re.compile(rb"\s*(\d{1,9})(?:\.\d{0,9})?(?:px)?\s*")


def svg_root(head: bytes) -> int | None:
    """Returns where the root tag of an SVG begins in its UTF-8 text, or None.

    Comments, processing instructions and a DOCTYPE before it are skipped unread.

    Args:
        head: the first bytes, in UTF-8, UTF-16 or any encoding that writes ASCII as it is.
    """
    return _root(_as_utf8(head))


def svg(source: Source) -> MediaFacts:
    """Counts the tags up to the end of the root tag."""
    long = source.size > _LONGEST
    text = _as_utf8(source.head(LONGEST_PROLOGUE if long else source.size))
    at = _root(text[:LONGEST_PROLOGUE])
    tag = None if at is None else _TAG.match(text, at)
    if at is None or tag is None:
        msg = "SVG ends inside its root tag"
        raise BrokenMediaError(msg)
    doubt: str | None
    if long:
        doubt = _doubt_by_end(
            _as_utf8(source.head(2) + source.tail(_LONGEST_END)), f"it has more than {_LONGEST:,} bytes"
        )
    else:
        doubt = _doubt(text, at)
    found = {name: double or single for name, double, single in _ATTRIBUTE.findall(tag[0])}
    return MediaFacts("image/svg+xml", _pixels(found.get(b"width")), _pixels(found.get(b"height")), None, doubt)


def _as_utf8(data: bytes) -> bytes:
    """Returns the text in an encoding that writes ASCII as it is."""
    if data.startswith((b"\xff\xfe", b"<\0")):
        encoding = "utf-16-le"
    elif data.startswith((b"\xfe\xff", b"\0<")):
        encoding = "utf-16-be"
    else:
        return data.removeprefix(b"\xef\xbb\xbf")
    return data.decode(encoding, "replace").removeprefix("\ufeff").encode("utf-8", "replace")


def _root(text: bytes) -> int | None:
    at = 0
    while prelude := _PRELUDE.match(text, at):
        end = (
            _doctype_end(text, prelude.end()) if prelude[1] == b"<!DOCTYPE" else _past(text, prelude[1], prelude.end())
        )
        if end is None:
            return None
        at = end
    root = _ROOT.match(text, at)
    return root.start(1) if root else None


def _past(text: bytes, opening: bytes, at: int) -> int | None:
    """Returns the offset behind what closes `opening`; None where it stays open."""
    closing = _CLOSING[opening]
    end = text.find(closing, at)
    return None if end < 0 else end + len(closing)


def _doctype_end(text: bytes, at: int) -> int | None:
    bracket = False
    while part := _DOCTYPE_PART.search(text, at):
        at = part.end()
        if part[0] in _CLOSING:
            end = _past(text, part[0], at)
            if end is None:
                return None
            at = end
        elif part[0] == b">":
            if not bracket:
                return at
        else:
            bracket = part[0] == b"["
    return None


def _doubt(text: bytes, at: int) -> str | None:
    """Returns why the document that begins at `at` may not be whole; None where it is whole.

    Raises:
        BrokenMediaError: it ends before its root does.
    """
    depth = 0
    for _ in range(MAX_READS):
        at = text.find(b"<", at)
        if at < 0:
            return _doubt_by_end(text, "its tags do not match")
        if special := _SPECIAL.match(text, at):
            end = _past(text, special[0], special.end())
            if end is None:
                raise _cut()
            at = end
            continue
        tag = _TAG.match(text, at)
        if tag is None:
            return _doubt_by_end(text, "it is not well-formed XML")
        at = tag.end()
        if tag[1]:
            depth -= 1
        elif not tag[2].endswith(b"/"):
            depth += 1
        if depth <= 0:
            return _surplus(text, at)
    return _doubt_by_end(text, f"it has more than {MAX_READS:,} tags")


def _surplus(text: bytes, at: int) -> str | None:
    """Says what follows the root besides comments, processing instructions and white space."""
    while misc := _MISC.match(text, at):
        end = _past(text, misc[1], misc.end())
        if end is None:
            break
        at = end
    count = len(text) - at if text[at:].strip() else 0
    return f"{count:,} bytes follow the end of the SVG" if count else None


def _doubt_by_end(text: bytes, doubt: str) -> str:
    """Returns `doubt`, where the text at least ends with the end of its root."""
    text = text[-_LONGEST_END:].rstrip(b"\0 \t\r\n")
    while text.endswith((b"-->", b"?>")):
        at = text.rfind(b"<!--" if text.endswith(b"-->") else b"<?")
        text = text[: max(at, 0)].rstrip()
    if _ROOT_END.fullmatch(text[text.rfind(b"<") :]):
        return doubt
    raise _cut()


def _cut() -> BrokenMediaError:
    return BrokenMediaError("SVG ends before </svg>")


def _pixels(value: bytes | None) -> int | None:
    found = _PIXELS.fullmatch(value) if value is not None else None
    return int(found[1]) if found else None
