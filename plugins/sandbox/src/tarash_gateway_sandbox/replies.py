"""What the server sends: real answers, scripted answers, streams of events, and bytes that are no HTTP.

Everything that can be sent is a `Reply`: it gets the open connection as a `Wire`, and does with it what
it likes.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tarash_gateway_sandbox.request import RecordedRequest


FOREVER = 3600.0
"""Seconds that a silent server waits for its client to leave."""


class Wire(Protocol):
    """One open connection that waits for an answer."""

    async def respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Sends a whole, well-formed answer; the connection stays open for the next request.

        Args:
            status: The HTTP status.
            headers: Sent as they are; Content-Length is added unless it is there.
            body: The body.
        """

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Sends the head of an answer whose body follows in pieces, each a chunk of its own.

        Args:
            status: The HTTP status.
            headers: Sent as they are.
        """

    async def piece(self, data: bytes) -> None:
        """Sends the next piece of the body."""

    async def pause(self, seconds: float) -> None:
        """Wait, and look whether the client is still there.

        Args:
            seconds: How long.

        Raises:
            ConnectionError: The client has closed the connection.
        """

    async def end(self) -> None:
        """Ends the body; the connection stays open for the next request."""

    async def raw(self, data: bytes) -> None:
        """Writes bytes as they are, past HTTP. Nothing well-formed can follow: end with `drop`."""

    def drop(self) -> None:
        """Closes the connection at once, without what is still unsent."""

    def reset(self) -> None:
        """Resets the connection: the other side gets an error where `drop` gives it an end."""


class Reply(Protocol):
    """Something that can be sent in the place of an answer.

    Its `status`, where it has one, is told to `on_request`; 0 is no answer.
    """

    async def send(self, wire: Wire, headers: Mapping[str, str]) -> None:
        """Sends it.

        Args:
            wire: The connection.
            headers: What every answer of the server carries (`x-request-id`).
        """


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"

    async def send(self, wire: Wire, headers: Mapping[str, str]) -> None:
        """Sends it, well-formed."""
        await wire.respond(self.status, {"content-type": self.content_type, **headers, **self.headers}, self.body)


@dataclass(frozen=True)
class RawBytes:
    """Bytes written as they are, then the end of the connection; no bytes at all is a dropped connection."""

    data: bytes = b""
    status = 0
    """None is known: they may be no answer at all."""

    async def send(self, wire: Wire, headers: Mapping[str, str]) -> None:  # noqa: ARG002 - a Reply's signature
        """Writes the bytes and close."""
        await wire.raw(self.data)
        wire.drop()


@dataclass(frozen=True)
class EventStream:
    """Server-sent events, each flushed before the next one.

    An event is the mapping that becomes its data; its `type` is the event's name. Bytes are written as they
    are, for a comment or half an event.
    """

    events: Sequence[Mapping[str, Any] | bytes]
    then: Literal["close", "drop", "stall"] = "close"
    """How it ends: as it should, with the connection cut off in the middle of the answer, or in silence until the
    client leaves."""
    pause: float = 0.0
    """Seconds between two events."""
    headers: Mapping[str, str] = field(default_factory=dict)
    status = 200

    async def send(self, wire: Wire, headers: Mapping[str, str]) -> None:
        """Sends them one by one."""
        kind = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
        await wire.begin(200, {**kind, **headers, **self.headers})
        for number, event in enumerate(self.events):
            if number:
                await wire.pause(self.pause)
            await wire.piece(event if isinstance(event, bytes) else event_bytes(event))
        if self.then == "stall":
            await wire.pause(FOREVER)
        if self.then != "close":
            wire.drop()
        else:
            await wire.end()


def event_bytes(data: Mapping[str, Any]) -> bytes:
    """One server-sent event, named after its data's `type`."""
    name = f"event: {data['type']}\n" if "type" in data else ""
    return f"{name}data: {json.dumps(data)}\n\n".encode()


def json_answer(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Returns an answer whose body is JSON.

    Args:
        content: What becomes JSON.
        status: The HTTP status.
        headers: Further headers.

    Returns:
        The answer.
    """
    return Answer(status, headers or {}, json.dumps(content).encode())


RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


def file_answer(request: RecordedRequest, data: bytes, content_type: str) -> Answer:
    """Returns a file, or the range of it that a request asks for."""
    headers = request.headers
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    sent = {"accept-ranges": "bytes", "etag": etag}
    found = RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    # More ranges than one, and a range of another version, get the whole: the standard allows it.
    if found is None or not (found[1] or found[2]) or headers.get("if-range", etag) != etag:
        return Answer(200, sent, data, content_type)
    if found[1]:
        first, last = int(found[1]), min(int(found[2] or len(data)), len(data) - 1)
    else:
        first, last = max(0, len(data) - int(found[2])), len(data) - 1
    if first > last:
        return Answer(416, {**sent, "content-range": f"bytes */{len(data)}"}, b"", content_type)
    part = {"content-range": f"bytes {first}-{last}/{len(data)}"}
    return Answer(206, sent | part, data[first : last + 1], content_type)
