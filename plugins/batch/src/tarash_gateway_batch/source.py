"""Where rows come from: a file, an iterable or an async one, read as a stream, and twice where that can be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable, Iterator, Sized
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any, Final

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.plugins import expand_home
from tarash_gateway_batch.reading import (
    Format,
    RawRow,
    count_lines,
    raw_row,
    rows_of_file,
    rows_of_objects,
)

AnyRows = Path | str | Iterable[Any] | AsyncIterable[Any]


class Source:
    """The rows of a batch, as they were given.

    Args:
        rows: a file, or mappings.
        form: how the file is written; without it, its ending tells.
        folder: where images are that a file names; without it, beside the file.
        more: further folders out of which a file may name images.

    Raises:
        ValidationError: `rows` is something else, or there is no such file.
    """

    def __init__(
        self,
        rows: AnyRows,
        form: Format | None = None,
        *,
        folder: Path | None = None,
        more: Iterable[Path | str] = (),
    ) -> None:
        self._path = expand_home(rows) if isinstance(rows, (str, Path)) else None
        self._rows: Any = rows
        self._form = form
        self._folder = folder
        self._more = [expand_home(one) for one in more]
        for one in self._more:
            if not one.is_dir():
                msg = f"input_folders: {one} is no folder"
                raise ValidationError(msg)
        if self._path is not None and not self._path.exists():
            msg = f"there is no file {self._path}"
            raise ValidationError(msg)
        if self._path is None and not isinstance(rows, (Iterable, AsyncIterable)):
            msg = f"rows are a file or an iterable of mappings, not a {type(rows).__name__}"
            raise ValidationError(msg)

    @property
    def total(self) -> int | None:
        """How many rows there are, about, where that is cheap to know."""
        if self._path is not None:
            return count_lines(self._path, self._form) if self._path.is_file() else None
        return len(self._rows) if isinstance(self._rows, Sized) else None

    @property
    def can_be_read_twice(self) -> bool:
        """Whether all rows can be looked at before the first is sent."""
        if self._path is not None:
            return self._path.is_file()  # and is no pipe
        return not isinstance(self._rows, (Iterator, AsyncIterable))

    def read(self) -> Generator[RawRow]:
        """The rows, where they are no async ones."""
        if self._path is not None:
            return rows_of_file(self._path, self._form, self._folder, self._more)
        return rows_of_objects(self._rows)

    async def stream(self) -> AsyncGenerator[RawRow]:
        """The rows, whatever they are."""
        if isinstance(self._rows, AsyncIterable):
            at = 0
            async for row in self._rows:
                at += 1
                yield row if isinstance(row, RawRow) else raw_row(at, row)
            return
        with closing(self.read()) as rows:
            for raw in rows:
                yield raw


BREATH: Final = 0.02
"""Seconds after which rows that need no work let others have their turn."""


async def breathing(source: Source) -> AsyncGenerator[RawRow]:
    """The rows of a source, with a pause now and then in which the event loop gets to its other tasks."""
    async with aclosing(source.stream()) as rows:
        began = time.monotonic()
        async for raw in rows:
            yield raw
            if time.monotonic() - began > BREATH:
                await asyncio.sleep(0)
                began = time.monotonic()
