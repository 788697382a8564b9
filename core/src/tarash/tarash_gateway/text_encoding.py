"""Detects the encoding of a text file, as Excel, PowerShell and Windows save it, by its first bytes."""

from __future__ import annotations

import codecs

from tarash.tarash_gateway.errors import ValidationError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before the one of UTF-16, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def detect_encoding(head: bytes) -> str:
    """Finds the encoding of a text by its first four bytes: by its byte-order mark, or by the zeros of UTF-16.

    Returns:
        A name for Python's codecs, which takes a mark off; UTF-8 where nothing says another.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if len(head) > 1 and not (head[0] and head[1]):
        return "utf-16-be" if head[1] else "utf-16-le"
    return "utf-8"


def decode_text(data: bytes, name: str) -> str:
    """Decodes a text that was saved by whatever program.

    Args:
        data: the bytes.
        name: what they are, for the message.

    Raises:
        ValidationError: they are no text; it says where.
    """
    encoding = detect_encoding(data[:4])
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        shown = encoding.removesuffix("-sig").upper()
        msg = f"{name} is not {shown}: byte {error.start + 1} is 0x{data[error.start]:02x}. Save it as UTF-8."
        raise ValidationError(msg) from error
