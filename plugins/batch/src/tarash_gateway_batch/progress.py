"""Counts the outcomes of the rows, writes the file of results, and reports how far the batch is."""

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

REPORT_INTERVAL: Final = 1.0
"""Seconds between two reports of the progress."""

MAX_FAILURES: Final = 100
"""Failed rows that are kept in memory."""

RATE_WINDOW: Final = 60.0
"""Seconds whose rate predicts how long the rest takes."""

logger = logging.getLogger("tarash.batch")


class Counters:
    """The figures of one run.

    Args:
        out: the batch's folder, for the paths in the file of results.
        total: the number of all rows, where it is known.
        clock: returns seconds.
    """

    def __init__(self, out: Path, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self.in_flight = 0
        self.file: BinaryIO | None = None
        """Where a line for each row is written; None for nowhere."""

        self.estimate = CostRange()
        """The expected cost of the rows that a dry run would send."""

        self._out = out
        self._clock = clock
        self._began = clock()
        self._counts: Counter[str] = Counter()
        self._made = 0
        self._failures: list[RowOutcome] = []
        self._samples: deque[tuple[float, int]] = deque([(self._began, 0)])

    @property
    def rows(self) -> int:
        """Rows that have an outcome."""
        return self._counts.total()

    def add(self, outcome: RowOutcome) -> None:
        """Counts the outcome of a row, and writes its line."""
        self._counts[outcome.status] += 1
        self._made += outcome.fresh and outcome.status == "done"
        if outcome.status in ("failed", "unconfirmed") and len(self._failures) < MAX_FAILURES:
            self._failures.append(outcome)
        if self.file is not None:
            self.file.write(self._line(outcome) + b"\n")

    def add_estimate(self, cost: CostEstimate | None) -> None:
        """Adds the expected cost of a row that would be sent; None where its price is not known."""
        total = self.estimate
        if cost is None:
            self.estimate = total.model_copy(update={"unknown": total.unknown + 1})
        else:
            sums = {"low": total.low + cost.low, "high": total.high + cost.high, "rows": total.rows + 1}
            self.estimate = total.model_copy(update=sums)

    def progress(self, spent: float, *, paused: str | None = None, finished: bool = False) -> BatchProgress:
        """Returns the progress now."""
        now = self._clock()
        self._samples.append((now, self.rows))
        while len(self._samples) > 2 and now - self._samples[0][0] > RATE_WINDOW:
            self._samples.popleft()
        return BatchProgress(
            total=self.total,
            in_flight=self.in_flight,
            spent=spent,
            seconds=now - self._began,
            seconds_left=None if finished else self._seconds_left(now),
            paused=paused,
            finished=finished,
            **self._by_status("done", "kept", "failed", "unconfirmed"),
        )

    def result(self, spent: float, **facts: Any) -> BatchResult:
        """Returns the result of the batch; `facts` are further fields of it."""
        return BatchResult(
            out=self._out,
            rows=self.rows,
            made=self._made,
            spent=spent,
            seconds=self._clock() - self._began,
            failures=tuple(self._failures),
            **self._by_status("done", "kept", "failed", "unconfirmed", "ready"),
            **facts,
        )

    def _by_status(self, *statuses: str) -> dict[str, Any]:
        return {status: self._counts[status] for status in statuses}

    def _seconds_left(self, now: float) -> float | None:
        began, rows = self._samples[0]
        rate = (self.rows - rows) / (now - began) if now > began else 0.0
        return (self.total - self.rows) / rate if self.total is not None and rate and self.total > self.rows else None

    def _line(self, outcome: RowOutcome) -> bytes:
        # Relative paths: the folder may be moved as a whole.
        files = tuple(file.model_copy(update={"path": self._relative(file.path)}) for file in outcome.files)
        outcome = outcome.model_copy(update={"files": files}) if files else outcome
        try:
            return outcome.model_dump_json(exclude_none=True, exclude={"fresh"}).encode("utf-8", "replace")
        except ValueError:  # a path whose bytes are no text
            return json.dumps(outcome.model_dump(exclude_none=True, exclude={"fresh"}), default=str).encode()

    def _relative(self, path: Path) -> Path:
        return path.relative_to(self._out) if path.is_relative_to(self._out) else path


class ProgressReporter:
    """Counts, and calls the functions that the caller gave.

    Args:
        counters: the figures.
        on_progress: called each second, and at the end.
        on_row: called with the outcome of each row. What either raises is logged, and the batch goes on.
    """

    def __init__(self, counters: Counters, on_progress: OnProgress | None = None, on_row: OnRow | None = None) -> None:
        self.counters = counters
        self._on_progress = on_progress
        self._on_row = on_row

    async def report(self, outcome: RowOutcome) -> None:
        """Reports the outcome of a row."""
        self.counters.add(outcome)
        await _call(self._on_row, outcome)

    @asynccontextmanager
    async def report_progress(
        self, spent: Callable[[], float], paused: Callable[[], str | None] = lambda: None
    ) -> AsyncIterator[None]:
        """Reports the progress while the block runs, and once more after it."""

        async def report() -> None:
            while True:
                await _call(self._on_progress, self.counters.progress(spent(), paused=paused()))
                await asyncio.sleep(REPORT_INTERVAL)

        reports = asyncio.create_task(report())
        try:
            yield
        finally:
            reports.cancel()
            with suppress(asyncio.CancelledError):
                await reports
        await _call(self._on_progress, self.counters.progress(spent(), finished=True))


async def _call(callback: Callable[[Any], Awaitable[None] | None] | None, argument: Any) -> None:
    if callback is None:
        return
    try:
        result = callback(argument)
        if inspect.isawaitable(result):
            await result
    except Exception:
        logger.warning("the callback of a batch raised; the batch goes on", exc_info=True)
