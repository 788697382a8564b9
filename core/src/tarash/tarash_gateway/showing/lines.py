"""Progress as plain lines on stderr: one when a call's status changes, and now and then one in between."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final, TextIO

from tarash.tarash_gateway.showing.calls import CallProgress
from tarash.tarash_gateway.showing.update import call_line

EVERY: Final = 5.0
"""Seconds between two lines of one call whose status is the same, at the least."""


class LineView:
    """Plain lines, for a log, a pipe, or a terminal without rich.

    Args:
        stream: where to; without one, to what `sys.stderr` is at that time.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._several = False
        self._told: dict[str, tuple[tuple[str, str | None], float]] = {}

    def show(self, changed: CallProgress, running: Sequence[CallProgress], now: float) -> None:
        """Writes a line where there is news, or enough time has passed."""
        news = (changed.status, changed.reason)
        told, when = self._told.get(changed.request_id, (None, now))
        if told == news and now - when < EVERY:
            return
        self._told[changed.request_id] = (news, now)
        self._several = self._several or len(running) > 1
        self._write(changed, now)
        if changed.finished:
            del self._told[changed.request_id]

    def close(self, left: Sequence[CallProgress]) -> None:
        """Writes nothing: the last line of each call stands there."""
        self._several = False
        for call in left:
            self._told.pop(call.request_id, None)

    def _write(self, call: CallProgress, now: float) -> None:
        stream = self._stream or sys.stderr
        # Calls side by side are told apart by the id that is in the log lines too.
        name = f"{call.request_id[:12]} " if self._several else ""
        print(f"{name}{call_line(call, now)}", file=stream, flush=True)
