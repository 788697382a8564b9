"""Signals that ask a process to stop: Ctrl-C, SIGTERM of a service manager, SIGHUP of a terminal that is closed.

The command line and the batch share this. What is to happen is the caller's: a signal only says that it is wanted.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final, Self

STOP_SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class StopSignals:
    """While it is open, the first signal of `STOP_SIGNALS` calls `stop` with its number, and the next one ends.

    A signal that is ignored, as SIGHUP is under `nohup`, stays so; a handler of the application stays, except
    for Ctrl-C. In another thread than the main one nothing is changed. May be nested: the innermost one is called.

    Args:
        stop: called in the main thread, between two steps of whatever it does. It may raise.
        ends: whether a second signal ends the process at once; without it, it does what it did before.
    """

    def __init__(self, stop: Callable[[int], object], *, ends: bool = False) -> None:
        self._stop = stop
        self._ends = ends
        self._before: dict[int, Any] = {}
        self.received: int | None = None
        """The number of the signal that came."""

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in STOP_SIGNALS:
                before = signal.getsignal(number)
                if _is_ours(number, before):
                    self._before[number] = before
                    signal.signal(number, self._first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.received is None:
            for number, before in self._before.items():
                signal.signal(number, before)
        # After a first one it stays as it is: what still holds on at the end of the process may be ended.

    def _first(self, number: int, _frame: FrameType | None) -> None:
        self.received = number
        for each in self._before:
            signal.signal(each, self._next(each))
        self._stop(number)

    def _next(self, number: int) -> Any:
        before = self._before[number]
        around = getattr(before, "__self__", None)
        if isinstance(around, StopSignals):
            return around._next(number)  # noqa: SLF001 # its own class
        return signal.SIG_DFL if self._ends else before


def _is_ours(number: int, handler: Any) -> bool:
    if isinstance(getattr(handler, "__self__", None), StopSignals):
        return True
    return callable(handler) if number == signal.SIGINT else handler is signal.SIG_DFL
