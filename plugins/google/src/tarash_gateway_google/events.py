"""Server-sent events, read piece by piece as they come. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pydantic_core

from tarash.tarash_gateway.errors import InvalidResponseError

MOST_BYTES = 512 * 1024 * 1024
"""Bytes of one event, which may hold a picture."""


class EventReader:
    """Puts pieces together into events; the data of each is a JSON object."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._seen = 0
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[dict[str, Any]]:
        """The events that are whole with this piece.

        Raises:
            InvalidResponseError: an event is no JSON object, or endless.
        """
        self._rest += piece
        while (end := self._rest.find(b"\n", self._seen)) >= 0:
            line = bytes(self._rest[:end]).rstrip(b"\r")
            del self._rest[: end + 1]
            self._seen = 0
            event = self._line(line)
            if event is not None:
                yield event
        self._seen = len(self._rest)
        if self._seen > MOST_BYTES:
            msg = "the vendor's stream sends one event without an end"
            raise InvalidResponseError(msg, billable="unknown")

    def end(self) -> Iterator[dict[str, Any]]:
        """The event that the end of the stream makes whole."""
        yield from self.feed(b"\n\n")

    def _line(self, line: bytes) -> dict[str, Any] | None:
        if line.startswith(b"data:"):
            self._data.append(line[5:].strip())
        if line or not self._data:
            return None
        data, self._data = b"\n".join(self._data), []
        if data == b"[DONE]":
            return None
        try:
            event = pydantic_core.from_json(data)
        except ValueError as error:
            msg = "an event of the vendor's stream is not JSON"
            raise InvalidResponseError(msg, billable="unknown") from error
        if isinstance(event, list) and event and isinstance(event[0], dict):
            event = event[0]  # the front end's errors
        if not isinstance(event, dict):
            msg = "an event of the vendor's stream is no JSON object"
            raise InvalidResponseError(msg, billable="unknown")
        return event
