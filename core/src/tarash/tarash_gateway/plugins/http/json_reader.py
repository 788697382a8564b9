"""JSON as servers really send it: read strictly first, and leniently where that fails. Pure."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pydantic_core

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is the beginning of this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


CHECKED_BYTES = 4 * 1024 * 1024
"""Bytes of a body from which its values are counted before it is parsed."""

MOST_VALUES = 2_000_000
"""Values that a body may have: an empty object is two characters and sixty bytes of memory. What is meant to be read is
large by its texts."""


class TooManyValuesError(ValueError):
    """A body that would take many times its size of memory; it was not parsed."""


def read_json(body: bytes | bytearray | str) -> Any:
    """Parses JSON; what has only one meaning is read although the standard forbids it.

    Read are a byte order mark, UTF-16 and UTF-32 with one, control characters inside of strings, `NaN` and `Infinity`.
    Half a surrogate pair and bytes that are no UTF-8 become U+FFFD.

    Raises:
        ValueError: it is no JSON.
        TooManyValuesError: it is large, and nothing but punctuation.
    """
    if len(body) > CHECKED_BYTES:
        _check_values(body.encode(errors="replace") if isinstance(body, str) else body)
    try:
        return pydantic_core.from_json(body)
    except (TypeError, ValueError):  # the former for a text with half a surrogate pair in it
        text = body if isinstance(body, str) else _decoded(bytes(body))
    try:
        return _whole_characters(json.loads(text.lstrip("\ufeff"), strict=False))
    except RecursionError:
        msg = "it is nested too deeply"
        raise ValueError(msg) from None


def _check_values(body: bytes | bytearray) -> None:
    if sum(body.count(mark) for mark in b",[{") > MOST_VALUES:
        msg = f"it has more than {MOST_VALUES:,} values"
        raise TooManyValuesError(msg)


def _decoded(body: bytes) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    return body.decode(errors="replace")


def _whole_characters(value: Any) -> Any:
    """`value` with U+FFFD in place of each half of a surrogate pair, which no file and no log could take."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(item) for key, item in value.items()}
    return value
