"""`run_batch` and its async twin."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any, Final

from tarash.tarash_gateway.media.files import Exists
from tarash.tarash_gateway.signals import STOP_SIGNALS, StopSignals
from tarash_gateway_batch.interfaces import LOCAL, BatchEngine, engine_named
from tarash_gateway_batch.progress import OnProgress, OnRow
from tarash_gateway_batch.results import BatchResult
from tarash_gateway_batch.runner import Batch
from tarash_gateway_batch.settings import JOURNAL, Accounts, AnyConfig, Changed, Settings
from tarash_gateway_batch.source import AnyRows, Source


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
    """Makes a file of every row: many at a time, and none of them paid for twice, whatever dies in between.

    Every request is in a journal before it is sent. The same call again goes on where the last one ended: rows that
    have their files are left alone, jobs are resumed, and a video whose answer was lost is looked up at the vendor.

    Args:
        rows: a file of JSON lines or CSV, or an iterable of mappings, an async one too: `id`, `prompt`, and where
            needed `kind` (`image` or `video`), `provider`, `model` and the fields of a request. Read as a stream.
        out: the folder of the files, `ab/cd/<id>.png` with a sidecar beside each.
        configs: who makes them: for each kind, the first is for rows that name no provider, and a row that names one
            gets the first of that provider. A row that names both needs none.
        defaults: fields of the rows that do not have them themselves.
        concurrency: rows that are worked on at the same time.
        exists: what becomes of a row whose files are there, though no run of this batch made them: `error`, `replace`
            or `skip`. Decided before it is sent.
        max_cost: US dollars for the whole batch, earlier runs included; checked before each request.
        rate: requests a minute of one account and model, at the most. What a vendor says is heeded without it.
        nearest: send the nearest value in place of one that a row's model does not take, as
            `unsupported_values="nearest"` in its config; the sidecar of the file tells it.
        retry_failed: send rows again that failed in an earlier run.
        retry_unconfirmed: send rows again that may have been billed.
        changed: what becomes of a row whose id an earlier run sent with another request or model: `keep` its result,
            with a warning; `refuse` the row; `redo` it, which is paid again.
        strict: send nothing unless every row can be right; the rows are read twice.
        dry_run: send and write nothing; check every row and add up what they may cost.
        journal: its folder; without it, `.journal` in `out`. One process at a time works with it.
        input_folders: folders out of which rows of a file may name input images, besides the folder of that file.
        engine: who works on the rows: `local` is this process, others come with plugins.
        engine_options: what the engine is told, such as its `address`.
        on_progress: called with a `BatchProgress` each second and at the end; a plain or an async function.
        on_row: called with a `RowOutcome` when it is known what became of a row; a plain or an async function.

    Returns:
        The figures, the first failures, and the path of a file with a line for each row.

    Raises:
        ValidationError: an argument cannot be right, or with `strict` a row; nothing was sent.
        SaveError: `out` or the journal cannot be written to; nothing was sent.
        ConfigurationError: another process is at this batch; nothing was sent.
        KeyboardInterrupt: after Ctrl-C, once the requests on their way are answered. A second one does not wait.
        SystemExit: the same after SIGTERM or SIGHUP, where the process does not handle them itself; 143 or 129.

    Example:
        ```python
        config = ImageGenerationConfig(provider="openai", model="gpt-image-2.5-sunburst")
        result = run_batch("prompts.jsonl", "out", configs=config, on_progress=print)
        print(result)
        ```
    """
    batch = _batch(**locals())
    result = run_to_its_end(batch)
    number = signal_of(result)
    if number is None:
        return result
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


async def run_batch_async(
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
    """The same as `run_batch`, to be awaited. Cancelled, it breaks everything off at once; a rerun goes on."""
    return await _batch(**locals()).run()


INTERRUPTED: Final = {number: f"interrupted by {signal.Signals(number).name}" for number in STOP_SIGNALS} | {
    signal.SIGINT: "interrupted"
}
"""Why a batch was stopped, by the number of the signal."""


def run_to_its_end(batch: Batch) -> BatchResult:
    """Runs a batch in a loop of its own, also where this thread has one. The first signal stops it with care."""
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> BatchResult:
        loops.append(asyncio.get_running_loop())
        if signals.received is not None:
            batch.stop(INTERRUPTED[signals.received])
        return await batch.run()

    def stop(number: int) -> None:
        for loop in loops:
            loop.call_soon_threadsafe(batch.stop, INTERRUPTED[number])

    with StopSignals(stop) as signals:
        if not _in_a_loop():
            return asyncio.run(run())
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(copy_context().run, asyncio.run, run()).result()


def signal_of(result: BatchResult) -> int | None:
    """The signal that stopped a batch; None where none did."""
    return next((number for number, told in INTERRUPTED.items() if told == result.stopped), None)


def _batch(*, rows: AnyRows, out: Any, configs: Any, journal: Any, on_progress: Any, on_row: Any, **how: Any) -> Batch:
    inputs = how.pop("input_folders")
    source = Source(rows, more=[inputs] if isinstance(inputs, (str, Path)) else inputs)
    folder = Path(out)
    defaults = dict(how.pop("defaults") or {})
    engine, options = how.pop("engine"), dict(how.pop("engine_options") or {})
    if isinstance(engine, str):
        engine = engine_named(engine, options)
    place = Path(journal) if journal is not None else folder / JOURNAL
    accounts = Accounts(configs, nearest=how.pop("nearest"))
    settings = Settings(out=folder, journal=place, defaults=defaults, **how)
    return Batch(source, settings, accounts, engine=engine, on_progress=on_progress, on_row=on_row)


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
