"""Ctrl-C: the first one lets a command say what is left behind, the second one ends the process at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible() -> Iterator[None]:
    """While it is open, the first SIGINT is a `KeyboardInterrupt`, and the second one the end."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        # Whoever started this has it ignored, as `nohup` does, or handles it.
        yield
        return

    def first(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, first)
    yield
    if signal.getsignal(signal.SIGINT) is first:
        # After a first one it stays as it is: what still holds on at the end of the process may be ended.
        signal.signal(signal.SIGINT, before)
