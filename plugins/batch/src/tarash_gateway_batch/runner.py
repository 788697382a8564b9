"""Runs a batch: checks the rows, decides on each, works on many at the same time, and reports."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from tarash.tarash_gateway.capabilities.cost import CostEstimate
from tarash.tarash_gateway.descriptors import DescriptorReserve
from tarash.tarash_gateway.display.text import duration
from tarash.tarash_gateway.errors import SaveError, TarashError, ValidationError
from tarash.tarash_gateway.flows.plan import plan_of
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.media.files import atomic_file
from tarash_gateway_batch.folder import OutputFolder, lock_folder
from tarash_gateway_batch.formats import RawRow
from tarash_gateway_batch.history import History
from tarash_gateway_batch.interfaces import BatchEngine, MakeTask, RowTask, WorkerContext
from tarash_gateway_batch.limits import BatchBudget, RateLimiters
from tarash_gateway_batch.progress import Counters, OnProgress, OnRow, ProgressReporter
from tarash_gateway_batch.results import BatchResult, RowOutcome
from tarash_gateway_batch.resume import Decision, ResumePlanner
from tarash_gateway_batch.rows import Row, RowChecker, failed_outcome, refused_outcome
from tarash_gateway_batch.scheduler import FairScheduler
from tarash_gateway_batch.settings import RESULTS, BatchSettings, ConfigResolver, fit_descriptors
from tarash_gateway_batch.source import Source
from tarash_gateway_batch.work import RowWork

WRITER_THREADS: Final = 16
"""Threads that write files."""

MAX_LISTED: Final = 20
"""Rows that the error of a strict batch names."""

logger = logging.getLogger("tarash.batch")


class BatchRunner:
    """Runs a batch once.

    Args:
        source: the rows.
        settings: how it is run.
        configs: the configs of the rows.
        engine: who works on the rows; None for this process.
        on_progress: called each second, and at the end.
        on_row: called with the outcome of each row. What either raises is logged, and the batch goes on.

    Raises:
        ValidationError: the rows can be read only once, and `strict` must check all before the first is sent.
        ConfigurationError: this process can open too few files.
    """

    def __init__(
        self,
        source: Source,
        settings: BatchSettings,
        configs: ConfigResolver,
        *,
        engine: BatchEngine | None = None,
        on_progress: OnProgress | None = None,
        on_row: OnRow | None = None,
    ) -> None:
        if settings.strict and not settings.dry_run and not source.can_be_read_twice:
            msg = (
                "strict looks at every row before the first is sent, and these can be read once: give a file or a list"
            )
            raise ValidationError(msg)
        self._writers, self.notice = WRITER_THREADS, None
        if engine is None and not settings.dry_run:
            settings, self._writers, self.notice = fit_descriptors(settings, WRITER_THREADS)
        self._source, self._settings, self._configs = source, settings, configs
        self._checker = RowChecker(configs, settings.defaults)
        self._counters = Counters(settings.out, source.total)
        self._reporter = ProgressReporter(self._counters, on_progress, on_row)
        self._preflight = Preflight(self._checker, self._reporter, strict=settings.strict)
        self._reader: asyncio.Task[None] | None = None
        self._scheduler: FairScheduler | None = None
        self._engine = engine or local_engine
        self._tasks: dict[asyncio.Task[None], RowTask] = {}
        self._stopped: str | None = None

    def stop(self, reason: str = "interrupted") -> None:
        """Sends nothing more. Requests in flight are finished, jobs are left running. Called in the batch's loop."""
        self._stopped = self._stopped or reason
        if self._reader is not None:
            self._reader.cancel()
        if self._scheduler is not None:
            self._scheduler.close()
        for task, work in self._tasks.items():
            if not work.must_finish:
                task.cancel()

    async def run(self) -> BatchResult:
        """Runs it to the end of its rows, or until it is stopped.

        Raises:
            SaveError: the folder or the journal cannot be written to; nothing was sent.
            ConfigurationError: another process runs it; nothing was sent.
            ValidationError: with `strict`, a row cannot be right; nothing was sent.
        """
        if self.notice is not None:
            logger.warning("%s", self.notice)
        with closing(self._checker):
            if self._settings.dry_run:
                return await self._dry_run()
            folder = OutputFolder(self._settings.out)
            folder.prepare()
            path = self._settings.journal
            with DescriptorReserve(), lock_folder(path), closing(BatchedJournal(path)) as journal:
                return await self._run(folder, journal)

    async def _dry_run(self) -> BatchResult:
        path = self._settings.journal
        # Nothing is written to the journal: `decide` only reads the history.
        with closing(await asyncio.to_thread(History, path)) as history, closing(BatchedJournal(path)) as journal:
            folder = OutputFolder(self._settings.out)
            planner = ResumePlanner(self._settings, self._configs, folder, history, journal)
            async with self._reporter.report_progress(history.spent):
                await dry_run(self._source, self._checker, planner, self._reporter)
            return self._counters.result(history.spent(), estimate=self._counters.estimate)

    async def _run(self, folder: OutputFolder, journal: BatchedJournal) -> BatchResult:
        # Tried before anything is paid; a reader of entries ignores the line.
        await journal.write_async("batch", out=str(self._settings.out.absolute()))
        with closing(await asyncio.to_thread(History, journal.path)) as history:
            budget = BatchBudget(self._settings.max_cost, history.spent())
            planner = ResumePlanner(self._settings, self._configs, folder, history, journal)
            limiters = RateLimiters(self._settings.concurrency, self._settings.rate)
            async with self._context(planner, budget, limiters) as context, self._engine(context, planner) as make_task:
                with _results_file(self._settings.out) as file:
                    self._counters.file = file
                    await self._run_rows(planner, make_task, limiters)
            results = self._settings.out / RESULTS
            return self._counters.result(budget.spent, results=results, stopped=self._stopped)

    @asynccontextmanager
    async def _context(
        self, planner: ResumePlanner, budget: BatchBudget, limiters: RateLimiters
    ) -> AsyncIterator[WorkerContext]:
        with ThreadPoolExecutor(self._writers, thread_name_prefix="tarash-batch") as threads:
            context = WorkerContext(
                settings=self._settings,
                journal=planner.journal,
                folder=planner.folder,
                budget=budget,
                limiters=limiters,
                threads=threads,
                writing=asyncio.Semaphore(self._writers),
                on_request_end=lambda: None if self._stopped is None else self.stop(),
                on_fatal=lambda error: self.stop(str(error)),
            )
            async with self._reporter.report_progress(lambda: budget.spent, lambda: self._paused(limiters)):
                yield context

    def _paused(self, limiters: RateLimiters) -> str | None:
        if self._stopped is not None:
            return "stopping, waits for requests on their way"
        seconds = limiters.pause
        return f"the vendor asks to wait or is away, goes on in {duration(seconds)}" if seconds >= 1 else None

    async def _run_rows(self, planner: ResumePlanner, make_task: MakeTask, limiters: RateLimiters) -> None:
        def start(row: Row, decision: Decision, on_answered: Callable[[], None]) -> None:
            work = make_task(row, decision)
            work.on_answered = on_answered
            self._start(work)

        self._scheduler = FairScheduler(self._settings.concurrency, lambda row: limiters.limiter_of(row.config), start)
        self._reader = asyncio.create_task(self._read(planner, self._scheduler))
        try:
            await asyncio.wait([self._reader])
            while self._tasks:
                await asyncio.wait(list(self._tasks))
            await self._flush(planner.journal)
        finally:
            # Cancelled from outside: nothing may go on behind the caller's back.
            self._scheduler.close()
            left = [self._reader, *self._tasks]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        if not self._reader.cancelled() and (error := self._reader.exception()) is not None:
            raise error

    async def _flush(self, journal: BatchedJournal) -> None:
        """Waits until every line is on the disk that nobody waited for."""
        try:
            await journal.write_async("batch_end")
        except SaveError as error:
            self.stop(str(error))

    async def _read(self, planner: ResumePlanner, scheduler: FairScheduler) -> None:
        """Reads row by row, as there is room for them."""
        if self._stopped is not None:
            return
        if self._source.can_be_read_twice:
            await self._preflight.check(self._source)
        await planner.recover()
        async with aclosing(self._source.stream()) as rows:
            async for raw in rows:
                if self._preflight.has_reported(raw.line):
                    continue
                row = self._checker.check(raw)
                planned = row if isinstance(row, RowOutcome) else planner.decide(row)
                if isinstance(planned, RowOutcome):
                    await self._reporter.report(planned)
                    continue
                await scheduler.add(*planned)

    def _start(self, work: RowTask) -> None:
        async def run() -> None:
            try:
                await self._reporter.report(await work.run())
            finally:
                work.answered()

        task = asyncio.create_task(run())
        self._tasks[task] = work
        self._counters.in_flight = len(self._tasks)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        self._counters.in_flight = len(self._tasks)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # such as a full disk under the file of results
            self.stop(f"{type(error).__name__}: {error}")


@asynccontextmanager
async def local_engine(context: WorkerContext, _planner: ResumePlanner) -> AsyncIterator[MakeTask]:
    """Works on the rows in this process."""
    yield lambda row, decision: RowWork(row, decision, context)


@contextmanager
def _results_file(out: Path) -> Iterator[BinaryIO]:
    """Opens the file of results, which replaces the earlier one when the block ends, however it ends."""
    place = out / RESULTS
    unfinished = atomic_file(place, "replace", private=True)
    file = unfinished.__enter__()
    try:
        yield file
    finally:
        try:
            if file.tell() > 0:
                unfinished.__exit__(None, None, None)
            else:  # no row has an outcome: the results of an earlier run stay
                unfinished.__exit__(SaveError, SaveError("no row has an outcome"), None)
        except (OSError, SaveError) as error:  # of figures, after the files: no reason to fail
            logger.warning("%s cannot be written: %s", place, error)


class Preflight:
    """Checks all rows before the first is sent, and remembers which of them have their outcome."""

    def __init__(self, checker: RowChecker, reporter: ProgressReporter, *, strict: bool) -> None:
        self._checker = checker
        self._reporter = reporter
        self._strict = strict
        self._reported = bytearray()

    async def check(self, source: Source) -> None:
        """Checks every row of `source`, and reports those that cannot be right.

        Raises:
            ValidationError: the batch is strict, and a row cannot be right.
        """
        count = wrong = 0
        listed: list[str] = []
        async for raw in source.stream():
            count += 1
            outcome = self._outcome(raw)
            if outcome is None:
                continue
            wrong += 1
            if not self._strict:
                self._mark(raw.line)
                await self._reporter.report(outcome)
            elif len(listed) < MAX_LISTED:
                listed.append(str(outcome))
        self._reporter.counters.total = count
        if listed:
            listed += [f"and {wrong - MAX_LISTED:,} more"] if wrong > MAX_LISTED else []
            msg = f"{wrong:,} of {count:,} rows cannot be right, and nothing was sent"
            raise ValidationError("\n  - ".join([f"{msg}:", *listed]))

    def has_reported(self, line: int) -> bool:
        """Returns whether the row has its outcome already."""
        return line < len(self._reported) and bool(self._reported[line])

    def _outcome(self, raw: RawRow) -> RowOutcome | None:
        row = self._checker.check(raw)
        if isinstance(row, RowOutcome):
            return row
        # Input images are read when their row is sent, unless all rows must be right before anything is sent.
        if _has_media(row) and not self._strict:
            return None
        return check_against_model(row)[0]

    def _mark(self, line: int) -> None:
        if line >= len(self._reported):
            self._reported.extend(bytes(max(line + 1 - len(self._reported), 4096)))
        self._reported[line] = 1


def check_against_model(row: Row) -> tuple[RowOutcome | None, CostEstimate | None]:
    """Checks a row against its model's capability row; reads the input images.

    Returns:
        The outcome of a row that cannot be right, and the expected cost.
    """
    try:
        plan = plan_of(row.config, row.request)
        problems, cost = plan.problems, plan.expected_cost()
    except TarashError as error:
        return failed_outcome(row, error), None
    return (refused_outcome(row.id, row.line, problems) if problems else None), cost


def _has_media(row: Row) -> bool:
    request = row.request
    return bool(request.image_list) or any(getattr(request, name, None) for name in ("mask_image", "video"))


async def dry_run(source: Source, checker: RowChecker, planner: ResumePlanner, reporter: ProgressReporter) -> None:
    """Checks every row and reports what the next run would do. Nothing is sent, and nothing is written.

    Raises:
        SaveError: the folder could not be written to.
    """
    out = planner.settings.out
    nearest = next((folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists()), out)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        msg = f"{out} cannot be written to: {nearest} is no folder, or not one that you may write to."
        raise SaveError(msg)
    async for raw in source.stream():
        row = checker.check(raw)
        planned = row if isinstance(row, RowOutcome) else planner.decide(row)
        if isinstance(planned, tuple):
            planned = _expected_outcome(*planned, reporter.counters)
        await reporter.report(planned)


def _expected_outcome(row: Row, decision: Decision, counters: Counters) -> RowOutcome:
    if decision.step == "send":
        refused, cost = check_against_model(row)
        if refused is not None:
            return refused
        counters.add_estimate(cost)
    return RowOutcome(id=row.id, line=row.line, status="ready", warning=decision.warning)
