"""The types of single fields: what a prompt, a size or a ratio may look like, before any model is known."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, Strict

PROMPT_LIMIT = 100_000
"""Characters; no model of today takes more than 32,000."""

_TIMES = "\N{MULTIPLICATION SIGN}"
_SIZE = r"[1-9]\d{0,4}x[1-9]\d{0,4}|[A-Za-z][A-Za-z0-9_.:-]{0,31}|\d{1,4}[KkPp]"
_RATIO = r"[1-9]\d{0,3}(\.\d{1,3})?:[1-9]\d{0,3}(\.\d{1,3})?|auto"


def _text(value: str) -> str:
    if "\0" in value:
        msg = "holds a NUL character"
        raise ValueError(msg)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        msg = f"holds half of a character (a lone surrogate) at position {error.start}"
        raise ValueError(msg) from None
    if len(value) > PROMPT_LIMIT:
        msg = f"has {len(value):,} characters, the limit is {PROMPT_LIMIT:,}"
        raise ValueError(msg)
    return value


def _prompt(value: str) -> str:
    if not value.strip():
        msg = "is empty"
        raise ValueError(msg)
    return _text(value)


def _ascii_size(value: Any) -> Any:
    """Puts an ASCII x in place of a multiplication sign, which people copy from pages."""
    if isinstance(value, str):
        return re.sub(rf"(?<=\d)\s*[{_TIMES}xX]\s*(?=\d)", "x", str.strip(value))
    return value


def _size(value: str) -> str:
    if not re.fullmatch(_SIZE, value, re.ASCII):
        msg = "is not a size: give pixels as WIDTHxHEIGHT, such as 1024x1024, or the vendor's word, such as auto"
        raise ValueError(msg)
    return value


def _ratio(value: str) -> str:
    if not re.fullmatch(_RATIO, value, re.ASCII):
        msg = "is not an aspect ratio: give it as WIDTH:HEIGHT, such as 16:9"
        raise ValueError(msg)
    return value


def _strip(value: Any) -> Any:
    # `str` itself: a subclass may have a `strip` of its own.
    return str.strip(value) if isinstance(value, str) else value


def _sendable(value: dict[str, Any]) -> dict[str, Any]:
    """Refuses what Python takes for JSON and no vendor reads: half a character, a number of thousands of digits."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        msg = "holds half of a character (a lone surrogate)"
        raise ValueError(msg) from None
    except ValueError:
        msg = "holds a number that cannot be written as JSON"
        raise ValueError(msg) from None
    return value


Text = Annotated[str, Strict(), AfterValidator(_text)]
"""Text that can be sent: no NUL, no lone surrogate, at most `PROMPT_LIMIT` characters."""

Prompt = Annotated[str, Strict(), AfterValidator(_prompt)]
"""Text that is not empty."""

Word = Annotated[str, Field(min_length=1, max_length=256), Strict(), BeforeValidator(_strip), AfterValidator(_text)]
"""A name or one of the vendor's words."""

Size = Annotated[str, Strict(), BeforeValidator(_ascii_size), AfterValidator(_size)]
"""Pixels as WIDTHxHEIGHT (a multiplication sign is read as x), or the vendor's word."""

AspectRatio = Annotated[str, Strict(), BeforeValidator(_strip), AfterValidator(_ratio)]
"""WIDTH:HEIGHT."""

Count = Annotated[int, Strict(), Field(ge=1, le=1000)]
Seed = Annotated[int, Strict(), Field(ge=0, lt=2**63)]
Seconds = Annotated[float, Strict(), Field(gt=0, le=86_400)]
StrictBool = Annotated[bool, Strict()]
Unsupported = Literal["warn", "error", "ignore"]
UnsupportedValues = Literal["error", "nearest"]
ExtraParams = Annotated[dict[str, JsonValue], AfterValidator(_sendable)]
