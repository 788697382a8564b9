"""One call being watched: its progress is shown, and its job is remembered for whatever breaks it off."""

from __future__ import annotations

import time
import warnings
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tarash.tarash_gateway.capabilities.lifecycle import ModelLifecycleWarning
from tarash.tarash_gateway.display.progress import Progress, View, in_terminal
from tarash.tarash_gateway.display.text import LineView
from tarash_gateway_cli.interrupts import Interrupted, hold_back
from tarash_gateway_cli.journals import CommandJournal
from tarash_gateway_cli.output import Output

if TYPE_CHECKING:
    from tarash.tarash_gateway.models import GenerationJob, ImageGenerationUpdate, VideoGenerationUpdate


class Watch:
    """What `on_progress` is given by the command line.

    A signal waits while a request is on its way, and while a result is not in its file: both are paid for.

    Args:
        output: where to show it.
        journal: what knows of the requests.
    """

    def __init__(self, output: Output, journal: CommandJournal) -> None:
        self._output = output
        self._journal = journal
        self._pause_ends = 0.0
        self._bar = Progress(_view(output))
        self._warnings = warnings.catch_warnings()
        self.job: GenerationJob | None = None
        self.stopped: int | None = None
        """The signal that waits."""

    def __call__(self, update: ImageGenerationUpdate | VideoGenerationUpdate) -> None:
        self.job = getattr(update, "job", None) or self.job
        pauses = self.job is None and update.status == "waiting" and self._journal.sent == 1
        self._pause_ends = time.monotonic() + (update.wait_seconds or 0.0) if pauses else 0.0
        if self.stopped is not None and not self._journal.made and (pauses or self.job is not None):
            raise Interrupted(self.stopped)
        # Of a failure the command itself says more; the bar is let go of as it was.
        if update.status != "failed":
            self._bar(update)

    def _hold(self, number: int) -> bool:
        """Whether a signal must wait; then nothing more is sent."""
        journal = self._journal
        if not journal.made and (not journal.on_its_way or time.monotonic() < self._pause_ends):
            return False
        self.stopped, journal.closing = number, True
        if not journal.made:
            with suppress(RuntimeError):  # it came in the middle of another line
                self._output.note("Interrupted: waits for the answer to what was sent. Once more ends at once.")
        return True

    def __enter__(self) -> Self:
        hold_back(self._hold)
        # Told when it comes, before anything is sent, and without the place in the code.
        self._warnings.__enter__()
        warnings.simplefilter("always", ModelLifecycleWarning)
        warnings.showwarning = self._show_warning  # type: ignore[assignment] # the rest of what it is given is a place
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
        self._warnings.__exit__(kind, error, trace)

    def _show_warning(self, message: Warning | str, *_place: Any) -> None:
        self._output.warn(str(message))


def _view(output: Output) -> View:
    if not in_terminal():
        return LineView()
    from tarash.tarash_gateway.display.terminal import TerminalView  # noqa: PLC0415 # where there is a terminal

    return TerminalView(output.err)
