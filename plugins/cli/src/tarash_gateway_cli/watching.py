"""One call being watched: its progress is shown, and its job is remembered for whatever breaks it off."""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tarash.tarash_gateway.capabilities.lifecycle import ModelLifecycleWarning
from tarash.tarash_gateway.showing.lines import LineView
from tarash.tarash_gateway.showing.progress import Progress, View, in_terminal
from tarash_gateway_cli.output import Output

if TYPE_CHECKING:
    from tarash.tarash_gateway.models import GenerationJob, ImageGenerationUpdate, VideoGenerationUpdate


class Watch:
    """What `on_progress` is given by the command line."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._bar = Progress(_view(output))
        self._warnings = warnings.catch_warnings()
        self.job: GenerationJob | None = None
        self.status: str | None = None

    def __call__(self, update: ImageGenerationUpdate | VideoGenerationUpdate) -> None:
        self.job = getattr(update, "job", None) or self.job
        # Of a failure the command itself says more; the bar is let go of as it was.
        if update.status != "failed":
            self.status = update.status
            self._bar(update)

    @property
    def may_be_billed(self) -> bool:
        """Whether a request was on its way when the last word came, and nothing is known of it."""
        return self.job is None and self.status in ("submitting", "waiting", "partial")

    def __enter__(self) -> Self:
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
    from tarash.tarash_gateway.showing.terminal import TerminalView  # noqa: PLC0415 # where there is a terminal

    return TerminalView(output.err)
