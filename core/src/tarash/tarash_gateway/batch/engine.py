"""A batch at work: rows are read as a stream, so many of them are worked on side by side, and each is told of."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from tarash.tarash_gateway.api.planning import plan_of
from tarash.tarash_gateway.batch.accounts import Accounts
from tarash.tarash_gateway.batch.bench import Bench
from tarash.tarash_gateway.batch.deciding import Decision, decide
from tarash.tarash_gateway.batch.history import History
from tarash.tarash_gateway.batch.locking import only_one
from tarash.tarash_gateway.batch.places import Places
from tarash.tarash_gateway.batch.purse import Purse
from tarash.tarash_gateway.batch.reading import RawRow
from tarash.tarash_gateway.batch.recovering import recover_open
from tarash.tarash_gateway.batch.results import BatchProgress, BatchResult, RowOutcome
from tarash.tarash_gateway.batch.rows import Row, RowChecker, failure, plan_problems, refusal
from tarash.tarash_gateway.batch.settings import RESULTS, Settings
from tarash.tarash_gateway.batch.source import Source
from tarash.tarash_gateway.batch.tally import Tally
from tarash.tarash_gateway.batch.working import Work
from tarash.tarash_gateway.errors import SaveError, TarashError, ValidationError
from tarash.tarash_gateway.journal.grouping import GroupedJournal
from tarash.tarash_gateway.media.saving import cannot_write
from tarash.tarash_gateway.showing.wording import duration

logger = logging.getLogger("tarash.batch")

OnProgress = Callable[[BatchProgress], Awaitable[None] | None]
OnRow = Callable[[RowOutcome], Awaitable[None] | None]

EVERY: Final = 1.0
"""Seconds between two looks at how far it is."""

WRITERS: Final = 8
"""Threads that write files."""

BREATH: Final = 0.02
"""Seconds after which rows that need no work let others have their turn."""


class Batch:
    """One run of a batch.

    Args:
        source: the rows.
        settings: how it is run.
        accounts: the configs.
        on_progress: called each second, and at the end.
        on_row: called when it is known what became of a row. What either raises is logged and goes no further.
    """

    def __init__(
        self,
        source: Source,
        settings: Settings,
        accounts: Accounts,
        *,
        on_progress: OnProgress | None = None,
        on_row: OnRow | None = None,
    ) -> None:
        self._source = source
        self._settings = settings
        self._accounts = accounts
        self._on_progress = on_progress
        self._on_row = on_row
        self._checker = RowChecker(accounts, settings.defaults)
        self._tally = Tally(settings.out, source.total, None)
        self._told = bytearray()
        self._tasks: dict[asyncio.Task[None], Work] = {}
        self._stopped: str | None = None

    def stop(self, why: str = "interrupted") -> None:
        """Sends nothing more, waits for the requests on their way, and leaves jobs running. To be called in the loop."""
        self._stopped = self._stopped or why
        for task, work in self._tasks.items():
            if not work.on_its_way:
                task.cancel()

    async def run(self) -> BatchResult:
        """Runs it to the end of its rows, or until it is stopped.

        Raises:
            SaveError: the folder or the journal cannot be written to; nothing was sent.
            ConfigurationError: another process is at it.
            ValidationError: with `strict`, a row cannot be right; nothing was sent.
        """
        try:
            if self._settings.dry_run:
                return await self._rehearse()
            places = Places(self._settings.out)
            places.prepare()
            with only_one(self._settings.journal), _results_file(self._settings.out) as file:
                self._tally.write_to(file)
                journal = GroupedJournal(self._settings.journal)
                try:
                    return await self._run(places, journal)
                finally:
                    journal.close()
        finally:
            self._checker.close()

    async def _run(self, places: Places, journal: GroupedJournal) -> BatchResult:
        # Tried before anything is paid; to a reader of entries the line says nothing.
        await journal.write_async("batch", out=str(self._settings.out.absolute()))
        with closing(await asyncio.to_thread(History, journal.path)) as history:
            purse = Purse(self._settings.max_cost, history.spent())
            with ThreadPoolExecutor(WRITERS, thread_name_prefix="tarash-batch") as threads:
                bench = Bench(
                    settings=self._settings,
                    accounts=self._accounts,
                    journal=journal,
                    history=history,
                    places=places,
                    purse=purse,
                    threads=threads,
                    on_news=self._on_news,
                    on_trouble=self._on_trouble,
                )
                async with self._watched(bench):
                    if self._source.can_be_read_twice:
                        await self._check_all()
                    await recover_open(history, journal, self._accounts)
                    await self._work_through(bench)
            await self._show(purse.spent, finished=True)
            results = self._settings.out / RESULTS
            return self._tally.result(purse.spent, results=results, stopped=self._stopped)

    async def _check_all(self) -> None:
        """Looks at every row before the first is sent: what is wrong is told early, and how many there are."""
        count = 0
        async for raw in _breathing(self._source.stream()):
            count += 1
            row = self._checker.check(raw)
            # Pictures are read when their row's turn comes, unless all is to be right before anything is sent.
            if isinstance(row, Row) and (self._settings.strict or not _has_media(row)):
                row = plan_problems(row) or row
            if isinstance(row, RowOutcome):
                self._mark(raw.line)
                await self._tell(row)
            if self._stopped is not None:
                return
        self._tally.total = count
        if self._settings.strict and self._tally.rows:
            raise self._tally.refusal()

    async def _work_through(self, bench: Bench) -> None:
        slots = asyncio.Semaphore(self._settings.concurrency)
        try:
            async with aclosing(_breathing(self._source.stream())) as rows:
                async for raw in rows:
                    if self._stopped is not None:
                        break
                    if self._is_marked(raw.line):
                        continue
                    row = self._checker.check(raw)
                    decision = None if isinstance(row, RowOutcome) else self._decided(row, bench)
                    if isinstance(row, RowOutcome) or isinstance(decision, RowOutcome):
                        await self._tell(row if isinstance(row, RowOutcome) else decision)
                        continue
                    await slots.acquire()
                    if self._stopped is not None:
                        break
                    self._begin(Work(row, decision, bench), slots)
            while self._tasks:
                await asyncio.wait(list(self._tasks))
        finally:
            # Broken off from outside, or the rows themselves raised: nothing may go on behind the caller's back.
            left = list(self._tasks)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _decided(self, row: Row, bench: Bench) -> Decision | RowOutcome:
        """What is to be done about a row; its outcome where that is nothing."""
        try:
            decision = decide(row, bench.history.of_row(row.id), bench.places, self._settings)
        except TarashError as error:
            return failure(row, error)
        match decision.step:
            case "send" | "resume" | "adopt":
                return decision
            case status:
                return RowOutcome(
                    id=row.id, line=row.line, status=status, files=decision.files, error=decision.error
                )

    def _begin(self, work: Work, slots: asyncio.Semaphore) -> None:
        async def to_its_end() -> None:
            try:
                await self._tell(await work.run())
            finally:
                slots.release()

        task = asyncio.create_task(to_its_end())
        self._tasks[task] = work
        self._tally.in_flight = len(self._tasks)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        self._tally.in_flight = len(self._tasks)
        if not task.cancelled() and task.exception() is not None:
            self.stop(f"{type(task.exception()).__name__}: {task.exception()}")

    def _on_news(self) -> None:
        if self._stopped is not None:
            self.stop()

    def _on_trouble(self, error: Exception) -> None:
        self.stop(str(error))
