"""One HTTP answer with its whole body, and the JSON in it: read strictly first, leniently where that fails. Pure."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pydantic_core

from tarash.tarash_gateway._redaction import Redaction, one_line
from tarash.tarash_gateway.errors import InvalidResponseError

LONGEST_WORD = 100
"""Characters of a content type or a status word that a message shows."""

SNIPPET = 200
"""Characters of an unreadable answer that a message shows."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{48,}=*")


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Looked up by lower-case names."""

    body: bytes = field(default=b"", repr=False)
    url: str = field(default="", repr=False)
    """The address that it came from, without its query."""

    redaction: Redaction = field(default_factory=Redaction, repr=False)
    """Takes keys and prompts out of what is shown of it."""

    method: str = "GET"
    """Of the request: what answers a `POST` may have created something."""

    def json(self) -> Any:
        """Parses the body, whatever its content type.

        Raises:
            InvalidResponseError: it is no JSON.
        """
        why = "is not JSON"
        try:
            return read_json(self.body)
        except TooManyValuesError as error:
            why = f"was not read: {error}"
        except ValueError:
            pass
        # Out here, where the parser's error, which holds the whole body, is no context of ours.
        snippet = self.text(_BASE64.sub("…", self.body[:SNIPPET].decode(errors="replace")))
        msg = (
            f"the vendor's answer {why} ({self.kind}): {snippet!r}. "
            "Is base_url right, and is it not behind a proxy's login page?"
        )
        raise InvalidResponseError(msg, status_code=self.status)

    def object(self) -> dict[str, Any]:
        """Parses the body, which must be one JSON object.

        Raises:
            InvalidResponseError: it is no JSON, or no object.
        """
        parsed = self.json()
        if not isinstance(parsed, dict):
            msg = f"the vendor's answer is a JSON {type(parsed).__name__} where an object belongs ({self.kind})"
            raise InvalidResponseError(msg, status_code=self.status, raw=self.redaction.shown(parsed))
        return parsed

    @property
    def kind(self) -> str:
        """Status and content type, for a message."""
        named = one_line(str(self.headers.get("content-type", "")))[:LONGEST_WORD]
        return f"status {self.status}, content type {named or 'not given'}"

    @property
    def request_id(self) -> str | None:
        """The vendor's id of the HTTP request, for its support."""
        names = ("x-request-id", "request-id", "apim-request-id", "x-generation-id", "x-goog-request-id")
        found = next((self.headers[name] for name in names if self.headers.get(name)), None)
        return None if found is None else one_line(str(found))[: 2 * LONGEST_WORD]

    def text(self, words: Any) -> str:
        """Returns the vendor's words for a message: one line, no key, no prompt, not long."""
        return self.redaction.text(words)

    def shown(self, parsed: Any) -> Any:
        """Returns the answer as a response may keep it: without media, keys and prompts."""
        return self.redaction.value(parsed)


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
    """Puts U+FFFD in place of each half of a surrogate pair, which no file and no log could take."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(item) for key, item in value.items()}
    return value
