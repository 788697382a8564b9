"""Runs a batch: checks the rows, decides on each, works on many at the same time, and reports."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from tarash.tarash_gateway.capabilities.cost import CostEstimate
from tarash.tarash_gateway.descriptors import DescriptorReserve
from tarash.tarash_gateway.display.text import duration
from tarash.tarash_gateway.errors import SaveError, TarashError, ValidationError
from tarash.tarash_gateway.flows.plan import plan_of
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.media.files import atomic_file
from tarash_gateway_batch.folder import Places, only_one
from tarash_gateway_batch.formats import RawRow
from tarash_gateway_batch.history import History
from tarash_gateway_batch.interfaces import BatchEngine, Bench, MakeWork, Working
from tarash_gateway_batch.limits import Gates, Purse
from tarash_gateway_batch.progress import OnProgress, OnRow, Tally, Teller
from tarash_gateway_batch.results import BatchResult, RowOutcome
from tarash_gateway_batch.resume import Decision, Desk, decide
from tarash_gateway_batch.rows import Row, RowChecker, failure, refusal
from tarash_gateway_batch.scheduler import Lanes
from tarash_gateway_batch.settings import RESULTS, Accounts, Settings, fitted
from tarash_gateway_batch.source import Source, breathing
from tarash_gateway_batch.work import Work

logger = logging.getLogger("tarash.batch")

WRITERS: Final = 16
"""Threads that write files."""


class Batch:
    """One run of a batch.

    Args:
        source: the rows.
        settings: how it is run.
        accounts: the configs.
        engine: who works on the rows; None for this process.
        on_progress: called each second, and at the end.
        on_row: called when it is known what became of a row. What either raises is logged and goes no further.

    Raises:
        ValidationError: the rows can be read only once, and are all to be checked before the first is sent.
    """

    def __init__(
        self,
        source: Source,
        settings: Settings,
        accounts: Accounts,
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
        self._source = source
        self._settings, self._writers, self.notice = settings, WRITERS, None
        if engine is None and not settings.dry_run:
            self._settings, self._writers, self.notice = fitted(settings, WRITERS)
            settings = self._settings
        self._accounts = accounts
        self._checker = RowChecker(accounts, settings.defaults)
        self._tally = Tally(settings.out, source.total)
        self._teller = Teller(self._tally, on_progress, on_row)
        self._first_look = FirstLook(self._checker, self._teller, strict=settings.strict)
        self._reader: asyncio.Task[None] | None = None
        self._lanes: Lanes | None = None
        self._engine = engine or in_this_process
        self._works: dict[asyncio.Task[None], Working] = {}
        self._stopped: str | None = None

    def stop(self, why: str = "interrupted") -> None:
        """Sends nothing more; requests on their way come to their end, jobs are left running. Called in its loop."""
        self._stopped = self._stopped or why
        if self._reader is not None:
            self._reader.cancel()
        if self._lanes is not None:
            self._lanes.close()
        for task, work in self._works.items():
            if not work.on_its_way:
                task.cancel()

    async def run(self) -> BatchResult:
        """Runs it to the end of its rows, or until it is stopped.

        Raises:
            SaveError: the folder or the journal cannot be written to; nothing was sent.
            ConfigurationError: another process is at it; nothing was sent.
            ValidationError: with `strict`, a row cannot be right; nothing was sent.
        """
        if self.notice is not None:
            logger.warning("%s", self.notice)
        with closing(self._checker):
            if self._settings.dry_run:
                return await self._rehearsed()
            places = Places(self._settings.out)
            places.prepare()
            folder = self._settings.journal
            with DescriptorReserve(), only_one(folder), closing(BatchedJournal(folder)) as journal:
                return await self._run(places, journal)

    async def _rehearsed(self) -> BatchResult:
        with closing(await asyncio.to_thread(History, self._settings.journal)) as history:
            async with self._teller.watching(history.spent, lambda: None):
                await rehearse(self._source, self._checker, self._settings, history, self._teller)
            return self._tally.result(history.spent(), estimate=self._tally.estimate)

    async def _run(self, places: Places, journal: BatchedJournal) -> BatchResult:
        # Tried before anything is paid; to a reader of entries the line says nothing.
        await journal.write_async("batch", out=str(self._settings.out.absolute()))
        with closing(await asyncio.to_thread(History, journal.path)) as history:
            purse = Purse(self._settings.max_cost, history.spent())
            desk = Desk(self._settings, self._accounts, places, history, journal)
            gates = Gates(self._settings.concurrency, self._settings.rate)
            async with self._bench(desk, purse, gates) as bench, self._engine(bench, desk) as make_work:
                with _results_file(self._settings.out) as file:
                    self._tally.file = file
                    await self._to_the_end(desk, make_work, gates)
            results = self._settings.out / RESULTS
            return self._tally.result(purse.spent, results=results, stopped=self._stopped)

    @asynccontextmanager
    async def _bench(self, desk: Desk, purse: Purse, gates: Gates) -> AsyncIterator[Bench]:
        with ThreadPoolExecutor(self._writers, thread_name_prefix="tarash-batch") as threads:
            bench = Bench(
                settings=self._settings,
                journal=desk.journal,
                places=desk.places,
                purse=purse,
                gates=gates,
                threads=threads,
                writing=asyncio.Semaphore(self._writers),
                on_news=lambda: None if self._stopped is None else self.stop(),
                on_trouble=lambda error: self.stop(str(error)),
            )
            async with self._teller.watching(lambda: purse.spent, lambda: self._paused(gates)):
                yield bench

    def _paused(self, gates: Gates) -> str | None:
        if self._stopped is not None:
            return "stopping, waits for requests on their way"
        seconds = gates.pause
        return f"the vendor asks to wait or is away, goes on in {duration(seconds)}" if seconds >= 1 else None

    async def _to_the_end(self, desk: Desk, make_work: MakeWork, gates: Gates) -> None:
        def begin(row: Row, decision: Decision, answered: Callable[[], None]) -> None:
            work = make_work(row, decision)
            work.on_answer = answered
            self._begin(work)

        self._lanes = Lanes(self._settings.concurrency, lambda row: gates.gate_of(row.config), begin)
        self._reader = asyncio.create_task(self._read(desk, self._lanes))
        try:
            await asyncio.wait([self._reader])
            while self._works:
                await asyncio.wait(list(self._works))
            await self._flushed(desk.journal)
        finally:
            # Broken off from outside: nothing may go on behind the caller's back.
            self._lanes.close()
            left = [self._reader, *self._works]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        if not self._reader.cancelled() and (error := self._reader.exception()) is not None:
            raise error

    async def _flushed(self, journal: BatchedJournal) -> None:
        """Waits until every line is on the disk that nobody waited for."""
        try:
            await journal.write_async("batch_end")
        except SaveError as error:
            self.stop(str(error))

    async def _read(self, desk: Desk, lanes: Lanes) -> None:
        """Takes up row by row, as there is room for them."""
        if self._stopped is not None:
            return
        if self._source.can_be_read_twice:
            await self._first_look.at(self._source)
        await desk.recover()
        async with aclosing(breathing(self._source)) as rows:
            async for raw in rows:
                if self._first_look.knows(raw.line):
                    continue
                row = self._checker.check(raw)
                found = row if isinstance(row, RowOutcome) else desk.decide(row)
                if isinstance(found, RowOutcome):
                    await self._teller.tell(found)
                    continue
                await lanes.take(*found)

    def _begin(self, work: Working) -> None:
        async def to_its_end() -> None:
            try:
                await self._teller.tell(await work.run())
            finally:
                work.answered()

        task = asyncio.create_task(to_its_end())
        self._works[task] = work
        self._tally.in_flight = len(self._works)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._works.pop(task, None)
        self._tally.in_flight = len(self._works)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # such as a full disk under the file of results
            self.stop(f"{type(error).__name__}: {error}")


@asynccontextmanager
async def in_this_process(bench: Bench, _desk: Desk) -> AsyncIterator[MakeWork]:
    """The engine of one machine."""
    yield lambda row, decision: Work(row, decision, bench)


@contextmanager
def _results_file(out: Path) -> Iterator[BinaryIO]:
    """The file of results, which takes its place when the block ends, however it ends."""
    place = out / RESULTS
    unfinished = atomic_file(place, "replace", private=True)
    file = unfinished.__enter__()
    try:
        yield file
    finally:
        try:
            if file.tell() > 0:
                unfinished.__exit__(None, None, None)
            else:  # of no row was anything told: what an earlier run told stands
                unfinished.__exit__(SaveError, SaveError("no row was told of"), None)
        except (OSError, SaveError) as error:  # of figures, after the files: no reason to fail
            logger.warning("%s cannot be written: %s", place, error)


MOST_LISTED = 20
"""Rows that the error of a strict batch names."""


class FirstLook:
    """Looks at all rows, and remembers which of them need no second look."""

    def __init__(self, checker: RowChecker, teller: Teller, *, strict: bool) -> None:
        self._checker = checker
        self._teller = teller
        self._strict = strict
        self._told = bytearray()

    async def at(self, source: Source) -> None:
        """Looks at every row of `source`.

        Raises:
            ValidationError: the batch is strict, and a row cannot be right.
        """
        count = wrong = 0
        listed: list[str] = []
        async for raw in breathing(source):
            count += 1
            outcome = self._outcome(raw)
            if outcome is None:
                continue
            wrong += 1
            if not self._strict:
                self._mark(raw.line)
                await self._teller.tell(outcome)
            elif len(listed) < MOST_LISTED:
                listed.append(str(outcome))
        self._teller.tally.total = count
        if listed:
            listed += [f"and {wrong - MOST_LISTED:,} more"] if wrong > MOST_LISTED else []
            msg = f"{wrong:,} of {count:,} rows cannot be right, and nothing was sent"
            raise ValidationError("\n  - ".join([f"{msg}:", *listed]))

    def knows(self, line: int) -> bool:
        """Whether the row was told of already."""
        return line < len(self._told) and bool(self._told[line])

    def _outcome(self, raw: RawRow) -> RowOutcome | None:
        row = self._checker.check(raw)
        if isinstance(row, RowOutcome):
            return row
        # Pictures are read when their row's turn comes, unless all is to be right before anything is sent.
        if _has_media(row) and not self._strict:
            return None
        return against_the_model(row)[0]

    def _mark(self, line: int) -> None:
        if line >= len(self._told):
            self._told.extend(bytes(max(line + 1 - len(self._told), 4096)))
        self._told[line] = 1


def against_the_model(row: Row) -> tuple[RowOutcome | None, CostEstimate | None]:
    """What the model's capability row has against a row, and what it may cost. Reads the pictures that are at hand."""
    try:
        plan = plan_of(row.config, row.request)
        problems, cost = plan.problems, plan.expected_cost()
    except TarashError as error:
        return failure(row, error), None
    return (refusal(row.id, row.line, problems) if problems else None), cost


def _has_media(row: Row) -> bool:
    request = row.request
    return bool(request.image_list) or any(getattr(request, name, None) for name in ("mask_image", "video"))


async def rehearse(source: Source, checker: RowChecker, settings: Settings, history: History, teller: Teller) -> None:
    """Tells of every row what would become of it.

    Raises:
        SaveError: the folder could not be written to.
    """
    _check_folder(settings.out)
    places = Places(settings.out)
    async for raw in breathing(source):
        row = checker.check(raw)
        await teller.tell(row if isinstance(row, RowOutcome) else _foreseen(row, places, settings, history, teller))


def _foreseen(row: Row, places: Places, settings: Settings, history: History, teller: Teller) -> RowOutcome:
    decision = decide(row, history.of_row(row.id), places, settings)
    known: dict[str, Any] = {"id": row.id, "line": row.line}
    match decision.step:
        case "resume" | "adopt":
            return RowOutcome(status="ready", warning=decision.warning, **known)
        case "send":
            refused, cost = against_the_model(row)
            if refused is None:
                teller.tally.estimated(cost)
            return refused or RowOutcome(status="ready", **known)
        case status:
            known |= {"files": decision.files, "error": decision.error, "warning": decision.warning}
            return RowOutcome(status=status, **known)


def _check_folder(out: Path) -> None:
    nearest = next((folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists()), out)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        msg = f"{out} cannot be written to: {nearest} is no folder, or not one that you may write to."
        raise SaveError(msg)
