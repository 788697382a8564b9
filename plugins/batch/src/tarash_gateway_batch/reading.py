"""Rows out of a file, one by one: lines of JSON, or CSV. A line that cannot be read is told, and the rest goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from tarash.tarash_gateway.errors import Problem, ValidationError
from tarash.tarash_gateway.records import shortened
from tarash_gateway_batch.tables import LONGEST_LINE, open_text, read_table

Format = Literal["jsonl", "csv"]

_JSON_COLUMNS: Final = frozenset(
    ("n", "seed", "duration_seconds", "generate_audio", "image_list", "mask_image", "extra_params")
)
"""Columns of a CSV file whose cells are read as JSON: numbers, true and false, lists, objects."""

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_\s-]*={0,2}\s*")

_NOT_FOUND: Final = (
    "is no file in the folder of the rows; files of another folder are read where it is named "
    "with --inputs FOLDER (input_folders=)"
)

_MEDIA_FIELDS: Final = ("image_list", "mask_image", "video")


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it was given, of which nothing has been checked."""

    line: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None
    """Why it cannot be read at all."""

    problems: tuple[Problem, ...] = ()
    """What is wrong with single fields, which are left out."""


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
    for row in _csv(stream) if form == "csv" else _json_lines(stream):
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


def _json_lines(stream: BinaryIO) -> Iterator[RawRow]:
    text = open_text(stream)
    bytes_of_text: Any = text.buffer
    read = bytes_of_text.readline if text.encoding.startswith("utf-8") else _recoded(text)
    at = 0
    try:
        while raw := read(LONGEST_LINE + 1):
            at += 1
            if len(raw) > LONGEST_LINE:
                while raw and not raw.endswith(b"\n"):
                    raw = read(LONGEST_LINE)
                yield RawRow(at, problem=f"the line has more than {LONGEST_LINE:,} bytes")
                continue
            if at == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if raw.strip():
                yield _json_row(at, raw)
    except UnicodeDecodeError as error:
        msg = f"is not {error.encoding.upper()[:6]} to its end, as its beginning says: {error.reason}. Save it as UTF-8"
        yield RawRow(at + 1, problem=msg)


def _recoded(text: TextIOWrapper) -> Callable[[int], bytes]:
    """Reads the lines of a text as if it were saved in UTF-8."""
    return lambda limit: text.readline(limit).encode("utf-8", "surrogatepass")


def _json_row(at: int, raw: bytes) -> RawRow:
    try:
        value = json.loads(raw)
    except UnicodeDecodeError as error:
        return RawRow(at, problem=f"is not UTF-8: byte {error.start + 1} of the line is 0x{raw[error.start]:02x}")
    except json.JSONDecodeError as error:
        return RawRow(at, problem=f"is no JSON: {error.msg} at column {error.colno}")
    except (ValueError, RecursionError) as error:
        return RawRow(at, problem=f"is no JSON that can be read: {type(error).__name__}")
    if not isinstance(value, dict):
        msg = f"is {_kind(value)}: one JSON object with the fields of a row belongs on each line"
        return RawRow(at, problem=msg)
    return RawRow(at, value)


def _kind(value: object) -> str:
    return {list: "a list", str: "text", type(None): "null"}.get(type(value), "a number or a word")


def _csv(stream: BinaryIO) -> Iterator[RawRow]:
    for row in read_table(stream):
        yield RawRow(row.line, {name: _cell(name, cell) for name, cell in row.cells.items()}, row.problem)


def _cell(name: str, cell: str) -> Any:
    if name not in _JSON_COLUMNS:
        return cell
    try:
        return json.loads(cell.lower() if cell.strip().lower() in ("true", "false") else cell)
    except (ValueError, RecursionError):
        return [cell.strip()] if name == "image_list" else cell


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
