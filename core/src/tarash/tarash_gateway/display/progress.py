"""Progress: a callback for `on_progress=` that shows how far calls are.

In a notebook it is a display that changes in place, in a terminal a bar, anywhere else plain lines on stderr.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from types import TracebackType
from typing import Protocol, Self

from tarash.tarash_gateway.display.text import CallProgress, LineView, ShownUpdate

logger = logging.getLogger("tarash.progress")


class View(Protocol):
    """A place that shows progress. It is called by one thread at a time."""

    def show(self, changed: CallProgress, running: Sequence[CallProgress], now: float, /) -> None:
        """Shows that one call has changed.

        Args:
            changed: the call; one that is finished is not among `running`.
            running: the calls that are not finished, oldest first.
            now: seconds on the clock that the calls' times are of.
        """

    def close(self, left: Sequence[CallProgress], /) -> None:
        """Releases the place; `left` are calls that were interrupted, if any. It may be used again."""


class Progress:
    """Shows the progress of one call or of several, consecutive or concurrent ones.

    Given as `on_progress=`, or called with the updates of `stream_image`. It never raises, and releases the terminal
    when the last call is finished; `with progress() as bar:` releases it whatever happens.

    Args:
        view: where to show it; without one, the place is found when the first update comes.
        clock: seconds.
    """

    def __init__(self, view: View | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._view = view
        self._clock = clock
        self._lock = threading.RLock()
        self._running: dict[str, CallProgress] = {}

    def __call__(self, update: ShownUpdate) -> None:
        """Shows one update."""
        try:
            with self._lock:
                self._show(update)
        except Exception:
            logger.debug("progress could not be shown", exc_info=True)

    def close(self) -> None:
        """Releases the terminal. Calls that still run are shown again with their next update."""
        try:
            with self._lock:
                left = tuple(self._running.values())
                self._running.clear()
                if self._view is not None:
                    self._view.close(left)
        except Exception:
            logger.debug("progress could not be closed", exc_info=True)

    def _show(self, update: ShownUpdate) -> None:
        now = self._clock()
        if self._view is None:
            self._view = view_of_this_process()
        before = self._running.get(update.request_id)
        call = CallProgress.begun(update, now) if before is None else before.after(update, now)
        if call.finished:
            self._running.pop(call.request_id, None)
        else:
            self._running[call.request_id] = call
        self._view.show(call, tuple(self._running.values()), now)
        if not self._running:
            self._view.close(())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def progress(*, lines: bool = False) -> Progress:
    """Shows how far a call is: `generate_video(config, request, on_progress=progress())`.

    In a notebook it is a display that changes in place. In a terminal it is a bar, where the extra `cli` is installed;
    anywhere else, plain lines on stderr. One object serves several calls, concurrently too.

    Args:
        lines: writes plain lines on stderr everywhere, as a log wants them.

    Returns:
        A callable for `on_progress`, which is a context manager too.
    """
    return Progress(LineView() if lines else None)


def view_of_this_process() -> View:
    """Chooses the place to show progress at: the notebook's cell, the terminal, or lines on stderr."""
    # Imported when needed: each of the two needs a library that may not be there.
    from tarash.tarash_gateway.display.notebook import NotebookView, in_notebook  # noqa: PLC0415

    if in_notebook():
        return NotebookView()
    if in_terminal() and find_spec("rich") is not None:
        from tarash.tarash_gateway.display.terminal import TerminalView  # noqa: PLC0415

        return TerminalView()
    return LineView()


def in_terminal() -> bool:
    """Whether stderr is a terminal that a line can be redrawn in."""
    return bool(sys.stderr and sys.stderr.isatty()) and os.environ.get("TERM") != "dumb"
