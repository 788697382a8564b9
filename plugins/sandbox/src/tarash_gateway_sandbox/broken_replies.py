"""Replies that are late, slow, cut, or of another length than they say."""

from __future__ import annotations

import http
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tarash_gateway_sandbox.replies import FOREVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tarash_gateway_sandbox.replies import Answer, Reply, Wire

DRIPS = 100
"""Bytes that a slow answer sends one by one; the rest comes at once."""


def written(answer: Answer, headers: Mapping[str, str], length: int | None = None) -> bytes:
    """Returns the head of an answer as bytes, after which the connection ends.

    Args:
        answer: The answer.
        headers: What every answer of the server carries.
        length: Its Content-Length; None is the body's own.

    Returns:
        The status line and the headers, with the empty line.
    """
    phrase = http.HTTPStatus(answer.status).phrase
    said = len(answer.body) if length is None else length
    named = {"content-type": answer.content_type, **headers, **answer.headers}
    named |= {"content-length": str(said), "connection": "close"}
    lines = (f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in named.items()), "", "")
    return "\r\n".join(lines).encode("latin-1")


@dataclass(frozen=True)
class Cut:
    """An answer that stops in the middle of its body."""

    answer: Answer
    at: int
    """Bytes of the body that are sent."""
    stall: bool = False
    """Whether the connection stays open, silent."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status

    async def send(self, wire: Wire, headers: Mapping[str, str]) -> None:
        """Sends the head and the first bytes."""
        await wire.raw(written(self.answer, headers) + self.answer.body[: self.at])
        if self.stall:
            await wire.pause(FOREVER)
        wire.drop()


@dataclass(frozen=True)
class Misdeclared:
    """A whole answer whose Content-Length is wrong."""

    answer: Answer
    surplus: int
    """How many bytes more than there are it promises; negative is fewer."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status

    async def send(self, wire: Wire, headers: Mapping[str, str]) -> None:
        """Sends everything, then end the connection."""
        length = max(0, len(self.answer.body) + self.surplus)
        await wire.raw(written(self.answer, headers, length) + self.answer.body)
        wire.drop()


@dataclass(frozen=True)
class Late:
    """A reply that lets one wait for its first byte."""

    reply: Reply
    seconds: float

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(getattr(self.reply, "status", 0))

    async def send(self, wire: Wire, headers: Mapping[str, str]) -> None:
        """Wait, then send it."""
        await wire.pause(self.seconds)
        await self.reply.send(wire, headers)


@dataclass(frozen=True)
class Dripping:
    """An answer of which a hundred bytes come one by one."""

    answer: Answer
    seconds: float
    """What that takes, in all."""
    head: bool = False
    """Whether it begins with the status line, not with the body."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status

    async def send(self, wire: Wire, headers: Mapping[str, str]) -> None:
        """Sends it slowly."""
        head = written(self.answer, headers)
        data = head + self.answer.body
        begin = 0 if self.head else len(head)
        await wire.raw(data[:begin])
        for place in range(begin, min(begin + DRIPS, len(data))):
            await wire.raw(data[place : place + 1])
            await wire.pause(self.seconds / DRIPS)
        await wire.raw(data[begin + DRIPS :])
        wire.drop()


@dataclass(frozen=True)
class Silence:
    """No answer; the connection stays open until the client leaves."""

    status = 0

    async def send(self, wire: Wire, headers: Mapping[str, str]) -> None:  # noqa: ARG002 - a Reply's signature
        """Waits for the client to leave."""
        await wire.pause(FOREVER)
        wire.drop()


@dataclass(frozen=True)
class Reset:
    """A connection reset (RST) without a byte, where `RawBytes()` closes it as usual (FIN)."""

    status = 0

    async def send(self, wire: Wire, headers: Mapping[str, str]) -> None:  # noqa: ARG002 - a Reply's signature
        """Resets the connection."""
        wire.reset()
