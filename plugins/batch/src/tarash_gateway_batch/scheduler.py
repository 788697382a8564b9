"""Which rows are taken up: those that wait for one vendor keep no place from those of another."""

from __future__ import annotations

import asyncio
import pickle
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tarash_gateway_batch.limits import Gate
from tarash_gateway_batch.resume import Decision

CROWD: Final = 8
"""Rows that wait at one gate, at the most, when another one is sent there: the next one is always at hand."""

KEPT: Final = 32 * 1024 * 1024
"""Bytes of rows that are kept back, about; nothing more is read then until one of them is taken up."""

ROW: Final = 4096
"""Bytes of a row besides what it asks for."""

Begin = Callable[[Any, Decision, Callable[[], None]], None]
"""Starts the work on a row. The last argument is called once, when the row waits for no vendor any more."""


@dataclass(slots=True, eq=False)
class Lane:
    """The rows of one gate."""

    gate: Gate
    kept: deque[tuple[Any, Decision, int]] = field(default_factory=deque)
    """Rows that are not taken up yet, with their weights."""

    at_work: int = 0
    coming: int = 0
    """Rows that were taken up and did not come to the gate yet."""


class Lanes:
    """Takes up rows, so many at a time.

    Rows for which a crowd waits already are kept back, and others are read meanwhile.

    Args:
        most: rows that are worked on side by side.
        gate_of: the gate at which a row will wait; None where that cannot be told.
        begin: starts the work on a row.
        weigh: bytes of what a row asks for, about.
    """

    def __init__(
        self,
        most: int,
        gate_of: Callable[[Any], Gate | None],
        begin: Begin,
        weigh: Callable[[Any], int] = lambda row: len(pickle.dumps(row.request)),
    ) -> None:
        self._free = most
        self._half = max(most // 2, 1)
        self._crowd = max(min(CROWD, most // 8), 1)
        self._gate_of, self._begin, self._weigh = gate_of, begin, weigh
        self._lanes: dict[Gate, Lane] = {}
        self._holding: dict[Lane, None] = {}
        """Lanes with rows that are kept back; whose turn it is stands first."""

        self._kept = 0
        self._change = asyncio.Event()

    async def take(self, row: Any, decision: Decision) -> None:
        """Begins with the row or keeps it for later; waits where there is no room for either."""
        lane = self._lane(row) if decision.step == "send" else None
        while True:
            if lane is not None and (lane.kept or self._crowded(lane)):
                if self._kept < KEPT:
                    self._keep(lane, row, decision)
                    return
            elif self._free:
                self._take_up(lane, row, decision)
                return
            self._change.clear()
            await self._change.wait()

    def close(self) -> None:
        """Nothing more is taken up."""
        self._holding.clear()

    def _lane(self, row: Any) -> Lane | None:
        gate = self._gate_of(row)
        if gate is None:
            return None
        lane = self._lanes.get(gate)
        if lane is None:
            lane = self._lanes[gate] = Lane(gate)
            gate.on_arrival, gate.on_turn = lambda: self._arrived(lane), self._go_on
        return lane

    def _crowded(self, lane: Lane) -> bool:
        if len(self._lanes) > 1 and not lane.gate.took_one and lane.at_work >= self._half:
            return True  # a vendor that may be away has not all places before that is known
        waiting = lane.gate.waiting
        return waiting > 0 and waiting + lane.coming >= self._crowd

    def _keep(self, lane: Lane, row: Any, decision: Decision) -> None:
        weight = ROW + self._weigh(row)
        lane.kept.append((row, decision, weight))
        self._kept += weight
        self._holding[lane] = None

    def _take_up(self, lane: Lane | None, row: Any, decision: Decision) -> None:
        self._free -= 1
        if lane is not None:
            lane.at_work += 1
            lane.coming += 1
        self._begin(row, decision, lambda: self._answered(lane))

    def _answered(self, lane: Lane | None) -> None:
        self._free += 1
        if lane is not None:
            lane.at_work -= 1
            lane.coming = min(lane.coming, lane.at_work)  # one may have failed on its way to the gate
        self._go_on()

    def _arrived(self, lane: Lane) -> None:
        lane.coming = max(lane.coming - 1, 0)  # one that was refused comes again

    def _go_on(self) -> None:
        """Takes up rows that were kept back, one of each lane in turns."""
        ready = [lane for lane in self._holding if not self._crowded(lane)]
        while ready and self._free:
            lane = ready.pop(0)
            row, decision, weight = lane.kept.popleft()
            self._kept -= weight
            del self._holding[lane]
            if lane.kept:
                self._holding[lane] = None
            self._take_up(lane, row, decision)
            if lane.kept and not self._crowded(lane):
                ready.append(lane)
        self._change.set()
