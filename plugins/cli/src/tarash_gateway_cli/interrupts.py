"""Ctrl-C, SIGTERM and SIGHUP: the first one lets a command keep what is paid for, the second one ends it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tarash.tarash_gateway.signals import StopSignals


class Interrupted(KeyboardInterrupt):  # as the one of Python
    """A command is broken off by a signal.

    Args:
        number: the signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


_holds: list[Callable[[int], bool]] = []


@contextmanager
def interruptible() -> Iterator[None]:
    """While it is open, the first signal raises `Interrupted`, unless something is held back; the second one ends."""

    def stop(number: int) -> None:
        if not any(hold(number) for hold in _holds):
            raise Interrupted(number)

    try:
        with StopSignals(stop, ends=True):
            yield
    finally:
        _holds.clear()


def hold_back(hold: Callable[[int], bool]) -> None:
    """Asks `hold`, to the end of the command, whether a signal must wait; it is given the signal's number."""
    _holds.append(hold)
