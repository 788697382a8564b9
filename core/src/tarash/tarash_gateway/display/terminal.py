"""Progress in a terminal, drawn by rich: a bar for each call that runs, and a line for each that is finished.

The command line uses it too: `TerminalView(console)`.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from tarash.tarash_gateway.display.text import CallProgress, one_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.text import Text

WIDE: Final = 72
"""Columns below which the bar itself is left out, so that the words fit."""

LABEL: Final = 32
"""Characters of a provider and its model at the most, beside a bar."""

_MARKS: Final = {"completed": ("✓", "+", "green"), "failed": ("✗", "x", "red")}
"""For a final status: the mark, the same in ASCII, and its colour."""


class TerminalView:
    """Bars at the bottom of the terminal; whatever else is printed meanwhile appears above them.

    Args:
        console: rich's, on the stream to draw to; without one, stderr.
        clock: seconds, the clock of who calls `show`.
    """

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        if console is None:
            from rich.console import Console  # rich is an extra, imported where it is used

            console = Console(stderr=True)
        self.console = console
        self._clock = clock
        self._lock = threading.Lock()
        self._running: tuple[CallProgress, ...] = ()
        self._live: Live | None = None

    def show(self, changed: CallProgress, running: Sequence[CallProgress], now: float) -> None:
        """Draws the calls that run, and prints a line for a job's id and for a call that is finished."""
        shown_job = next((call.job_id for call in self._running if call.request_id == changed.request_id), None)
        with self._lock:
            self._running = tuple(running)
        if changed.finished:
            self.console.print(self._last_line(changed, ", ".join(changed.words(now))))
        elif changed.job_id is not None and shown_job is None:
            # In full and for good, so that it can be copied however the call ends.
            self.console.print(_text(f"  {changed.label} job {changed.job_id}", "dim"), soft_wrap=True)
        if self._live is None and running:
            self._start()
        elif self._live is not None:
            self._live.refresh()

    def close(self, left: Sequence[CallProgress]) -> None:
        """Gives the cursor back, and prints a line for each call that was interrupted."""
        with self._lock:
            self._running = ()
        if self._live is not None:
            self._live.stop()
            self._live = None
            atexit.unregister(self._at_exit)
        for call in left:
            self.console.print(self._last_line(call, f"interrupted: {', '.join(call.words(self._clock()))}"))

    def _start(self) -> None:
        from rich.live import Live  # rich is an extra, imported where it is used

        self._live = Live(
            get_renderable=self._drawn,
            console=self.console,
            refresh_per_second=8,
            transient=True,
            # What goes into a pipe or a file stays there: only a terminal's text is moved above the bars.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._live.start(refresh=True)
        # A script that ends in an error leaves no call's last update; the cursor must come back all the same.
        atexit.register(self._at_exit)

    def _at_exit(self) -> None:
        self.close(self._running)

    def _drawn(self) -> RenderableType:
        from rich.table import Table  # rich is an extra, imported where it is used

        now = self._clock()
        with self._lock:
            running = self._running
        grid = Table.grid(padding=(0, 1), expand=True)
        wide = self.console.width >= WIDE
        for _ in range(2 if wide else 1):
            grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for call in running:
            bar = [self._bar(call, now)] if wide else []
            words = " · ".join(call.words(now, job=False))
            grid.add_row(_text(one_line(call.label, LABEL), "bold"), *bar, _text(words))
        return grid

    def _bar(self, call: CallProgress, now: float) -> Any:
        from rich.progress_bar import ProgressBar  # rich is an extra, imported where it is used

        unknown = call.percent is None
        return ProgressBar(100.0, call.percent or 0.0, width=20, pulse=unknown, animation_time=now)

    def _last_line(self, call: CallProgress, words: str) -> Text:
        mark, plain, colour = _MARKS.get(call.status, ("…", "-", "yellow"))
        line = _text("")
        line.append(plain if self.console.options.ascii_only else mark, colour)
        line.append(f" {call.label} ", "bold")
        line.append(words)
        return line


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text  # rich is an extra, imported where it is used

    # Never as markup: a model's name or a vendor's words may hold square brackets.
    return Text(text, style)
