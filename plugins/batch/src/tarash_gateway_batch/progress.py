"""Reports how far a batch is, and the outcome of each row."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from tarash.tarash_gateway.capabilities.cost import CostEstimate
from tarash_gateway_batch.results import BatchProgress, BatchResult, CostRange, RowOutcome

OnProgress = Callable[[BatchProgress], Awaitable[None] | None]
OnRow = Callable[[RowOutcome], Awaitable[None] | None]

EVERY: Final = 1.0
"""Seconds between two looks at how far it is."""

logger = logging.getLogger("tarash.batch")


class Teller:
    """Counts and tells.

    Args:
        tally: the figures.
        on_progress: called each second, and at the end.
        on_row: called when it is known what became of a row. What either raises is logged and goes no further.
    """

    def __init__(self, tally: Tally, on_progress: OnProgress | None = None, on_row: OnRow | None = None) -> None:
        self.tally = tally
        self._on_progress = on_progress
        self._on_row = on_row

    async def tell(self, outcome: RowOutcome) -> None:
        """Tells what became of a row."""
        self.tally.add(outcome)
        await _call(self._on_row, outcome)

    @asynccontextmanager
    async def watching(self, spent: Callable[[], float], paused: Callable[[], str | None]) -> AsyncIterator[None]:
        """Tells how far it is while the block runs, and once more after it."""

        async def tick() -> None:
            while True:
                await _call(self._on_progress, self.tally.progress(spent(), paused=paused()))
                await asyncio.sleep(EVERY)

        ticking = asyncio.create_task(tick())
        try:
            yield
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
        await _call(self._on_progress, self.tally.progress(spent(), finished=True))


async def _call(listener: Callable[[Any], Awaitable[None] | None] | None, news: Any) -> None:
    if listener is None:
        return
    try:
        told = listener(news)
        if inspect.isawaitable(told):
            await told
    except Exception:
        logger.warning("the callback of a batch raised; the batch goes on", exc_info=True)


MOST_FAILURES: Final = 100
"""Rows whose failures are kept in memory."""

PACE_SECONDS: Final = 60.0
"""The pace of so many seconds tells how long the rest takes."""


class Tally:
    """The figures of one run.

    Args:
        out: the batch's folder, for the paths in the file of results.
        total: rows in all, where that is known.
        clock: seconds.
    """

    def __init__(self, out: Path, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self.in_flight = 0
        self.file: BinaryIO | None = None
        """Where a line for each row is written to; None for nowhere."""
        self._out = out
        self._clock = clock
        self._began = clock()
        self._counts: Counter[str] = Counter()
        self._made = 0
        self._failures: list[RowOutcome] = []
        self._estimate = CostRange()
        self._looks: deque[tuple[float, int]] = deque([(self._began, 0)])

    @property
    def rows(self) -> int:
        """Rows of which is known what became."""
        return self._counts.total()

    def add(self, outcome: RowOutcome) -> None:
        """One more row of which is known what became."""
        self._counts[outcome.status] += 1
        self._made += outcome.fresh and outcome.status == "done"
        if outcome.status in ("failed", "unconfirmed") and len(self._failures) < MOST_FAILURES:
            self._failures.append(outcome)
        if self.file is not None:
            self.file.write(self._line(outcome) + b"\n")

    def estimated(self, cost: CostEstimate | None) -> None:
        """What one row may cost that would be sent."""
        known = self._estimate
        if cost is None:
            self._estimate = known.model_copy(update={"unknown": known.unknown + 1})
        else:
            figures = {"low": known.low + cost.low, "high": known.high + cost.high, "rows": known.rows + 1}
            self._estimate = known.model_copy(update=figures)

    def progress(self, spent: float, *, paused: str | None = None, finished: bool = False) -> BatchProgress:
        """How far it is now."""
        now = self._clock()
        self._looks.append((now, self.rows))
        while len(self._looks) > 2 and now - self._looks[0][0] > PACE_SECONDS:
            self._looks.popleft()
        counts = {status: self._counts[status] for status in ("done", "kept", "failed", "unconfirmed")}
        return BatchProgress(
            total=self.total,
            **counts,
            in_flight=self.in_flight,
            spent=spent,
            seconds=now - self._began,
            seconds_left=None if finished else self._left(now),
            paused=paused,
            finished=finished,
        )

    def result(self, spent: float, **known: Any) -> BatchResult:
        """What became of it all."""
        counts: dict[str, Any] = {
            status: self._counts[status] for status in ("done", "kept", "failed", "unconfirmed", "ready")
        }
        return BatchResult(
            out=self._out,
            rows=self.rows,
            made=self._made,
            spent=spent,
            seconds=self._clock() - self._began,
            failures=tuple(self._failures),
            **counts,
            **known,
        )

    @property
    def estimate(self) -> CostRange:
        """What the rows may cost that would be sent."""
        return self._estimate

    def _left(self, now: float) -> float | None:
        when, rows = self._looks[0]
        pace = (self.rows - rows) / (now - when) if now > when else 0.0
        return (self.total - self.rows) / pace if self.total is not None and pace and self.total > self.rows else None

    def _line(self, outcome: RowOutcome) -> bytes:
        # Relative paths: the folder may be moved as a whole.
        files = tuple(file.model_copy(update={"path": self._within(file.path)}) for file in outcome.files)
        told = outcome.model_copy(update={"files": files}) if files else outcome
        try:
            return told.model_dump_json(exclude_none=True, exclude={"fresh"}).encode("utf-8", "replace")
        except ValueError:  # a path whose bytes are no text
            return json.dumps(told.model_dump(exclude_none=True, exclude={"fresh"}), default=str).encode()

    def _within(self, path: Path) -> Path:
        try:
            return path.relative_to(self._out)
        except ValueError:
            return path
