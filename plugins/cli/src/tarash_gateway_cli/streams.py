"""The standard streams of a command: closed, full or without a reader, they stop no work that is paid for."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any


class OutputStream(TextIOWrapper):
    """A text stream that remembers the first error of the system, and takes in whatever is written after it."""

    failed: OSError | None = None

    def write(self, text: str, /) -> int:
        """Writes text, as long as that works."""
        if self.failed is None:
            try:
                return super().write(text)
            except OSError as error:
                self._give_up(error)
        return len(text)

    def writelines(self, lines: Any, /) -> None:
        """Writes each of them."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Writes what is held back, as long as that works."""
        if self.failed is None:
            try:
                super().flush()
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.failed = error
        # What is held back is written once more at the end of the process: then it goes nowhere.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


@contextmanager
def output_streams() -> Iterator[tuple[OutputStream, OutputStream]]:
    """Puts streams that never fail into the places of stdout and stderr, and opens those that are closed.

    A closed one would be the number of the next file that is opened, such as that of an image.
    """
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    for number in closed:
        nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
        assert nowhere == number  # noqa: S101 # as POSIX has it
    if sys.stdin is None or 0 in closed:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 # to the end
    out, err = _stream("stdout", 1, closed), _stream("stderr", 2, closed)
    yield out, err
    out.flush()
    err.flush()


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _stream(name: str, number: int, closed: list[int]) -> OutputStream:
    before = getattr(sys, name)
    if isinstance(before, OutputStream):
        return before
    if isinstance(before, TextIOWrapper):
        encoding, lines, buffer = before.encoding, before.line_buffering, before.detach()
    else:
        encoding, lines, buffer = "utf-8", name == "stderr", open(number, "wb", closefd=False)  # noqa: SIM115
    # Whatever cannot be encoded is spelled out.
    stream = OutputStream(buffer, encoding, "backslashreplace", line_buffering=lines)
    if number in closed:
        stream.failed = OSError(errno.EBADF, os.strerror(errno.EBADF))
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)
    return stream
