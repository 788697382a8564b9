# ruff: noqa: INP001 # a module of a script is in no package
"""How long an event loop does not come back: from the end of one wait for events to the beginning of the next."""

from __future__ import annotations

import gc
import selectors
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the loop, in seconds."""

    wall: float
    """By the clock: what the thread waits for (a file, the interpreter's lock) counts, and so does what other
    processes of a busy machine take."""

    own: float
    """CPU time of the loop's own thread."""

    collected: float
    """Of that, what Python's garbage collector took."""


class Watched(selectors.DefaultSelector):  # type: ignore[valid-type,misc] # which class it is, the system decides
    """A selector that measures the turns of its loop."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[Turn] = []
        self._since: tuple[float, float] | None = None
        self._collected = self._collecting = 0.0
        gc.callbacks.append(self._collector)

    def select(self, timeout: float | None = None) -> Any:
        """Waits for events; what came before it was one turn."""
        if self._since is not None:
            wall, own = time.monotonic() - self._since[0], time.thread_time() - self._since[1]
            self.turns.append(Turn(wall, own, self._collected))
        events = super().select(timeout)
        self._collected = 0.0
        self._since = time.monotonic(), time.thread_time()
        return events

    def close(self) -> None:
        """Ends with its loop."""
        gc.callbacks.remove(self._collector)
        super().close()

    def _collector(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._collecting = time.thread_time()
        else:
            self._collected += time.thread_time() - self._collecting

    def longest(self) -> dict[str, float]:
        """Milliseconds of the longest turn: by the clock, in CPU time, and without the collector."""
        return {
            "wall_ms": 1000 * max(turn.wall for turn in self.turns),
            "cpu_ms": 1000 * max(turn.own for turn in self.turns),
            "ours_ms": 1000 * max(turn.own - turn.collected for turn in self.turns),
            "collected_ms": 1000 * max(turn.collected for turn in self.turns),
            "above_20_ms": sum(turn.own > 0.02 for turn in self.turns),
        }
