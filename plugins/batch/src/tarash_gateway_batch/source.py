"""Where rows come from: a file, an iterable or an async one, read as a stream, and twice where that is possible."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator, Mapping, Sized
from contextlib import aclosing, closing, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from tarash.tarash_gateway.errors import Problem, ValidationError
from tarash.tarash_gateway.plugins import expand_home
from tarash.tarash_gateway.records import shortened
from tarash_gateway_batch.formats import Format, RawRow, read_rows

AnyRows = Path | str | Iterable[Any] | AsyncIterable[Any]

YIELD_AFTER: Final = 0.02
"""Seconds after which rows that need no work let other tasks run."""

READ_AHEAD: Final = 64
"""Rows that are read before they are wanted."""

_END: Final = object()

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_\s-]*={0,2}\s*")

_NOT_FOUND: Final = (
    "is no file in the folder of the rows; files of another folder are read where it is named "
    "with --inputs FOLDER (input_folders=)"
)

_MEDIA_FIELDS: Final = ("image_list", "mask_image", "video")


class Source:
    """The rows of a batch, as the caller gave them.

    Args:
        rows: a file, or mappings.
        form: the format of the file; without it, its ending decides.
        folder: where images are that the file names; without it, beside the file.
        input_folders: further folders out of which the file may name images.

    Raises:
        ValidationError: `rows` is something else, or there is no such file.
    """

    def __init__(
        self,
        rows: AnyRows,
        form: Format | None = None,
        *,
        folder: Path | None = None,
        input_folders: Iterable[Path | str] = (),
    ) -> None:
        self._path = expand_home(rows) if isinstance(rows, (str, Path)) else None
        self._rows: Any = rows
        self._form = form
        self._folder = folder
        self._input_folders = [expand_home(input_folder) for input_folder in input_folders]
        for input_folder in self._input_folders:
            if not input_folder.is_dir():
                msg = f"input_folders: {input_folder} is no folder"
                raise ValidationError(msg)
        if self._path is not None and not self._path.exists():
            msg = f"there is no file {self._path}"
            raise ValidationError(msg)
        if self._path is None and not isinstance(rows, (Iterable, AsyncIterable)):
            msg = f"rows are a file or an iterable of mappings, not a {type(rows).__name__}"
            raise ValidationError(msg)

    @property
    def total(self) -> int | None:
        """The approximate number of rows, where it is cheap to know."""
        if self._path is not None:
            return count_lines(self._path, self._form) if self._path.is_file() else None
        return len(self._rows) if isinstance(self._rows, Sized) else None

    @property
    def can_be_read_twice(self) -> bool:
        """Whether all rows can be checked before the first is sent."""
        if self._path is not None:
            return self._path.is_file()  # and is no pipe
        return not isinstance(self._rows, (Iterator, AsyncIterable))

    def read(self) -> Generator[RawRow]:
        """Reads the rows, where they are no async ones.

        Raises:
            ValidationError: the file cannot be opened, or its header cannot be right.
        """
        if self._path is None:
            yield from (raw_row(number, row) for number, row in enumerate(self._rows, start=1))
            return
        try:
            file = self._path.open("rb")
        except OSError as error:
            msg = f"{self._path} cannot be read: {error.strerror or error}"
            raise ValidationError(msg) from error
        with file:
            folders = [self._folder or self._path.parent, *self._input_folders]
            yield from read_stream(file, self._form or format_of(self._path), folders)

    async def stream(self) -> AsyncGenerator[RawRow]:
        """Reads the rows, with a pause now and then in which the event loop gets to its other tasks."""
        async with aclosing(self._stream()) as rows:
            began = time.monotonic()
            async for row in rows:
                yield row
                if time.monotonic() - began > YIELD_AFTER:
                    await asyncio.sleep(0)
                    began = time.monotonic()

    async def _stream(self) -> AsyncGenerator[RawRow]:
        if isinstance(self._rows, AsyncIterable):
            number = 0
            async for row in self._rows:
                number += 1
                yield row if isinstance(row, RawRow) else raw_row(number, row)
            return
        with closing(self.read()) as rows:
            for raw in rows:
                yield raw


class InputFolders:
    """The folders out of which rows may name files.

    Whoever writes rows must not choose which files of this machine are sent on: neither `..`, nor an absolute path,
    nor a link leads out of these folders.

    Args:
        folders: the folder of the rows first; whoever runs the batch named the others.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = [folder.resolve() for folder in folders]

    def find(self, name: str) -> Path | None:
        """Returns the file of that name; None where no such file is in one of the folders."""
        with suppress(OSError, ValueError, RuntimeError):
            for folder in self._folders:
                path = (folder / name).resolve()
                if path.is_relative_to(folder) and path.is_file():
                    return path
        return None


def format_of(path: Path) -> Format:
    """Returns the format that the ending of a file's name stands for."""
    return "csv" if path.suffix.lower() == ".csv" else "jsonl"


def read_stream(stream: BinaryIO, form: Format, folders: Iterable[Path]) -> Iterator[RawRow]:
    """Reads the rows of a stream; images that they name are looked up in `folders`."""
    is_empty = True
    inputs = InputFolders(folders)
    for row in read_rows(stream, form):
        is_empty = False
        yield row if row.problem is not None else _with_paths(row, inputs)
    if is_empty:
        yield RawRow(1, problem="there are no rows in it")


def raw_row(number: int, row: object) -> RawRow:
    """Returns the row of a Python object."""
    if not isinstance(row, Mapping):
        return RawRow(number, problem=f"is a {type(row).__name__}, where a mapping of fields belongs")
    return RawRow(number, row)


def count_lines(path: Path, form: Format | None = None) -> int:
    """Counts the rows of a file approximately, without reading them: a line break within quotes counts as a row."""
    count, last = 0, b"\n"
    with suppress(OSError), path.open("rb") as file:
        while block := file.read(1 << 20):
            count += block.count(b"\n")
            last = block[-1:]
    count += last != b"\n"
    return max(count - ((form or format_of(path)) == "csv"), 0)


def _with_paths(row: RawRow, inputs: InputFolders) -> RawRow:
    """Returns the row with a `Path` for each image that it names by its file."""
    if row.fields.keys().isdisjoint(_MEDIA_FIELDS):
        return row
    fields = dict(row.fields)
    problems: list[Problem] = []
    for name in _MEDIA_FIELDS:
        if name in fields:
            missing: list[Problem] = []
            fields[name] = _with_path(fields[name], name, inputs, missing)
            if missing and name != "video":  # there it may be the vendor's id of a video
                del fields[name]
                problems += missing
    return RawRow(row.line, fields, problems=tuple(problems))


def _with_path(value: Any, place: str, inputs: InputFolders, missing: list[Problem]) -> Any:
    if isinstance(value, list):
        return [_with_path(item, f"{place}.{index}.image", inputs, missing) for index, item in enumerate(value)]
    if isinstance(value, dict) and "image" in value:
        return {**value, "image": _with_path(value["image"], place, inputs, missing)}
    if isinstance(value, str) and len(value) < 1024 and "://" not in value and not value.startswith("data:"):
        path = inputs.find(value)
        if path is None and not _BASE64.fullmatch(value):
            missing.append(Problem(place, _NOT_FOUND, value=shortened(value)))
        return path or value
    return value


class ThreadedIterator:
    """The items of a blocking iterable, for one `async for`: a thread reads them, so that no other task waits.

    If the loop is left early, the thread waits for its next item; it ends with the process.
    """

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items

    async def __aiter__(self) -> AsyncIterator[Any]:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Any] = asyncio.Queue()
        room = threading.Semaphore(READ_AHEAD)

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
