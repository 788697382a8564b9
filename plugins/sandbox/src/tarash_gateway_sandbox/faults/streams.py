"""Streams of images that end otherwise than well. The image was made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tarash_gateway_sandbox.faults.fault import ChangeStream, Fault
from tarash_gateway_sandbox.replies import EventStream, Reply

ERROR = {
    "type": "error",
    "error": {
        "type": "server_error",
        "code": "server_error",
        "message": "The server had an error while processing your request.",
        "param": None,
    },
}


def _stream(name: str, summary: str, change: Callable[[EventStream], Reply]) -> Fault:
    return Fault(name, summary, ("image",), ChangeStream(change), only="streamed")


def _with_error(stream: EventStream, kept: int) -> EventStream:
    return dataclasses.replace(stream, events=[*stream.events[:kept], ERROR])


STREAMS = (
    _stream(
        "stream_dropped",
        "the connection closes before the first event",
        lambda stream: dataclasses.replace(stream, events=[], then="drop"),
    ),
    _stream(
        "stream_dropped_after_partial",
        "the connection closes after the first event",
        lambda stream: dataclasses.replace(stream, events=stream.events[:1], then="drop"),
    ),
    _stream(
        "stream_stalls",
        "silence after the first event, the connection stays open",
        lambda stream: dataclasses.replace(stream, events=stream.events[:1], then="stall"),
    ),
    _stream("stream_error", "an error event, and nothing else", lambda stream: _with_error(stream, 0)),
    _stream("stream_error_after_partial", "an error event after the first one", lambda stream: _with_error(stream, 1)),
    _stream(
        "stream_no_final",
        "the stream ends in order, without its last event",
        lambda stream: dataclasses.replace(stream, events=stream.events[:-1]),
    ),
)
"""Faults of requests with `stream`; ask for a partial image where an event is to come first."""
