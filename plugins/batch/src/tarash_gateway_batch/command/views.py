"""How far a batch is: a bar in a terminal, a line every few seconds anywhere else."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from tarash.tarash_gateway.display.progress import in_terminal
from tarash_gateway_cli.output import Output

if TYPE_CHECKING:
    from tarash_gateway_batch.results import BatchProgress

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
        from rich.progress import BarColumn, Progress, TextColumn  # where there is a terminal

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
