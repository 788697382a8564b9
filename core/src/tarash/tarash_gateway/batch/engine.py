"""A batch at work: rows are read as a stream, so many of them are worked on side by side, and each is told of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from tarash.tarash_gateway.batch.accounts import Accounts
from tarash.tarash_gateway.batch.bench import Bench
from tarash.tarash_gateway.batch.checking import FirstLook
from tarash.tarash_gateway.batch.deciding import decide
from tarash.tarash_gateway.batch.history import History
from tarash.tarash_gateway.batch.locking import only_one
from tarash.tarash_gateway.batch.places import Places
from tarash.tarash_gateway.batch.purse import Purse
from tarash.tarash_gateway.batch.recovering import recover_open
from tarash.tarash_gateway.batch.rehearsal import rehearse
from tarash.tarash_gateway.batch.results import BatchResult, RowOutcome
from tarash.tarash_gateway.batch.rows import Row, RowChecker, failure
from tarash.tarash_gateway.batch.settings import RESULTS, Settings
from tarash.tarash_gateway.batch.source import Source, breathing
from tarash.tarash_gateway.batch.tally import Tally
from tarash.tarash_gateway.batch.telling import OnProgress, OnRow, Teller
from tarash.tarash_gateway.batch.working import Work
from tarash.tarash_gateway.errors import TarashError, ValidationError
from tarash.tarash_gateway.journal.grouping import GroupedJournal
from tarash.tarash_gateway.media.saving import cannot_write
from tarash.tarash_gateway.showing.wording import duration

logger = logging.getLogger("tarash.batch")

WRITERS: Final = 32
"""Threads that write files."""


class Batch:
    """One run of a batch.

    Args:
        source: the rows.
        settings: how it is run.
        accounts: the configs.
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
        on_progress: OnProgress | None = None,
        on_row: OnRow | None = None,
    ) -> None:
        if settings.strict and not settings.dry_run and not source.can_be_read_twice:
            msg = (
                "strict looks at every row before the first is sent, and these can be read once: give a file or a list"
            )
            raise ValidationError(msg)
        self._source = source
        self._settings = settings
        self._accounts = accounts
        self._checker = RowChecker(accounts, settings.defaults)
        self._tally = Tally(settings.out, source.total)
        self._teller = Teller(self._tally, on_progress, on_row)
        self._first_look = FirstLook(self._checker, self._teller, strict=settings.strict)
        self._reader: asyncio.Task[None] | None = None
        self._works: dict[asyncio.Task[None], Work] = {}
        self._stopped: str | None = None

    def stop(self, why: str = "interrupted") -> None:
        """Sends nothing more; requests on their way come to their end, jobs are left running. Called in its loop."""
        self._stopped = self._stopped or why
        if self._reader is not None:
            self._reader.cancel()
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
        with closing(self._checker):
            if self._settings.dry_run:
                return await self._rehearsed()
            places = Places(self._settings.out)
            places.prepare()
            with only_one(self._settings.journal), closing(GroupedJournal(self._settings.journal)) as journal:
                return await self._run(places, journal)

    async def _rehearsed(self) -> BatchResult:
        with closing(await asyncio.to_thread(History, self._settings.journal)) as history:
            async with self._teller.watching(history.spent, lambda: None):
                await rehearse(self._source, self._checker, self._settings, history, self._teller)
            return self._tally.result(history.spent(), estimate=self._tally.estimate)

    async def _run(self, places: Places, journal: GroupedJournal) -> BatchResult:
        # Tried before anything is paid; to a reader of entries the line says nothing.
        await journal.write_async("batch", out=str(self._settings.out.absolute()))
        with closing(await asyncio.to_thread(History, journal.path)) as history:
            purse = Purse(self._settings.max_cost, history.spent())
            async with self._bench(places, journal, history, purse) as bench:
                with _results_file(self._settings.out) as file:
                    self._tally.file = file
                    await self._to_the_end(bench)
            results = self._settings.out / RESULTS
            return self._tally.result(purse.spent, results=results, stopped=self._stopped)

    @asynccontextmanager
    async def _bench(
        self, places: Places, journal: GroupedJournal, history: History, purse: Purse
    ) -> AsyncIterator[Bench]:
        with ThreadPoolExecutor(WRITERS, thread_name_prefix="tarash-batch") as threads:
            bench = Bench(
                settings=self._settings,
                accounts=self._accounts,
                journal=journal,
                history=history,
                places=places,
                purse=purse,
                threads=threads,
                writing=asyncio.Semaphore(4 * WRITERS),
                on_news=lambda: None if self._stopped is None else self.stop(),
                on_trouble=lambda error: self.stop(str(error)),
            )
            async with self._teller.watching(lambda: purse.spent, lambda: self._paused(bench)):
                yield bench

    def _paused(self, bench: Bench) -> str | None:
        if self._stopped is not None:
            return "stopping, waits for requests on their way"
        seconds = bench.pause()
        return f"rate limited, goes on in {duration(seconds)}" if seconds >= 1 else None

    async def _to_the_end(self, bench: Bench) -> None:
        slots = asyncio.Semaphore(self._settings.concurrency)
        self._reader = asyncio.create_task(self._read(bench, slots))
        try:
            await asyncio.wait([self._reader])
            while self._works:
                await asyncio.wait(list(self._works))
        finally:
            # Broken off from outside: nothing may go on behind the caller's back.
            left = [self._reader, *self._works]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        if not self._reader.cancelled() and (error := self._reader.exception()) is not None:
            raise error

    async def _read(self, bench: Bench, slots: asyncio.Semaphore) -> None:
        """Takes up row by row, as there is room for them."""
        if self._source.can_be_read_twice:
            await self._first_look.at(self._source)
        await recover_open(bench.history, bench.journal, self._accounts)
        async with aclosing(breathing(self._source)) as rows:
            async for raw in rows:
                if self._first_look.knows(raw.line):
                    continue
                row = self._checker.check(raw)
                work = row if isinstance(row, RowOutcome) else self._work_on(row, bench)
                if isinstance(work, RowOutcome):
                    await self._teller.tell(work)
                    continue
                await slots.acquire()
                work.on_answer = slots.release
                self._begin(work)

    def _work_on(self, row: Row, bench: Bench) -> Work | RowOutcome:
        """The work on a row; its outcome where there is none."""
        try:
            decision = decide(row, bench.history.of_row(row.id), bench.places, self._settings)
        except TarashError as error:
            return failure(row, error)
        match decision.step:
            case "send" | "resume" | "adopt":
                return Work(row, decision, bench)
            case status:
                return RowOutcome(id=row.id, line=row.line, status=status, files=decision.files, error=decision.error)

    def _begin(self, work: Work) -> None:
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


@contextmanager
def _results_file(out: Path) -> Iterator[BinaryIO]:
    """The file of results, which takes its place when the block ends, however it ends."""
    place = out / RESULTS
    part = place.with_name(f".{RESULTS}.part")
    try:
        file = part.open("wb")
    except OSError as error:
        raise cannot_write(place, error) from error
    try:
        yield file
    finally:
        try:
            file.close()
            part.replace(place)
        except OSError as error:  # of figures, after the files: no reason to fail
            logger.warning("%s cannot be written: %s", place, error)
