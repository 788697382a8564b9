"""Schedules rows fairly: a slow vendor does not block the rows of the others."""

from __future__ import annotations

import asyncio
import pickle
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tarash_gateway_batch.limits import RateLimiter
from tarash_gateway_batch.resume import Decision

MAX_WAITING: Final = 8
"""Maximum rows that wait at one rate limiter when another one is started: the next one is always ready."""

MAX_QUEUED_BYTES: Final = 32 * 1024 * 1024
"""Approximate bytes of the rows that are queued; nothing more is read until one of them is started."""

ROW_BYTES: Final = 4096
"""Bytes of a row besides its request."""

Start = Callable[[Any, Decision, Callable[[], None]], None]
"""Starts the work on a row. The last argument is called once, when the row waits for no vendor any more."""


@dataclass(slots=True, eq=False)
class Queue:
    """The rows of one rate limiter."""

    limiter: RateLimiter
    rows: deque[tuple[Any, Decision, int]] = field(default_factory=deque)
    """Rows that are not started yet, with their bytes."""

    running: int = 0
    on_the_way: int = 0
    """Rows that were started and have not reached the rate limiter yet."""


class FairScheduler:
    """Starts rows, a limited number at the same time.

    Rows of a rate limiter at which enough rows wait already are queued, and other rows are read meanwhile.

    Args:
        max_running: maximum rows that run at the same time.
        limiter_of: returns the rate limiter at which a row will wait; None where that is not known.
        start: starts the work on a row.
        weigh: returns the approximate bytes of a row's request.
    """

    def __init__(
        self,
        max_running: int,
        limiter_of: Callable[[Any], RateLimiter | None],
        start: Start,
        weigh: Callable[[Any], int] = lambda row: len(pickle.dumps(row.request)),
    ) -> None:
        self._free = max_running
        self._half = max(max_running // 2, 1)
        self._max_waiting = max(min(MAX_WAITING, max_running // 8), 1)
        self._limiter_of, self._start, self._weigh = limiter_of, start, weigh
        self._queues: dict[RateLimiter, Queue] = {}
        self._with_rows: dict[Queue, None] = {}
        """Queues with rows, the next one first."""

        self._queued_bytes = 0
        self._change = asyncio.Event()

    async def add(self, row: Any, decision: Decision) -> None:
        """Starts the row or queues it; waits where there is room for neither."""
        queue = self._queue_of(row) if decision.step == "send" else None
        while True:
            if queue is not None and (queue.rows or self._is_full(queue)):
                if self._queued_bytes < MAX_QUEUED_BYTES:
                    self._enqueue(queue, row, decision)
                    return
            elif self._free:
                self._run(queue, row, decision)
                return
            self._change.clear()
            await self._change.wait()

    def close(self) -> None:
        """Starts nothing more."""
        self._with_rows.clear()

    def _queue_of(self, row: Any) -> Queue | None:
        limiter = self._limiter_of(row)
        if limiter is None:
            return None
        queue = self._queues.get(limiter)
        if queue is None:
            queue = self._queues[limiter] = Queue(limiter)
            limiter.on_wait, limiter.on_fewer_waiting = lambda: self._arrived(queue), self._start_queued
        return queue

    def _is_full(self, queue: Queue) -> bool:
        if len(self._queues) > 1 and not queue.limiter.has_succeeded and queue.running >= self._half:
            return True  # until a vendor has answered it may be down: it does not get all places
        waiting = queue.limiter.waiting
        return waiting > 0 and waiting + queue.on_the_way >= self._max_waiting

    def _enqueue(self, queue: Queue, row: Any, decision: Decision) -> None:
        weight = ROW_BYTES + self._weigh(row)
        queue.rows.append((row, decision, weight))
        self._queued_bytes += weight
        self._with_rows[queue] = None

    def _run(self, queue: Queue | None, row: Any, decision: Decision) -> None:
        self._free -= 1
        if queue is not None:
            queue.running += 1
            queue.on_the_way += 1
        self._start(row, decision, lambda: self._answered(queue))

    def _answered(self, queue: Queue | None) -> None:
        self._free += 1
        if queue is not None:
            queue.running -= 1
            queue.on_the_way = min(queue.on_the_way, queue.running)  # one may have failed before the rate limiter
        self._start_queued()

    def _arrived(self, queue: Queue) -> None:
        queue.on_the_way = max(queue.on_the_way - 1, 0)  # a row that was refused arrives again

    def _start_queued(self) -> None:
        """Starts queued rows, one of each queue in turns."""
        ready = [queue for queue in self._with_rows if not self._is_full(queue)]
        while ready and self._free:
            queue = ready.pop(0)
            row, decision, weight = queue.rows.popleft()
            self._queued_bytes -= weight
            del self._with_rows[queue]
            if queue.rows:
                self._with_rows[queue] = None
            self._run(queue, row, decision)
            if queue.rows and not self._is_full(queue):
                ready.append(queue)
        self._change.set()
