"""What a fake vendor answers: a whole answer, or a stream of pieces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tarash.tarash_gateway.media.structure import sniff

__all__ = ["Answer", "Stream", "as_answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole HTTP answer.

    Attributes:
        status: the HTTP status.
        body: JSON (a dict or a list), text, or bytes.
        headers: headers besides the length and the type.
        content_type: the type; where it is None it follows from the body.
    """

    status: int = 200
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None

    def content(self) -> bytes:
        """Returns the body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return b"" if self.body is None else json.dumps(self.body).encode()

    def type(self) -> str:
        """Returns the content type."""
        if self.content_type is not None:
            return self.content_type
        if isinstance(self.body, bytes):
            return sniff(self.body[:4096]) or "application/octet-stream"
        return "text/plain; charset=utf-8" if isinstance(self.body, str) else "application/json"


class Stream:
    """An answer that comes in pieces.

    Args:
        pieces: bytes as they are; or JSON, each sent as one server-sent event, named by its `type` where it has one.
        status: the HTTP status.
        content_type: of the whole.
    """

    def __init__(self, *pieces: Any, status: int = 200, content_type: str = "text/event-stream") -> None:
        self.pieces = [piece if isinstance(piece, bytes) else _event(piece) for piece in pieces]
        self.status = status
        self.content_type = content_type


def as_answer(value: Any) -> Answer | Stream:
    """Returns what a handler returned, as an answer: JSON, text and bytes come with the status 200."""
    return value if isinstance(value, (Answer, Stream)) else Answer(body=value)


def _event(data: Any) -> bytes:
    name = data.get("type") if isinstance(data, dict) else None
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()
