"""Passed to each network step of a call: its deadline, its size limit, and its private headers and query."""

from __future__ import annotations

import math
import secrets
import time
from typing import Final

PIECE: Final = 256 * 1024
"""Bytes that are read at a time, where there are so many: with 64 KiB, an image of 2 MB costs half as much again."""

HEADER_MARK: Final = f"x-tarash-{secrets.token_hex(16)}".encode()
"""Name of the header that stands for the private ones until a request is written. Nobody can guess it."""

QUERY_MARK: Final = f"tarash-{secrets.token_hex(16)}".encode()
"""Stands for the private query until a request is written."""

_HEADER_LINE: Final = HEADER_MARK + b": 1"


class Private:
    """Headers and a query that are put on a request as it is written to the socket, and are in no object before that.

    Args:
        headers: lines such as `b"Authorization: Bearer KEY"`, with a line end between them.
        query: such as `b"key=KEY"`.
    """

    __slots__ = ("_headers", "_put_on", "_query")

    def __init__(self, headers: bytes, query: bytes = b"") -> None:
        self._headers, self._query, self._put_on = headers, query, False

    def __repr__(self) -> str:
        return "Private()"

    def is_in(self, written: bytes) -> bool:
        """Whether what is written is the head that waits for it."""
        return not self._put_on and _HEADER_LINE in written

    def put_on(self, written: bytes) -> bytes:
        """Returns the head of the request with what is private in it; all else that is written stays as it is."""
        if self._put_on or _HEADER_LINE not in written:
            return written
        self._put_on = True  # once: what follows is the caller's body
        if self._query:
            written = written.replace(QUERY_MARK, self._query, 1)
        if self._headers:
            return written.replace(_HEADER_LINE, self._headers, 1)
        return written.replace(_HEADER_LINE + b"\r\n", b"", 1)


class Deadline(float):
    """The one deadline of a call, as a timeout: httpcore2 hands it on to every connect, read and write.

    Args:
        seconds: until the call is over.
        quiet: seconds that one read may wait for a byte; None for as long as the call may last.
        limit: bytes that the answer may have, unpacked; None for no limit.
        private: what is put on the request as it is written.
    """

    __slots__ = ("at", "limit", "private", "quiet")

    at: float
    """The time of `time.monotonic` at which it is over."""

    quiet: float | None
    limit: int | None
    private: Private | None

    def __new__(
        cls,
        seconds: float,
        *,
        quiet: float | None = None,
        limit: int | None = None,
        private: Private | None = None,
    ) -> Deadline:
        deadline = super().__new__(cls, seconds)
        deadline.at = time.monotonic() + seconds
        deadline.quiet, deadline.limit, deadline.private = quiet, limit, private
        return deadline

    @property
    def timeouts(self) -> dict[str, float | None]:
        """The extension `timeout` of a request."""
        return {"connect": self, "read": self, "write": self, "pool": max(self.at - time.monotonic(), 0.0)}

    def left(self) -> float:
        """Returns the seconds until it is over, 0 or more."""
        return max(self.at - time.monotonic(), 0.0)


def seconds_left(timeout: float | None, late: type[Exception]) -> float | None:
    """Returns the seconds that the next step may take; None for as long as it takes.

    Raises:
        Exception: `late`, where there are none left.
    """
    if not isinstance(timeout, Deadline):
        return timeout
    left = timeout.at - time.monotonic()
    if left <= 0:
        msg = "the time of the call is over"
        raise late(msg)
    if timeout.quiet is not None and timeout.quiet < left:
        return timeout.quiet
    return None if left == math.inf else left


def forget_frames(error: BaseException) -> None:
    """Takes the frames out of what was raised and of its causes: their variables hold what was written, the key too."""
    chained: BaseException | None = error
    while chained is not None:
        chained.__traceback__ = None
        chained = chained.__cause__ or chained.__context__
