"""Rows in, paths out: what Ray Data's `map_batches`, or any other engine that calls a function again, may call."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final

from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash_gateway_batch.folder import Places, only_one
from tarash_gateway_batch.history import History
from tarash_gateway_batch.ids import leaf
from tarash_gateway_batch.interfaces import Bench
from tarash_gateway_batch.limits import Gates, Purse
from tarash_gateway_batch.results import RowOutcome
from tarash_gateway_batch.resume import Desk
from tarash_gateway_batch.rows import Row, RowChecker, failure
from tarash_gateway_batch.settings import JOURNAL, Accounts, AnyConfig, Settings
from tarash_gateway_batch.source import raw_row
from tarash_gateway_batch.work import Work

AGAIN: Final = 0.2
"""Seconds after which a row is looked at again that another process has at hand."""

COLUMNS: Final = ("id", "status", "path", "sha256", "cost", "error")
"""Of the result; `path` and `sha256` of the first file."""


class MakeFiles:
    """Makes a file of each row, and gives its path: called again for the same row, it pays nothing again.

    Each row has a journal of its own, in a folder named after its id, so that it makes no difference which process has
    the row, or in which company: a row that has its file is given from there, a job is resumed, and a picture whose
    answer was lost is `unconfirmed`. Two processes never work on one row at the same time.

    Args:
        out: the folder of the files, shared by all nodes.
        journal: the folder of the journals; `.journal` in `out` without it.
        configs: as `run_batch` takes them. No key travels: each node has it in its environment.
        defaults: fields of the rows that do not have them themselves.
        concurrency: rows side by side in one process.
        rate: requests a minute of one account and model **in one process**: the processes do not know of each other.
        retry_failed: send rows again that failed before.
        retry_unconfirmed: send rows again that may have been billed.

    Example:
        ```python
        rows = ray.data.read_json("prompts.jsonl")
        made = rows.map_batches(MakeFiles, fn_constructor_kwargs={"out": "/shared/out"}, concurrency=4)
        ```
    """

    def __init__(
        self,
        out: Path | str | os.PathLike[str],
        *,
        journal: Path | str | os.PathLike[str] | None = None,
        configs: AnyConfig | Iterable[AnyConfig] = (),
        defaults: Mapping[str, Any] | None = None,
        concurrency: int = 16,
        rate: float | None = None,
        retry_failed: bool = False,
        retry_unconfirmed: bool = False,
    ) -> None:
        folder = Path(out)
        self._settings = Settings(
            out=folder,
            journal=folder / JOURNAL if journal is None else Path(journal),
            defaults=dict(defaults or {}),
            concurrency=concurrency,
            rate=rate,
            retry_failed=retry_failed,
            retry_unconfirmed=retry_unconfirmed,
        )
        self._accounts = Accounts(configs)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Takes and gives columns, as `map_batches` does.

        Raises:
            SaveError: the folder cannot be written to.
        """
        with ThreadPoolExecutor(1) as thread:  # whoever calls may have an event loop of its own
            outcomes = thread.submit(lambda: asyncio.run(self._made(_rows(batch)))).result()
        columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        for outcome in outcomes:
            file = outcome.files[0] if outcome.files else None
            told = (
                outcome.id,
                outcome.status,
                file and str(file.path),
                file and file.sha256,
                outcome.cost,
                outcome.error,
            )
            for name, value in zip(COLUMNS, told, strict=True):
                columns[name].append(value)
        return columns

    async def _made(self, rows: list[dict[str, Any]]) -> list[RowOutcome]:
        settings = self._settings
        places, gates, slots = (
            Places(settings.out),
            Gates(settings.concurrency, settings.rate),
            asyncio.Semaphore(settings.concurrency),
        )
        places.prepare()
        with closing(RowChecker(self._accounts, settings.defaults)) as checker, ThreadPoolExecutor() as threads:

            async def one(at: int, fields: dict[str, Any]) -> RowOutcome:
                row = checker.check(raw_row(at, fields))
                if isinstance(row, RowOutcome):
                    return row
                async with slots:
                    try:
                        return await self._one(row, places, gates, threads)
                    except TarashError as error:
                        return failure(row, error)

            return await asyncio.gather(*(one(at, fields) for at, fields in enumerate(rows, start=1)))

    async def _one(self, row: Row, places: Places, gates: Gates, threads: ThreadPoolExecutor) -> RowOutcome:
        async with _journal_of(self._settings.journal / leaf(row.id) / row.id) as journal:
            with closing(History(journal.path)) as history:
                desk = Desk(self._settings, self._accounts, Places(self._settings.out), history, journal)
                await desk.recover()
                found = desk.decide(row)
                if isinstance(found, RowOutcome):
                    return found
                bench = Bench(
                    settings=self._settings,
                    journal=journal,
                    places=places,
                    purse=Purse(None, 0.0),
                    gates=gates,
                    threads=threads,
                    writing=asyncio.Semaphore(),
                    on_news=_nothing,
                    on_trouble=_nothing,
                )
                outcome = await Work(*found, bench).run()
                await journal.write_async("end")  # with it, every line is on the disk that nobody waited for
                return outcome


@asynccontextmanager
async def _journal_of(folder: Path) -> AsyncIterator[BatchedJournal]:
    """The journal of one row, as soon as no other process has it at hand."""
    while True:
        try:
            lock = only_one(folder)
            lock.__enter__()
        except ConfigurationError:
            await asyncio.sleep(AGAIN)
            continue
        try:
            with closing(BatchedJournal(folder)) as journal:
                yield journal
        finally:
            lock.__exit__(None, None, None)
        return


def _nothing(*_told: Any) -> None:
    """Nobody is told."""


def _rows(batch: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows out of columns; what NumPy and Arrow wrap is unwrapped, and an empty cell is a field that is not there."""
    names = list(batch)
    return [
        {name: plain for name, cell in zip(names, cells, strict=True) if (plain := _plain(cell)) is not None}
        for cells in zip(*batch.values(), strict=True)
    ]


def _plain(cell: Any) -> Any:
    unwrap = getattr(cell, "tolist", None) or getattr(cell, "as_py", None)
    plain = unwrap() if callable(unwrap) else cell
    if isinstance(plain, float) and plain != plain:  # noqa: PLR0124 # no number: an empty cell of a column of numbers
        return None
    return plain
