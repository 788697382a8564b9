"""Where rows come from: a file, an iterable or an async one, read as a stream, and twice where that is possible."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sized,
)
from contextlib import aclosing, closing, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from tarash.tarash_gateway.errors import Problem, ValidationError
from tarash.tarash_gateway.plugins import expand_home
from tarash.tarash_gateway.records import shortened
from tarash_gateway_batch.formats import Format, RawRow, read_rows

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


_BASE64: Final = re.compile(r"[A-Za-z0-9+/_\s-]*={0,2}\s*")

_NOT_FOUND: Final = (
    "is no file in the folder of the rows; files of another folder are read where it is named "
    "with --inputs FOLDER (input_folders=)"
)

_MEDIA_FIELDS: Final = ("image_list", "mask_image", "video")


class InputFolders:
    """The folders out of which rows may name files.

    Whoever writes rows must not choose which files of this machine are sent on: neither `..`, nor an absolute path,
    nor a link leads out of these folders.

    Args:
        folders: the folder of the rows first; the others were named by whoever runs the batch.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = [folder.resolve() for folder in folders]

    def find(self, name: str) -> Path | None:
        """The file of that name; None where no such file is in one of the folders."""
        with suppress(OSError, ValueError, RuntimeError):
            for folder in self._folders:
                path = (folder / name).resolve()
                if path.is_relative_to(folder) and path.is_file():
                    return path
        return None


def format_of(path: Path) -> Format:
    """What the ending of a file's name says of it."""
    return "csv" if path.suffix.lower() == ".csv" else "jsonl"


def rows_of_file(
    path: Path, form: Format | None = None, folder: Path | None = None, more: Iterable[Path] = ()
) -> Generator[RawRow]:
    """The rows of a file. Images that are named in it are looked for in `folder`, or beside it, and in `more`.

    Raises:
        ValidationError: it cannot be opened, or its header cannot be right.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}"
        raise ValidationError(msg) from error
    with file:
        yield from rows_of_stream(file, form or format_of(path), [folder or path.parent, *more])


def rows_of_stream(stream: BinaryIO, form: Format, folders: Iterable[Path]) -> Iterator[RawRow]:
    """The rows of a stream; `folders` are where images are looked for that are named in it."""
    empty = True
    inputs = InputFolders(folders)
    for row in read_rows(stream, form):
        empty = False
        yield row if row.problem is not None else _with_paths(row, inputs)
    if empty:
        yield RawRow(1, problem="there are no rows in it")


def rows_of_objects(rows: Iterable[Any]) -> Generator[RawRow]:
    """The rows of any iterable."""
    return (raw_row(at, row) for at, row in enumerate(rows, start=1))


def raw_row(at: int, row: object) -> RawRow:
    """A row that is an object of Python."""
    if not isinstance(row, Mapping):
        return RawRow(at, problem=f"is a {type(row).__name__}, where a mapping of fields belongs")
    return RawRow(at, row)


def count_lines(path: Path, form: Format | None = None) -> int:
    """About how many rows a file has, without reading them: a line break within quotes counts as a row."""
    count, last = 0, b"\n"
    with suppress(OSError), path.open("rb") as file:
        while block := file.read(1 << 20):
            count += block.count(b"\n")
            last = block[-1:]
    count += last != b"\n"
    return max(count - ((form or format_of(path)) == "csv"), 0)


def _with_paths(row: RawRow, inputs: InputFolders) -> RawRow:
    """The row, with a `Path` for each image that is named by its file."""
    if row.fields.keys().isdisjoint(_MEDIA_FIELDS):
        return row
    fields = dict(row.fields)
    problems: list[Problem] = []
    for name in _MEDIA_FIELDS:
        if name in fields:
            missing: list[Problem] = []
            fields[name] = _located(fields[name], name, inputs, missing)
            if missing and name != "video":  # there it may be the vendor's id of one
                del fields[name]
                problems += missing
    return RawRow(row.line, fields, problems=tuple(problems))


def _located(value: Any, place: str, inputs: InputFolders, missing: list[Problem]) -> Any:
    if isinstance(value, list):
        return [_located(item, f"{place}.{at}.image", inputs, missing) for at, item in enumerate(value)]
    if isinstance(value, dict) and "image" in value:
        return {**value, "image": _located(value["image"], place, inputs, missing)}
    if isinstance(value, str) and len(value) < 1024 and "://" not in value and not value.startswith("data:"):
        path = inputs.find(value)
        if path is None and not _BASE64.fullmatch(value):
            missing.append(Problem(place, _NOT_FOUND, value=shortened(value)))
        return path or value
    return value


AHEAD: Final = 64
"""Rows that are read before somebody wants them."""

_END: Final = object()


class InThread:
    """The items of a blocking iterable, for one `async for`.

    Whoever leaves the loop early leaves the thread waiting for its next item; it ends with the process.
    """

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items

    async def __aiter__(self) -> AsyncIterator[Any]:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Any] = asyncio.Queue()
        room = threading.Semaphore(AHEAD)

        def read() -> None:
            last: Any = _END
            try:
                for item in self._items:
                    room.acquire()
                    loop.call_soon_threadsafe(queue.put_nowait, item)
            except BaseException as error:  # noqa: BLE001 # raised where the items are wanted
                last = error
            with suppress(RuntimeError):  # the loop is closed: nobody wants them any more
                loop.call_soon_threadsafe(queue.put_nowait, last)

        threading.Thread(target=read, name="tarash-rows", daemon=True).start()
        while (item := await queue.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item
            room.release()
