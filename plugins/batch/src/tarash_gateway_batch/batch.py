"""`run_batch` and its async twin, and rows that each have a journal of their own."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from contextvars import copy_context
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec

from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.media.files import Exists
from tarash.tarash_gateway.signals import STOP_SIGNALS, StopSignals
from tarash_gateway_batch.folder import OutputFolder, lock_folder
from tarash_gateway_batch.history import History
from tarash_gateway_batch.ids import row_subfolder
from tarash_gateway_batch.interfaces import LOCAL, BatchEngine, WorkerContext, make_engine
from tarash_gateway_batch.limits import BatchBudget, RateLimiters
from tarash_gateway_batch.progress import OnProgress, OnRow
from tarash_gateway_batch.results import BatchResult, RowOutcome
from tarash_gateway_batch.resume import ResumePlanner
from tarash_gateway_batch.rows import Row, RowChecker, failed_outcome
from tarash_gateway_batch.runner import BatchRunner
from tarash_gateway_batch.settings import JOURNAL, AnyConfig, BatchSettings, Changed, ConfigResolver
from tarash_gateway_batch.source import AnyRows, Source, raw_row
from tarash_gateway_batch.work import RowWork

P = ParamSpec("P")

STOP_REASONS: Final = {number: f"interrupted by {signal.Signals(number).name}" for number in STOP_SIGNALS} | {
    signal.SIGINT: "interrupted"
}
"""Why a batch was stopped, by the number of the signal."""

LOCK_INTERVAL: Final = 0.2
"""Seconds after which the lock of a row is tried again that another process has."""


def run_batch(
    rows: AnyRows,
    out: Path | str | os.PathLike[str],
    *,
    configs: AnyConfig | Iterable[AnyConfig] = (),
    defaults: Mapping[str, Any] | None = None,
    concurrency: int = 16,
    exists: Exists = "error",
    max_cost: float | None = None,
    rate: float | None = None,
    nearest: bool = False,
    retry_failed: bool = False,
    retry_unconfirmed: bool = False,
    changed: Changed = "keep",
    strict: bool = False,
    dry_run: bool = False,
    journal: Path | str | os.PathLike[str] | None = None,
    input_folders: Iterable[Path | str] = (),
    engine: str | BatchEngine = LOCAL,
    engine_options: Mapping[str, Any] | None = None,
    on_progress: OnProgress | None = None,
    on_row: OnRow | None = None,
) -> BatchResult:
    """Makes a file of every row: many at a time, and none of them is paid for twice, whatever crashes in between.

    Every request is in a journal before it is sent. The same call again continues where the last one ended: rows that
    have their files are left alone, jobs are resumed, and a video whose answer was lost is looked up at the vendor.

    Args:
        rows: a file of JSON lines or CSV, or an iterable of mappings, an async one too: `id`, `prompt`, and where
            needed `kind` (`image` or `video`), `provider`, `model` and the fields of a request. Read as a stream.
        out: the folder of the files, `ab/cd/<id>.png` with a sidecar beside each.
        configs: for each kind, the first is for rows that name no provider, and a row that names one gets the first of
            that provider. A row that names provider and model needs none.
        defaults: fields of the rows that do not have them themselves.
        concurrency: maximum rows that run at the same time.
        exists: what to do with a row whose files exist, though no run of this batch made them: `error`, `replace`
            or `skip`. Decided before it is sent.
        max_cost: US dollars for the whole batch, earlier runs included; checked before each request.
        rate: maximum requests a minute of one account and model. Without it, only the vendor limits the rate.
        nearest: send the nearest value in place of one that a row's model does not take, as
            `unsupported_values="nearest"` in its config; the sidecar of the file says so.
        retry_failed: send rows again that failed in an earlier run.
        retry_unconfirmed: send rows again that may have been billed.
        changed: what to do with a row whose id an earlier run sent with another request or model: `keep` that result,
            with a warning; `refuse` the row; `redo` it, and pay again.
        strict: send nothing unless every row can be right; the rows are read twice.
        dry_run: send and write nothing; check every row and add up what they may cost.
        journal: its folder; without it, `.journal` in `out`. Only one process at a time can use it.
        input_folders: folders out of which rows of a file may name input images, besides the folder of that file.
        engine: who works on the rows: `local` is this process, others come with plugins.
        engine_options: options of the engine, such as its `address`.
        on_progress: called with a `BatchProgress` each second and at the end; a plain or an async function.
        on_row: called with the `RowOutcome` of each row; a plain or an async function.

    Returns:
        The figures, the first failures, and the path of a file with a line for each row.

    Raises:
        ValidationError: an argument cannot be right, or with `strict` a row; nothing was sent.
        SaveError: `out` or the journal cannot be written to; nothing was sent.
        ConfigurationError: another process runs this batch; nothing was sent.
        KeyboardInterrupt: after Ctrl-C, once the requests in flight are answered. A second Ctrl-C does not wait.
        SystemExit: the same after SIGTERM or SIGHUP, where the process does not handle them itself; 143 or 129.

    Example:
        ```python
        config = ImageGenerationConfig(provider="openai", model="gpt-image-2.5-sunburst")
        result = run_batch("prompts.jsonl", "out", configs=config, on_progress=print)
        print(result)
        ```
    """
    result = run_to_end(_make_runner(**locals()))
    number = stop_signal(result)
    if number is None:
        return result
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def _async_twin(
    function: Callable[P, BatchResult],
) -> Callable[[Callable[..., Any]], Callable[P, Coroutine[Any, Any, BatchResult]]]:
    """Gives the arguments of `function` and their defaults to its async twin."""
    signature = inspect.signature(function)

    def decorate(twin: Callable[..., Any]) -> Callable[P, Coroutine[Any, Any, BatchResult]]:
        @wraps(twin)
        async def call(*args: P.args, **kwargs: P.kwargs) -> BatchResult:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            result: BatchResult = await twin(**bound.arguments)
            return result

        call.__signature__ = signature  # type: ignore[attr-defined] # what `inspect.signature` and `help` show
        return call

    return decorate


@_async_twin(run_batch)
async def run_batch_async(**arguments: Any) -> BatchResult:
    """Does the same as `run_batch`. If it is cancelled, it stops everything at once; the next run continues."""
    return await _make_runner(**arguments).run()


def run_to_end(batch: BatchRunner) -> BatchResult:
    """Runs a batch in an event loop of its own, also where this thread has one.

    The first signal stops the batch as `BatchRunner.stop` does.
    """
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> BatchResult:
        loops.append(asyncio.get_running_loop())
        if signals.received is not None:
            batch.stop(STOP_REASONS[signals.received])
        return await batch.run()

    def stop(number: int) -> None:
        for loop in loops:
            loop.call_soon_threadsafe(batch.stop, STOP_REASONS[number])

    with StopSignals(stop) as signals:
        if not _has_running_loop():
            return asyncio.run(run())
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(copy_context().run, asyncio.run, run()).result()


def stop_signal(result: BatchResult) -> int | None:
    """Returns the number of the signal that stopped a batch; None where none did."""
    return next((number for number, reason in STOP_REASONS.items() if reason == result.stopped), None)


def _make_runner(
    *,
    rows: AnyRows,
    out: Any,
    configs: Any,
    journal: Any,
    nearest: bool,
    defaults: Any,
    input_folders: Any,
    engine: str | BatchEngine | None,
    engine_options: Any,
    on_progress: OnProgress | None,
    on_row: OnRow | None,
    **settings: Any,
) -> BatchRunner:
    folders = [input_folders] if isinstance(input_folders, (str, Path)) else input_folders
    source = Source(rows, input_folders=folders)
    if isinstance(engine, str):
        engine = make_engine(engine, dict(engine_options or {}))
    return BatchRunner(
        source,
        _settings(out, journal, defaults, **settings),
        ConfigResolver(configs, nearest=nearest),
        engine=engine,
        on_progress=on_progress,
        on_row=on_row,
    )


def _settings(out: Any, journal: Any, defaults: Any, **settings: Any) -> BatchSettings:
    folder = Path(out)
    place = folder / JOURNAL if journal is None else Path(journal)
    return BatchSettings(out=folder, journal=place, defaults=dict(defaults or {}), **settings)


def _has_running_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class SeparateRows:
    """Makes files of rows that share no process: each row has a journal of its own, in a folder named after its id.

    So it makes no difference which process gets a row, or together with which others. A row that has its file is
    returned from there, a job is resumed, and an image whose answer was lost is `unconfirmed`. Two processes never work
    on one row at the same time.

    Args:
        out: the folder of the files, shared by all processes.
        journal: the folder of the journals; `.journal` in `out` without it.
        configs: as `run_batch` takes them.
        defaults: fields of the rows that do not have them themselves.
        concurrency: maximum rows at the same time in one process.
        rate: maximum requests a minute of one account and model **in one process**: no process knows of the others.
        retry_failed: send rows again that failed before.
        retry_unconfirmed: send rows again that may have been billed.

    Raises:
        ValidationError: an argument cannot be right.
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
        self._settings = _settings(
            out,
            journal,
            defaults,
            concurrency=concurrency,
            rate=rate,
            retry_failed=retry_failed,
            retry_unconfirmed=retry_unconfirmed,
        )
        self._configs = ConfigResolver(configs)

    async def run(self, rows: Iterable[Mapping[str, Any]]) -> list[RowOutcome]:
        """Makes the files of some rows, and returns an outcome for each.

        Raises:
            SaveError: the folder cannot be written to.
        """
        settings = self._settings
        folder = OutputFolder(settings.out)
        folder.prepare()
        limiters, slots = RateLimiters(settings.concurrency, settings.rate), asyncio.Semaphore(settings.concurrency)
        with closing(RowChecker(self._configs, settings.defaults)) as checker, ThreadPoolExecutor() as threads:

            async def run(number: int, fields: Mapping[str, Any]) -> RowOutcome:
                row = checker.check(raw_row(number, fields))
                if isinstance(row, RowOutcome):
                    return row
                async with slots:
                    try:
                        return await self._run(row, folder, limiters, threads)
                    except TarashError as error:
                        return failed_outcome(row, error)

            return await asyncio.gather(*(run(number, fields) for number, fields in enumerate(rows, start=1)))

    async def _run(
        self, row: Row, folder: OutputFolder, limiters: RateLimiters, threads: ThreadPoolExecutor
    ) -> RowOutcome:
        path = self._settings.journal / row_subfolder(row.id) / row.id
        async with _locked_journal(path) as journal:
            with closing(History(journal.path)) as history:
                own_folder = OutputFolder(self._settings.out)
                planner = ResumePlanner(self._settings, self._configs, own_folder, history, journal)
                await planner.recover()
                planned = planner.decide(row)
                if isinstance(planned, RowOutcome):
                    return planned
                context = WorkerContext(
                    settings=self._settings,
                    journal=journal,
                    folder=folder,
                    budget=BatchBudget(None, 0.0),
                    limiters=limiters,
                    threads=threads,
                    writing=asyncio.Semaphore(),
                    on_request_end=lambda: None,
                    on_fatal=lambda _error: None,
                )
                outcome = await RowWork(*planned, context).run()
                await journal.write_async("end")  # with it, every line is on the disk that nobody waited for
                return outcome


@asynccontextmanager
async def _locked_journal(folder: Path) -> AsyncIterator[BatchedJournal]:
    """Opens the journal of one row, as soon as no other process has its lock."""
    while True:
        lock = lock_folder(folder)
        try:
            lock.__enter__()
        except ConfigurationError:
            await asyncio.sleep(LOCK_INTERVAL)
            continue
        try:
            with closing(BatchedJournal(folder)) as journal:
                yield journal
        finally:
            lock.__exit__(None, None, None)
        return
