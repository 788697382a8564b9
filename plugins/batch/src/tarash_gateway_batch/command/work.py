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
from tarash.tarash_gateway.models import MediaKind
from tarash.tarash_gateway.plugins import expand_home, normalize_name
from tarash_gateway_batch.batch import run_to_end, stop_signal
from tarash_gateway_batch.command.options import ModelOptions, OutputOptions, RowOptions, RunOptions
from tarash_gateway_batch.interfaces import make_engine
from tarash_gateway_batch.results import BatchProgress, BatchResult, RowOutcome
from tarash_gateway_batch.runner import BatchRunner
from tarash_gateway_batch.settings import CONFIGS, JOURNAL, RESULTS, AnyConfig, BatchSettings, ConfigResolver
from tarash_gateway_batch.source import Source, ThreadedIterator, read_stream
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
The same command again continues where the last one ended.

Exit codes: 0 every row has its files, 3 some may have been billed without a file, 4 some failed."""

app = App(name="batch", help_epilogue=EXAMPLES)

UNCONFIRMED: Final = 3
"""Exit code: some rows may have been billed and have no file. Only this command has it, and the next one."""

SOME_FAILED: Final = 4
"""Exit code: some rows have no file."""

MAX_REPORTED: Final = 20
"""Failures that are reported one by one; the file of results has all."""

LINE_INTERVAL: Final = 5.0
"""Seconds between two lines of progress."""

_ROWS, _MODEL, _RUN = RowOptions(), ModelOptions(), RunOptions()
"""The options where none is typed."""


@app.default
def batch(
    rows: Annotated[str, Parameter(metavar="ROWS", allow_leading_hyphen=True)],
    /,
    *,
    output: OutputOptions,
    content: RowOptions = _ROWS,
    model: ModelOptions = _MODEL,
    run: RunOptions = _RUN,
) -> int:
    """Makes a file of every row: many at a time, and none of them is paid for twice.

    Args:
        rows: A file of JSON lines or CSV; - reads them from stdin.
        output: Where the files go.
        content: What is in the rows.
        model: The model that makes them.
        run: How fast, and how much.
    """
    screen = Output(as_json=output.as_json)
    try:
        settings = _settings(output, content, run)
        with _source(rows, content) as source, _shown_warnings(screen):
            engine = make_engine(run.engine, without_unset(address=run.address))
            configs = ConfigResolver(default=_DefaultConfigs(model, content.kind, screen), nearest=model.nearest)
            view, failures = view_of(screen), _FailureReport(screen)
            runner = BatchRunner(source, settings, configs, engine=engine, on_progress=view.show, on_row=failures)
            if runner.notice is not None:
                screen.warn(runner.notice)
            try:
                result = run_to_end(runner)
            finally:
                view.close()
            return _report(screen, result, output, failures)
    except ValidationError as error:
        # The exit code of that error means another thing here.
        raise CommandError(str(error), code=SOME_FAILED if content.strict else exit_codes.USAGE, cause=error) from error


def _settings(output: OutputOptions, content: RowOptions, run: RunOptions) -> BatchSettings:
    return BatchSettings(
        out=output.output,
        journal=output.journal or output.output / JOURNAL,
        defaults=parse_params(content.default) | {"kind": content.kind},
        concurrency=run.concurrency,
        exists=output.exists,
        max_cost=run.max_cost,
        rate=run.rate,
        retry_failed=run.retry_failed,
        retry_unconfirmed=run.retry_unconfirmed,
        changed=run.changed,
        strict=content.strict,
        dry_run=output.dry_run,
    )


@contextmanager
def _source(rows: str, content: RowOptions) -> Iterator[Source]:
    if rows != "-":
        yield Source(rows, content.form, input_folders=content.inputs)
        return
    form = content.form or "jsonl"
    if not content.strict:
        folders = [Path(), *map(expand_home, content.inputs)]
        yield Source(ThreadedIterator(read_stream(sys.stdin.buffer, form, folders)))
        return
    with tempfile.NamedTemporaryFile(prefix="tarash-rows-") as file:  # all of them are checked first
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield Source(file.name, form, folder=Path(), input_folders=content.inputs)


@contextmanager
def _shown_warnings(output: Output) -> Iterator[None]:
    """Shows that a model is retired when it happens, without the place in the code."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", ModelLifecycleWarning)
        warnings.showwarning = lambda message, *_place, **_more: output.warn(str(message))
        yield


class _DefaultConfigs:
    """Makes the configs of rows, and fills in what they do not name; each choice is shown once."""

    def __init__(self, options: ModelOptions, kind: MediaKind, screen: Output) -> None:
        self._options = options
        self._kind = kind
        self._screen = screen
        self._shown: set[str] = set()

    def __call__(self, kind: MediaKind, provider: str | None, model: str | None) -> AnyConfig:
        options = self._options
        is_provider = provider is None or (
            options.provider is not None and normalize_name(provider) == normalize_name(options.provider)
        )
        is_model = is_provider and kind == self._kind
        base_url = options.base_url if is_provider else None
        model = options.model if model is None and is_model else model
        fields: dict[str, Any] = without_unset(base_url=base_url, timeout=options.timeout)
        if is_model and model == options.model:
            fields |= without_unset(base_model=options.base_model)
        try:
            # -m is for rows of the kind of --kind; those of the other kind name their model themselves.
            override = "-m names another" if is_model else f"rows of the kind {kind} name another as their model"
            choice = choose(kind, provider or options.provider, model, base_url, override=override)
        except CommandError as error:
            raise ValidationError(" ".join([f"{error}.", *error.hints])) from error
        for note in choice.notes:
            if note not in self._shown:
                self._shown.add(note)
                self._screen.note(note, "cyan")
        return CONFIGS[kind](provider=choice.provider, model=choice.model, **fields)


class _FailureReport:
    """Reports rows that failed, the first ones of them."""

    def __init__(self, screen: Output) -> None:
        self.has_earlier = False
        """Whether some of them failed in an earlier run."""

        self._screen = screen
        self._count = 0

    def __call__(self, outcome: RowOutcome) -> None:
        if outcome.error is None:
            if outcome.warning is not None:
                self._warn(outcome)
            return
        self._count += 1
        self.has_earlier = self.has_earlier or "retry_failed=True" in outcome.error
        if self._count <= MAX_REPORTED:
            self._warn(outcome)

    def _warn(self, outcome: RowOutcome) -> None:
        text = str(outcome)
        for argument, option in _OPTIONS.items():
            text = text.replace(argument, option)
        self._screen.warn(text)

    @property
    def unreported(self) -> int:
        """Number of failures that were not reported."""
        return max(self._count - MAX_REPORTED, 0)


_OPTIONS: Final = {
    "retry_failed=True": "--retry-failed",
    "retry_unconfirmed=True": "--retry-unconfirmed",
    "changed='redo'": "--changed redo",
    "(exists: error, skip or replace)": "(--exists skip keeps it, --exists replace makes it again)",
}
"""The options that stand for arguments in Python."""


def _report(screen: Output, result: BatchResult, output: OutputOptions, failures: _FailureReport) -> int:
    """Shows the result, and returns the exit code."""
    fields: dict[str, Any] = result.model_dump(mode="json", exclude_none=True)
    if failures.unreported:
        where = "" if result.results is None else f" They are in {result.results}."
        screen.warn(f"and {failures.unreported:,} more rows.{where}")
    screen.note(str(result), "bold")
    for hint in _hints(result, failures):
        screen.note(hint)
    if result.results is not None:
        screen.path(result.out / RESULTS)
    if output.gallery and not output.dry_run:
        try:
            page = make_gallery(result.out)
        except TarashError as error:  # the files are there: that is what counts
            screen.warn(str(error))
        else:
            screen.path(page)
            fields["gallery"] = str(page)
    screen.object(fields)
    return _exit_code(result)


def _hints(result: BatchResult, failures: _FailureReport) -> Iterator[str]:
    if result.estimate is not None:
        yield "Nothing was sent."
        return
    if result.stopped is not None:
        yield f"Stopped: {result.stopped.rstrip('.')}. The same command continues."
    if result.unconfirmed:
        yield (
            f"{result.unconfirmed:,} row(s) may have been billed and have no file: look at the vendor's usage page. "
            "--retry-unconfirmed sends them again."
        )
    if failures.has_earlier:
        yield "--retry-failed sends those again that failed in an earlier run."


def _exit_code(result: BatchResult) -> int:
    number = stop_signal(result)
    if number is not None:
        return exit_codes.interrupted_by(number)
    if result.unconfirmed:
        return UNCONFIRMED
    return exit_codes.OK if result.complete else SOME_FAILED


class BatchView(Protocol):
    """Shows progress."""

    def show(self, progress: BatchProgress, /) -> None:
        """Shows the progress."""

    def close(self) -> None:
        """Ends the display."""


class Lines:
    """Shows progress as plain lines on stderr."""

    def __init__(self) -> None:
        self._shown_at = time.monotonic()

    def show(self, progress: BatchProgress) -> None:
        """Writes a line where enough time has passed."""
        now = time.monotonic()
        if not progress.finished and now - self._shown_at >= LINE_INTERVAL:
            self._shown_at = now
            print(progress, file=sys.stderr, flush=True)  # noqa: T201 # for a log or a pipe

    def close(self) -> None:
        """Writes nothing: the last line stays."""


class Bar:
    """Shows progress as a bar at the bottom of the terminal; what is printed meanwhile appears above it."""

    def __init__(self, screen: Output) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(bar_width=20), TextColumn("{task.description}", markup=False))
        self._bar: Any = Progress(*columns, console=screen.err, transient=True)
        self._task: Any = None

    def show(self, progress: BatchProgress) -> None:
        """Draws the progress."""
        if self._task is None:
            self._task = self._bar.add_task("", total=progress.total)
            self._bar.start()
        self._bar.update(self._task, description=str(progress), total=progress.total, completed=progress.rows)

    def close(self) -> None:
        """Removes the bar."""
        if self._task is not None:
            self._bar.stop()


def view_of(screen: Output) -> BatchView:
    """Returns a bar in a terminal, and lines elsewhere."""
    return Bar(screen) if in_terminal() else Lines()
