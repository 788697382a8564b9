"""Where a command writes: results to stdout, everything else to stderr; with `--json`, one object on stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from tarash_gateway_cli.failures import CommandError

PIPE_WIDTH = 120
"""Columns of a table that no terminal shows."""


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

        return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())

    @cached_property
    def out(self) -> Console:
        """Stdout, for tables."""
        from rich.console import Console

        class ResultConsole(Console):
            def on_broken_pipe(self) -> None:
                raise BrokenPipeError  # told by the exit code, where rich would end the process with another one

        # A terminal, and a caller who sets COLUMNS, say how wide a table is to be.
        fits = sys.stdout.isatty() or "COLUMNS" in os.environ
        return ResultConsole(highlight=False, width=None if fits else PIPE_WIDTH)

    def note(self, text: str, style: str = "dim") -> None:
        """One line beside the result, on stderr."""
        self._tell("", text, style)

    def warn(self, text: str) -> None:
        """Something to know, on stderr, once."""
        if text not in self._warned:
            self._warned.add(text)
            self._tell("warning: ", text, "yellow")

    def line(self, text: str) -> None:
        """A line of the result, on stdout: as it is, to be read by another program."""
        if not self.as_json:
            print(text, flush=True)  # noqa: T201 # stdout is where results go

    def show(self, *parts: RenderableType) -> None:
        """A table or another thing to look at, on stdout."""
        if not self.as_json:
            for part in parts:
                self.out.print(part)

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
            self._tell("", hint, "")
        self.object({"error": error.as_json()})
        return error.code

    def _tell(self, head: str, text: str, style: str) -> None:
        from rich.text import Text

        # Never as markup: a vendor's words may hold square brackets. Never wrapped: commands are copied from here.
        told = Text.assemble((head, style), (_plain(text), "" if head else style))
        self.err.print(told, soft_wrap=True)


def _plain(text: str) -> str:
    """`text` without control characters: a vendor's words must not steer a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
