"""The command `tarash batch`."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

from cyclopts import App, Parameter

from tarash.tarash_gateway.capabilities.lifecycle import ModelLifecycleWarning
from tarash.tarash_gateway.display.progress import in_terminal
from tarash.tarash_gateway.errors import TarashError, ValidationError
from tarash.tarash_gateway.plugins import expand_home, normalize_name
from tarash_gateway_batch.batch import run_to_its_end, signal_of
from tarash_gateway_batch.command.options import Folder, Pace, RowMaker, Rows
from tarash_gateway_batch.interfaces import engine_named
from tarash_gateway_batch.results import BatchProgress, BatchResult, RowOutcome
from tarash_gateway_batch.runner import Batch
from tarash_gateway_batch.settings import CONFIGS, JOURNAL, RESULTS, Accounts, AnyConfig, Kind, Settings
from tarash_gateway_batch.source import InThread, Source, rows_of_stream
from tarash_gateway_cli import exit_codes
from tarash_gateway_cli.config import parse_params, without_unset
from tarash_gateway_cli.defaults import choose
from tarash_gateway_cli.errors import CommandError
from tarash_gateway_cli.gallery import make_gallery
from tarash_gateway_cli.output import Output

EXAMPLES: Final = """\
Examples:
  tarash batch prompts.jsonl -o out --dry-run
  tarash batch prompts.jsonl -o out -p openai -m gpt-image-2.5-sunburst --max-cost 20 --gallery
  tarash batch prompts.csv -o out --kind video --set duration_seconds=8 -j 50

A row is a line of JSON, such as {"id": "boat", "prompt": "A paper boat"}, or a line of CSV under a header.
The same command again goes on where the last one ended, whatever ended it.

Exit codes: 0 every row has its files, 3 some may have been billed without a file, 4 some failed."""

app = App(name="batch", help_epilogue=EXAMPLES)

UNCONFIRMED: Final = 3
"""Some rows may have been billed and have no file. Of this command alone, as is the next one."""

SOME_FAILED: Final = 4
"""Some rows have no file."""

MOST_TOLD: Final = 20
"""Failures that are told one by one; the file of results has all."""


_ROWS, _MAKER, _PACE = Rows(), RowMaker(), Pace()
"""What is not typed."""


@app.default
def batch(
    rows: Annotated[str, Parameter(metavar="ROWS", allow_leading_hyphen=True)],
    /,
    *,
    folder: Folder,
    content: Rows = _ROWS,
    maker: RowMaker = _MAKER,
    pace: Pace = _PACE,
) -> int:
    """Makes a file of every row: many at a time, and none of them paid for twice.

    Args:
        rows: A file of JSON lines or CSV; - reads them from stdin.
        folder: Where the files go.
        content: What is in the rows.
        maker: Who makes them.
        pace: How fast, and how far.
    """
    return _run(rows, folder, content, maker, pace)


def _run(rows: str, folder: Folder, content: Rows, maker: RowMaker, pace: Pace) -> int:
    """Runs a batch, and tells of it.

    Returns:
        The exit code.
    """
    output = Output(as_json=folder.as_json)
    try:
        settings = _settings(folder, content, pace)
        with _source(rows, content) as source, _shown_warnings(output):
            engine = engine_named(pace.engine, without_unset(address=pace.address))
            accounts = Accounts(default=_Chosen(maker, content.kind, output), nearest=maker.nearest)
            view, failures = view_of(output), _Failures(output)
            batch = Batch(source, settings, accounts, engine=engine, on_progress=view.show, on_row=failures)
            if batch.notice is not None:
                output.warn(batch.notice)
            try:
                result = run_to_its_end(batch)
            finally:
                view.close()
            return _tell(output, result, folder, failures)
    except ValidationError as error:
        # Its own number is one that means another thing here.
        raise CommandError(str(error), code=SOME_FAILED if content.strict else exit_codes.USAGE, cause=error) from error


def _settings(folder: Folder, content: Rows, pace: Pace) -> Settings:
    return Settings(
        out=folder.output,
        journal=folder.journal or folder.output / JOURNAL,
        defaults=parse_params(content.default) | {"kind": content.kind},
        concurrency=pace.concurrency,
        exists=folder.exists,
        max_cost=pace.max_cost,
        rate=pace.rate,
        retry_failed=pace.retry_failed,
        retry_unconfirmed=pace.retry_unconfirmed,
        changed=pace.changed,
        strict=content.strict,
        dry_run=folder.dry_run,
    )


@contextmanager
def _source(rows: str, content: Rows) -> Iterator[Source]:
    if rows != "-":
        yield Source(rows, content.form, more=content.inputs)
        return
    form = content.form or "jsonl"
    if not content.strict:
        yield Source(InThread(rows_of_stream(sys.stdin.buffer, form, [Path(), *map(expand_home, content.inputs)])))
        return
    with tempfile.NamedTemporaryFile(prefix="tarash-rows-") as file:  # all of them are looked at first
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield Source(file.name, form, folder=Path(), more=content.inputs)


@contextmanager
def _shown_warnings(output: Output) -> Iterator[None]:
    """A model's end of life is told as it comes, without the place in the code."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", ModelLifecycleWarning)
        warnings.showwarning = lambda message, *_place, **_more: output.warn(str(message))
        yield


class _Chosen:
    """The configs of rows, with what they do not name filled in; each choice is told once."""

    def __init__(self, maker: RowMaker, kind: Kind, output: Output) -> None:
        self._maker = maker
        self._kind = kind
        self._output = output
        self._told: set[str] = set()

    def __call__(self, kind: Kind, provider: str | None, model: str | None) -> AnyConfig:
        maker = self._maker
        ours = provider is None or (
            maker.provider is not None and normalize_name(provider) == normalize_name(maker.provider)
        )
        of_options = ours and kind == self._kind
        base_url = maker.base_url if ours else None
        known = maker.model if model is None and of_options else model
        options: dict[str, Any] = without_unset(base_url=base_url, timeout=maker.timeout)
        if of_options and known == maker.model:
            options |= without_unset(base_model=maker.base_model)
        try:
            # -m is for rows of the kind of --kind; those of the other kind name their model themselves.
            way = "-m names another" if of_options else f"rows of the kind {kind} name another as their model"
            choice = choose(kind, provider or maker.provider, known, base_url, override=way)
        except CommandError as error:
            raise ValidationError(" ".join([f"{error}.", *error.hints])) from error
        for note in choice.notes:
            if note not in self._told:
                self._told.add(note)
                self._output.note(note, "cyan")
        return CONFIGS[kind](provider=choice.provider, model=choice.model, **options)


class _Failures:
    """Tells of rows that came to nothing, the first ones of them."""

    def __init__(self, output: Output) -> None:
        self.earlier = False
        """Whether some of them failed in an earlier run."""
        self._output = output
        self._count = 0

    def __call__(self, outcome: RowOutcome) -> None:
        if outcome.error is None:
            if outcome.warning is not None:
                self._warn(outcome)
            return
        self._count += 1
        self.earlier = self.earlier or "retry_failed=True" in outcome.error
        if self._count <= MOST_TOLD:
            self._warn(outcome)

    def _warn(self, outcome: RowOutcome) -> None:
        text = str(outcome)
        for told, typed in _TYPED.items():
            text = text.replace(told, typed)
        self._output.warn(text)

    @property
    def more(self) -> int:
        """How many were not told."""
        return max(self._count - MOST_TOLD, 0)


_TYPED: Final = {
    "retry_failed=True": "--retry-failed",
    "retry_unconfirmed=True": "--retry-unconfirmed",
    "changed='redo'": "--changed redo",
    "(exists: error, skip or replace)": "(--exists skip keeps it, --exists replace makes it anew)",
}
"""What is said in Python, as it is typed."""


def _tell(output: Output, result: BatchResult, folder: Folder, failures: _Failures) -> int:
    told: dict[str, Any] = result.model_dump(mode="json", exclude_none=True)
    if failures.more:
        where = "" if result.results is None else f" They are in {result.results}."
        output.warn(f"and {failures.more:,} more rows.{where}")
    output.note(str(result), "bold")
    for hint in _hints(result, failures):
        output.note(hint)
    if result.results is not None:
        output.path(result.out / RESULTS)
    if folder.gallery and not folder.dry_run:
        try:
            page = make_gallery(result.out)
        except TarashError as error:  # the files are there: that is what counts
            output.warn(str(error))
        else:
            output.path(page)
            told["gallery"] = str(page)
    output.object(told)
    return _exit_code(result)


def _hints(result: BatchResult, failures: _Failures) -> Iterator[str]:
    if result.estimate is not None:
        yield "Nothing was sent."
        return
    if result.stopped is not None:
        yield f"Stopped: {result.stopped.rstrip('.')}. The same command goes on."
    if result.unconfirmed:
        yield (
            f"{result.unconfirmed:,} row(s) may have been billed and have no file: look at the vendor's usage page. "
            "--retry-unconfirmed sends them again."
        )
    if failures.earlier:
        yield "--retry-failed sends those again that failed in an earlier run."


def _exit_code(result: BatchResult) -> int:
    number = signal_of(result)
    if number is not None:
        return exit_codes.interrupted_by(number)
    if result.unconfirmed:
        return UNCONFIRMED
    return exit_codes.OK if result.complete else SOME_FAILED


EVERY: Final = 5.0
"""Seconds between two lines."""


class BatchView(Protocol):
    """Where progress is seen."""

    def show(self, progress: BatchProgress, /) -> None:
        """Shows how far it is."""

    def close(self) -> None:
        """Lets go of the place."""


class Lines:
    """Plain lines on stderr."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def show(self, progress: BatchProgress) -> None:
        """Writes a line where enough time has passed."""
        now = time.monotonic()
        if not progress.finished and now - self._told >= EVERY:
            self._told = now
            print(progress, file=sys.stderr, flush=True)  # noqa: T201 # for a log or a pipe

    def close(self) -> None:
        """Writes nothing: the last line stands there."""


class Bar:
    """A bar at the bottom of the terminal; what is printed meanwhile appears above it."""

    def __init__(self, output: Output) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(bar_width=20), TextColumn("{task.description}", markup=False))
        self._bar: Any = Progress(*columns, console=output.err, transient=True)
        self._task: Any = None

    def show(self, progress: BatchProgress) -> None:
        """Draws how far it is."""
        if self._task is None:
            self._task = self._bar.add_task("", total=progress.total)
            self._bar.start()
        self._bar.update(self._task, description=str(progress), total=progress.total, completed=progress.rows)

    def close(self) -> None:
        """Gives the cursor back."""
        if self._task is not None:
            self._bar.stop()


def view_of(output: Output) -> BatchView:
    """The best place to show it at."""
    return Bar(output) if in_terminal() else Lines()
