"""Where a command writes: results to stdout, everything else to stderr; with `--json`, one object on stdout."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    from tarash_gateway_cli.errors import CommandError

PIPE_WIDTH: Final = 120
"""Columns of a table that no terminal shows."""

NARROWEST: Final = 20
WIDEST: Final = 1000
"""Columns of a table, whatever the terminal says."""


def usable_width() -> int | None:
    """How wide a table is to be where a terminal or COLUMNS says what no text fits into; None where they do not."""
    text = os.environ.get("COLUMNS", "")
    columns = int(text) if text.isdecimal() and len(text) < 10 else shutil.get_terminal_size().columns
    fits = NARROWEST <= columns <= WIDEST
    return None if fits else min(max(columns, NARROWEST), WIDEST)


class Output:
    """The two streams of one command.

    Args:
        as_json: print one JSON object instead of what people read.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._warned: set[str] = set()

    @cached_property
    def err(self) -> Console:
        """The terminal, or whatever stderr is: for progress, notes and errors."""
        from rich.console import Console

        return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty(), width=usable_width())

    @cached_property
    def out(self) -> Console:
        """Stdout, for tables."""
        from rich.console import Console

        # A terminal, and a caller who sets COLUMNS, say how wide a table is to be.
        fits = sys.stdout.isatty() or "COLUMNS" in os.environ
        return Console(highlight=False, width=usable_width() if fits else PIPE_WIDTH)

    def note(self, text: str, style: str = "dim") -> None:
        """Lines beside the result, on stderr."""
        self._tell("", text, style)

    def warn(self, text: str) -> None:
        """Something to know, on stderr, once."""
        if text not in self._warned:
            self._warned.add(text)
            self._tell("warning: ", text, "yellow")

    def line(self, text: str) -> None:
        """A line of the result, on stdout, without control characters: it may hold a vendor's words."""
        if not self.as_json:
            print(on_one_line(text), flush=True)  # noqa: T201 # stdout is where results go

    def path(self, path: Path) -> None:
        """The path of a result, on stdout: as it is where another program reads it."""
        if not self.as_json:
            text = str(path)
            print(on_one_line(text) if sys.stdout.isatty() else text, flush=True)  # noqa: T201 # as above

    def show(self, *parts: RenderableType) -> None:
        """A table or another thing to look at, on stdout, without control characters in its texts."""
        if not self.as_json:
            for part in parts:
                self.out.print(_Clean(part))

    def object(self, told: Mapping[str, Any]) -> None:
        """The one object of `--json`."""
        if self.as_json:
            import json  # noqa: PLC0415 # not for what people read

            # Plain ASCII: whatever the encoding of the pipe is, it is read as it was meant.
            print(json.dumps(told, indent=2, default=str), flush=True)  # noqa: T201 # stdout is where results go

    def fail(self, error: CommandError) -> int:
        """Tells of an error, on both streams as each needs it.

        Returns:
            The exit code.
        """
        self._tell("" if error.kind == "Interrupted" else "error: ", str(error), "bold red")
        for hint in error.hints:
            self._tell("", on_one_line(hint), "")
        self.object({"error": error.as_json()})
        return error.code

    def _tell(self, head: str, text: str, style: str) -> None:
        from rich.text import Text

        # Never as markup: a vendor's words may hold square brackets. Never wrapped: commands are copied from here.
        # Indented behind a line break: no line of theirs looks like one of ours.
        plain = re.sub(r"\n(?=\S)", "\n  ", _plain(text))
        told = Text.assemble((head, style), (plain, "" if head else style))
        self.err.print(told, soft_wrap=True)


class _Clean:
    """What rich draws, without the control characters that were in its texts."""

    def __init__(self, part: RenderableType) -> None:
        self._part = part

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.segment import Segment

        for text, style, control in console.render(self._part, options):
            # Nothing in the place of a character that has no width: the columns stay in line.
            yield Segment("".join(char for char in text if char.isprintable() or char == "\n"), style, control)


def _plain(text: str) -> str:
    """`text` without control characters: a vendor's words must not steer a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


def on_one_line(text: str) -> str:
    """`text` without control characters and line breaks: a line that is copied is one command."""
    return _plain(text).replace("\n", " ")
