"""Server-sent events of a streamed picture, piece by piece as they come. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pydantic_core

from tarash.tarash_gateway.errors import InvalidResponseError
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImagePart
from tarash_gateway_openrouter.answers import Incoming, cost_of, read_images, read_output, request_id
from tarash_gateway_openrouter.faults import event_fault
from tarash_gateway_openrouter.texts import Texts

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of one event: the largest picture, as base64."""


class EventReader:
    """Puts pieces of bytes together to events."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Any]:
        """The events that are whole with this piece, as parsed JSON; what is no JSON is passed over.

        Raises:
            InvalidResponseError: an event has no end.
        """
        self._size += len(chunk)
        if self._size > MOST_BYTES:
            msg = f"an event of the stream has more than {MOST_BYTES:,} bytes"
            raise InvalidResponseError(msg, billable="unknown")
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._line += line
            whole, self._line = bytes(self._line).rstrip(b"\r"), bytearray()
            if whole:
                self._take(whole)
            else:
                yield from self.end()
        self._line += rest

    def end(self) -> Iterator[Any]:
        """The event that is there, at an empty line or at the end of the stream."""
        data, self._data, self._size = b"\n".join(self._data), [], 0
        if not data or data == b"[DONE]":
            return
        try:
            yield pydantic_core.from_json(data)
        except ValueError:
            return

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":  # comments keep the connection alive, and the event's name stands in its data too
            self._data.append(value.removeprefix(b" "))


class ImageEvents:
    """The events of a stream, one after the other, and the answer they come to."""

    def __init__(self, provider_request_id: str | None, texts: Texts) -> None:
        self._provider_request_id = provider_request_id
        self._texts = texts
        self._outputs: list[ImageOutput] = []
        self._last: dict[str, Any] = {}

    def read(self, event: Any) -> ImagePart | None:
        """A partial picture, where the event is one; a finished picture is kept for the answer.

        Raises:
            ProviderError: the event tells of an error.
        """
        if not isinstance(event, Mapping):
            return None
        kind = str(event.get("type") or "")
        if kind == "error" or (event.get("error") and not kind.endswith(".completed")):
            raise event_fault(event, self._texts)
        output = read_output(event)
        if output is None:  # a piece of text, or something new
            return None
        if kind.endswith(".partial_image"):
            index = event.get("partial_image_index")
            return ImagePart(output, index if isinstance(index, int) else 0)
        if kind.endswith(".completed"):
            self._outputs.append(output)
            self._last = dict(event)
        return None

    def answer(self) -> ImageAnswer | None:
        """The answer, once the stream has ended; None where no picture was finished."""
        if not self._outputs:
            return None
        shown = self._texts.kept(self._last)
        usage = shown.get("usage")
        return ImageAnswer(
            outputs=self._outputs,
            provider_request_id=self._provider_request_id,
            usage=usage if isinstance(usage, dict) else None,
            cost=cost_of(self._last.get("usage")),
            raw=shown,
        )


class PictureStream:
    """A streamed answer; or a whole one, from a model that does not stream.

    Args:
        head: the answer, without its body.
    """

    def __init__(self, head: Incoming) -> None:
        self._head = head
        self._plain = head.headers.get("content-type", "").startswith("application/json")
        self._body: list[bytes] = []
        self._size = 0
        self._reader = EventReader()
        self._events = ImageEvents(request_id(head.headers), head.texts)

    def feed(self, chunk: bytes) -> Iterator[ImagePart]:
        """The partial pictures that are whole with this piece."""
        if not self._plain:
            yield from self._parts(self._reader.feed(chunk))
            return
        self._size += len(chunk)
        if self._size > 4 * MOST_BYTES:
            msg = f"the vendor's answer has more than {4 * MOST_BYTES:,} bytes"
            raise InvalidResponseError(msg, billable="unknown")
        self._body.append(chunk)

    def end(self) -> Iterator[ImagePart | ImageAnswer]:
        """What is left at the end: the answer, where there is one."""
        if self._plain:
            yield read_images(replace(self._head, body=b"".join(self._body)))
            return
        yield from self._parts(self._reader.end())
        answer = self._events.answer()
        if answer is not None:
            yield answer

    def _parts(self, events: Iterator[Any]) -> Iterator[ImagePart]:
        for event in events:
            part = self._events.read(event)
            if part is not None:
                yield part
