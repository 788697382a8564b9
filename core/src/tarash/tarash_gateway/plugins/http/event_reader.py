"""Server-sent events, read piece by piece as they come, from servers that take the format loosely. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tarash.tarash_gateway.errors import InvalidResponseError
from tarash.tarash_gateway.plugins.http.answer import read_json

EVENT_BYTES = 256 * 1024 * 1024
"""Bytes of one event: the largest image, as base64."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventReader:
    """Puts pieces of bytes together to events, each of them a JSON object.

    Comments, `retry:`, `id:`, an empty `data:`, heartbeats and whatever else is no JSON object are passed over. A type
    that stands only in the `event:` line becomes the object's `type`. Where the server answers with JSON in place of a
    stream, whatever it calls it, the object itself (or each object of a list, or of each line) is the event.

    Args:
        limit: bytes that one event may have.
    """

    def __init__(self, limit: int = EVENT_BYTES) -> None:
        self._limit = limit
        self._line = bytearray()
        self._after_return = False
        self._data: list[bytes] = []
        self._type = ""
        self._size = 0
        self._plain: bool | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the body is JSON in place of a stream."""
        return self._plain is True

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """Gives the events that are whole with this piece.

        Raises:
            InvalidResponseError: an event is larger than the limit.
        """
        self._size += len(chunk)
        if self._size > self._limit:
            msg = f"an event of the stream has more than {self._limit:,} bytes; the rest was not read"
            raise InvalidResponseError(msg, billable="unknown")
        if self._plain is None:
            chunk = self._begin(chunk)
        if not chunk:
            return
        if self._plain:
            self._line += chunk
            return
        if self._after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_return = chunk.endswith(b"\r")
        *lines, rest = _LINE_END.split(chunk)
        for line in lines:
            self._line += line
            if self._line:
                self._take()
            else:
                yield from self._event()
        self._line += rest

    def end(self) -> Iterator[dict[str, Any]]:
        """Gives what the end of the body makes whole: a last event without its empty line, or JSON without a stream."""
        if self._plain:
            whole, self._line = bytes(self._line), bytearray()
            yield from _objects_of(whole)
            return
        if self._line:
            self._take()
        yield from self._event()

    def _begin(self, chunk: bytes) -> bytes:
        """Decides by the first character whether this is a stream: none of its lines begins like JSON."""
        start = bytes(self._line + chunk).removeprefix(_BYTE_ORDER_MARK).lstrip()
        self._line = bytearray(start)
        if not start or _BYTE_ORDER_MARK.startswith(start):
            return b""
        self._plain = start[:1] in (b"{", b"[")
        self._line = bytearray()
        return start

    def _take(self) -> None:
        """Reads the line that is whole. It may hold an image, so that it is copied once."""
        line, self._line = self._line, bytearray()
        if line.startswith(b"data:"):
            self._data.append(bytes(memoryview(line)[5 + line.startswith(b"data: ") :]))
        elif line.startswith(b"event:"):
            self._type = bytes(line[6:200]).decode(errors="replace").strip()

    def _event(self) -> Iterator[dict[str, Any]]:
        data, kind = b"\n".join(self._data).strip(), self._type
        self._data, self._type, self._size = [], "", 0
        if not data or data == b"[DONE]":
            return
        try:
            parsed = read_json(data)
        except ValueError:
            parsed = data.decode(errors="replace")
        for value in _objects_in(parsed, kind):
            if kind and not isinstance(value.get("type"), str):
                value["type"] = kind
            yield value


def _objects_in(parsed: Any, kind: str = "") -> list[dict[str, Any]]:
    if isinstance(parsed, dict):
        return [parsed]
    if isinstance(parsed, list):
        return [item for item in parsed if isinstance(item, dict)]
    # An error may come as a bare sentence; any other text is a heartbeat.
    return [{"error": parsed}] if kind == "error" and isinstance(parsed, str) else []


def _objects_of(body: bytes) -> Iterator[dict[str, Any]]:
    """Returns the objects of a JSON body: one, a list of them, or one on each line."""
    try:
        yield from _objects_in(read_json(body))
    except ValueError:
        for line in body.splitlines():
            try:
                yield from _objects_in(read_json(line))
            except ValueError:
                continue
