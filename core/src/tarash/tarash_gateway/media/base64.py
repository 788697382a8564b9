"""Decodes base64 and data URLs, and takes them out of answers that are kept."""

from __future__ import annotations

import binascii
import hashlib
import re
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from pydantic import ConfigDict, TypeAdapter, ValidationError

_LONG_TEXT = 1000
"""Characters from which a string in an answer may be media."""

_DEEPEST = 60
"""Levels of an answer that are kept."""

_PLAIN: Final = frozenset((int, float, bool, type(None)))

_PART = 64 * 1024
"""Characters that are made bytes at a time, where all of them would be a copy of the whole."""

_BASE64: Final = TypeAdapter(
    bytes, config=ConfigDict(val_json_bytes="base64", hide_input_in_errors=True, defer_build=True)
)
"""Reads base64 four times as fast as `binascii`, strictly."""


def decode_base64(text: str) -> bytes:
    """Decodes base64 text, also in the URL-safe alphabet and without its padding.

    Raises:
        ValueError: the text is not base64.
    """
    try:
        return _BASE64.validate_strings(text)
    except ValidationError:
        # Only what the strict reader refuses is worth the copies: line breaks, both alphabets in one text.
        plain = re.sub(r"\s", "", text).translate(str.maketrans("-_", "+/"))
        try:
            return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
        except (binascii.Error, ValueError) as error:
            msg = f"is not base64: {error}"
            raise ValueError(msg) from None


def decode_data_url(url: str) -> bytes:
    """Decodes a `data:` URL. Its content type is ignored: the bytes are inspected instead.

    Raises:
        ValueError: the URL is malformed.
    """
    head, comma, body = url.partition(",")
    if not comma:
        msg = "is a data URL without a comma"
        raise ValueError(msg)
    return decode_base64(body) if head.rstrip().lower().endswith(";base64") else unquote_to_bytes(body)


def without_media(value: Any, depth: int = 0) -> Any:
    """Copies parsed JSON and replaces long base64 by its length and digest.

    What is no JSON is replaced by the name of its kind, and what never ends by `…`.
    """
    if depth > _DEEPEST:
        return "…"
    # Most are numbers and short texts, and go by without a call of their own.
    if isinstance(value, dict):
        return {
            str(key): item
            if type(item) in _PLAIN or (type(item) is str and len(item) <= _LONG_TEXT)
            else without_media(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [without_media(item, depth + 1) for item in value]
    if value is not None and not isinstance(value, (str, int, float, bool)):
        return f"<{type(value).__name__}>"
    if isinstance(value, str) and len(value) > _LONG_TEXT and " " not in value[:_LONG_TEXT]:
        return f"<{len(value)} characters, sha256 {_digest(value)}>"
    return value


def _digest(text: str) -> str:
    digest = hashlib.sha256()
    for at in range(0, len(text), _PART):
        digest.update(text[at : at + _PART].encode(errors="surrogatepass"))
    return digest.hexdigest()
