"""Progress in a notebook: one display for the calls of a cell, changed in place."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

from tarash.tarash_gateway.showing.calls import CallProgress
from tarash.tarash_gateway.showing.update import calls_bundle

KEPT: Final = 20
"""Finished calls that stay in the display of many."""


class NotebookView:
    """A display in the cell that runs; a later cell gets one of its own."""

    def __init__(self) -> None:
        self._display: Any = None
        self._cell: object = None
        self._calls: dict[str, CallProgress] = {}

    def show(self, changed: CallProgress, running: Sequence[CallProgress], now: float) -> None:
        """Changes the display, or makes it."""
        if changed.request_id not in self._calls and _cell() != self._cell:
            # A call that broke off in an earlier cell stays as it was there.
            self._cell, self._display, self._calls = _cell(), None, {}
        self._calls[changed.request_id] = changed
        finished = [known for known in self._calls if known not in {call.request_id for call in running}]
        for known in finished[: max(0, len(finished) - KEPT)]:
            del self._calls[known]
        bundle = calls_bundle(self._calls.values(), now)
        if self._display is None:
            # Here it is: this view is made in a kernel of IPython only.
            self._display = import_module("IPython.display").display(bundle, raw=True, display_id=True)
        else:
            self._display.update(bundle, raw=True)

    def close(self, _left: Sequence[CallProgress]) -> None:
        """Leaves the display as it is: a call that is begun later in the same cell is added to it."""


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook. IPython is not imported to find out."""
    return getattr(_shell(), "kernel", None) is not None


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _cell() -> object:
    return getattr(_shell(), "execution_count", None)
