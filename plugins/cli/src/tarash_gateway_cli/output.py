"""The output of a command: results go to stdout, everything else to stderr; `--json` prints one object on stdout.

The streams are replaced by ones that never fail: a closed or full stream stops no work that is paid for.
"""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    from tarash_gateway_cli.errors import CommandError

PIPE_WIDTH: Final = 120
"""Columns of a table if stdout is no terminal."""

NARROWEST: Final = 20
WIDEST: Final = 1000
"""The limits of a table's width in columns."""


def usable_width() -> int | None:
    """Returns the width of tables if the terminal or COLUMNS names an unusable one, or None."""
    text = os.environ.get("COLUMNS", "")
    columns = int(text) if text.isdecimal() and len(text) < 10 else shutil.get_terminal_size().columns
    fits = NARROWEST <= columns <= WIDEST
    return None if fits else min(max(columns, NARROWEST), WIDEST)


class Output:
    """The two streams of one command.

    Args:
        as_json: print one JSON object instead of text.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._warned: set[str] = set()

    @cached_property
    def err(self) -> Console:
        """Stderr, for progress, notes and errors."""
        from rich.console import Console

        return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty(), width=usable_width())

    @cached_property
    def out(self) -> Console:
        """Stdout, for tables."""
        from rich.console import Console

        # The width of a terminal or of COLUMNS is meant for tables; a pipe has none.
        fits = sys.stdout.isatty() or "COLUMNS" in os.environ
        return Console(highlight=False, width=usable_width() if fits else PIPE_WIDTH)

    def note(self, text: str, style: str = "dim") -> None:
        """Prints a note on stderr."""
        self._print("", text, style)

    def warn(self, text: str) -> None:
        """Prints a warning on stderr, each text once."""
        if text not in self._warned:
            self._warned.add(text)
            self._print("warning: ", text, "yellow")

    def line(self, text: str) -> None:
        """Prints a line of the result on stdout, without control characters: a vendor may have written it."""
        if not self.as_json:
            print(on_one_line(text), flush=True)  # noqa: T201 # stdout is where results go

    def path(self, path: Path) -> None:
        """Prints the path of a result on stdout; unchanged if another program reads it."""
        if not self.as_json:
            text = str(path)
            print(on_one_line(text) if sys.stdout.isatty() else text, flush=True)  # noqa: T201 # as above

    def show(self, *parts: RenderableType) -> None:
        """Prints tables on stdout, without control characters in their texts."""
        if not self.as_json:
            for part in parts:
                self.out.print(_Clean(part))

    def object(self, value: Mapping[str, Any]) -> None:
        """Prints the one object of `--json`."""
        if self.as_json:
            import json  # noqa: PLC0415 # for --json only

            # Plain ASCII: the same in every encoding of a pipe.
            print(json.dumps(value, indent=2, default=str), flush=True)  # noqa: T201 # stdout is where results go

    def fail(self, error: CommandError) -> int:
        """Prints an error: text on stderr, and with `--json` an object on stdout.

        Returns:
            The exit code.
        """
        self._print("" if error.kind == "Interrupted" else "error: ", str(error), "bold red")
        for hint in error.hints:
            self._print("", on_one_line(hint), "")
        self.object({"error": error.as_json()})
        return error.code

    def _print(self, head: str, text: str, style: str) -> None:
        from rich.text import Text

        # No markup: a vendor's text may hold square brackets. No wrapping: users copy commands from here.
        # Following lines are indented, so that no line of a vendor looks like one of ours.
        plain = re.sub(r"\n(?=\S)", "\n  ", _plain(text))
        self.err.print(Text.assemble((head, style), (plain, "" if head else style)), soft_wrap=True)


class _Clean:
    """A renderable of rich without the control characters in its texts."""

    def __init__(self, part: RenderableType) -> None:
        self._part = part

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.segment import Segment

        for text, style, control in console.render(self._part, options):
            # Dropped and not replaced: these characters have no width, and the columns stay aligned.
            yield Segment("".join(char for char in text if char.isprintable() or char == "\n"), style, control)


def _plain(text: str) -> str:
    """Replaces control characters: a vendor's text must not control the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


def on_one_line(text: str) -> str:
    """Replaces control characters and line breaks: a copied line is one command."""
    return _plain(text).replace("\n", " ")


def shell_command(*words: str) -> str:
    """Returns a command, quoted for a shell, on one line."""
    return on_one_line(shlex.join(words))


class OutputStream(TextIOWrapper):
    """A text stream that remembers its first OSError and drops what is written after it."""

    failed: OSError | None = None

    def write(self, text: str, /) -> int:
        """Writes text, until writing has failed once."""
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
        """Writes what is buffered, until writing has failed once."""
        if self.failed is None:
            try:
                super().flush()
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.failed = error
        # Python flushes again when the process ends: that must go nowhere.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.fileno())
        os.close(null)


@contextmanager
def output_streams() -> Iterator[tuple[OutputStream, OutputStream]]:
    """Replaces stdout and stderr by streams that never fail, and opens the closed ones.

    The next file that is opened would get the number of a closed stream: text would be written into an image.
    """
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    for number in closed:
        null = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
        assert null == number  # noqa: S101 # as POSIX has it
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
    original = getattr(sys, name)
    if isinstance(original, OutputStream):
        return original
    if isinstance(original, TextIOWrapper):
        encoding, lines, buffer = original.encoding, original.line_buffering, original.detach()
    else:
        encoding, lines, buffer = "utf-8", name == "stderr", open(number, "wb", closefd=False)  # noqa: SIM115
    # What the encoding lacks is written as an escape.
    stream = OutputStream(buffer, encoding, "backslashreplace", line_buffering=lines)
    if number in closed:
        stream.failed = OSError(errno.EBADF, os.strerror(errno.EBADF))
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)
    return stream
