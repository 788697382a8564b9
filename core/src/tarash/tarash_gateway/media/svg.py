"""Whether an SVG is whole, and its size. Its tags are counted; no entity is expanded and nothing is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tarash.tarash_gateway.media.reader import MAX_READS, BrokenMediaError, MediaFacts, Source

__all__ = ["svg", "svg_root"]

LONGEST_PROLOGUE: Final = 1 << 20
"""Bytes before the root tag that are looked through."""

_LONGEST: Final = 16 * 1024 * 1024
"""Bytes of an SVG whose tags are counted; of a longer one the end is looked at."""

_LONGEST_END: Final = 1 << 16
"""Bytes at the end that are looked at, where the tags cannot be counted."""

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
    """The text in an encoding that writes ASCII as it is."""
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
    """The offset behind what closes `opening`; None where it stays open."""
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
    """Why it is not known whether the document that begins at `at` is whole; None where it is.

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
