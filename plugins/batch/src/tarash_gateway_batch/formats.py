"""Reads rows from JSON lines, and from CSV as Python, Excel, PowerShell and Windows save it.

A line that cannot be read is reported, and the rest goes on. After an error in quotes, no part of the broken cell is
taken for a row: what follows is left out until its quotes end.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, Literal

from tarash.tarash_gateway.errors import Problem, ValidationError
from tarash.tarash_gateway.text_encoding import detect_encoding

Format = Literal["jsonl", "csv"]

MAX_LINE: Final = 64 * 1024 * 1024
"""Maximum bytes of a line of JSON, or characters of a row of CSV; an image as base64 fits into it."""

SEPARATORS: Final = ",;\t"
"""What separates two cells: Excel writes semicolons where a comma is the decimal point, and tabs as text."""

_JSON_COLUMNS: Final = frozenset(
    ("n", "seed", "duration_seconds", "generate_audio", "image_list", "mask_image", "extra_params")
)
"""Columns of CSV whose cells are read as JSON: numbers, true and false, lists, objects."""

_HINT: Final = re.compile(r"sep=([,;\t])\r?\n?", re.IGNORECASE)
"""A first line that only Excel reads."""

_TYPE: Final = re.compile(r'"?#TYPE ')
"""A first line of PowerShell's Export-Csv."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it was read, with nothing checked."""

    line: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None
    """Why it cannot be read at all."""

    problems: tuple[Problem, ...] = ()
    """What is wrong with single fields, which are left out."""


class _Head(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override] # what a BufferedReader passes
        data = self._head[: len(buffer)]
        self._head = self._head[len(data) :]
        if not data:
            read = getattr(self._rest, "read1", self._rest.read)  # what is there now, of a pipe
            data = read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def open_text(stream: BinaryIO) -> io.TextIOWrapper:
    """Opens a stream of bytes as text, in the encoding that its first bytes show.

    Bytes that are no UTF-8 become half characters: that row is refused, and the rest goes on.
    """
    head = stream.read(4)
    encoding = detect_encoding(head)
    errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
    return io.TextIOWrapper(io.BufferedReader(_Head(head, stream)), encoding, errors, newline="")


def read_rows(stream: BinaryIO, form: Format) -> Iterator[RawRow]:
    """Reads the rows of a stream.

    Raises:
        ValidationError: the first line of a table cannot be right.
    """
    return _table(stream) if form == "csv" else _json_lines(stream)


def _json_lines(stream: BinaryIO) -> Iterator[RawRow]:
    text = open_text(stream)
    bytes_of_text: Any = text.buffer
    read = bytes_of_text.readline if text.encoding.startswith("utf-8") else _recoded(text)
    at = 0
    try:
        while raw := read(MAX_LINE + 1):
            at += 1
            if len(raw) > MAX_LINE:
                while raw and not raw.endswith(b"\n"):
                    raw = read(MAX_LINE)
                yield RawRow(at, problem=f"the line has more than {MAX_LINE:,} bytes")
                continue
            if at == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if raw.strip():
                yield _json_row(at, raw)
    except UnicodeDecodeError as error:
        msg = f"is not {error.encoding.upper()[:6]} to its end, as its beginning says: {error.reason}. Save it as UTF-8"
        yield RawRow(at + 1, problem=msg)


def _recoded(text: io.TextIOWrapper) -> Callable[[int], bytes]:
    """Returns a function that reads the lines of a text as if it were saved in UTF-8."""
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


def _value(name: str, cell: str) -> Any:
    if name not in _JSON_COLUMNS:
        return cell
    try:
        return json.loads(cell.lower() if cell.strip().lower() in ("true", "false") else cell)
    except (ValueError, RecursionError):
        return [cell.strip()] if name == "image_list" else cell


def _table(stream: BinaryIO) -> Iterator[RawRow]:
    """Reads the rows of a table; its first line names the columns.

    Raises:
        ValidationError: the first line cannot be right.
    """
    lines = _Lines(open_text(stream))
    try:
        header = _header(lines)
        if header is None:
            return
        names, width = header
        while (at := lines.number + 1) and (cells := lines.next_row()) is not None:
            if isinstance(cells, str):
                yield RawRow(at, problem=cells)
            elif any(cell.strip() for cell in cells):  # Excel keeps the separators of a row that was emptied
                yield _row(at, names, width, cells)
    except UnicodeDecodeError as error:
        encoding = error.encoding.upper()[:6]
        msg = f"is not {encoding} to its end, as its beginning says: {error.reason}. Save it as CSV UTF-8"
        yield RawRow(lines.number + 1, problem=msg)


def _row(at: int, names: list[str], width: int, cells: list[str]) -> RawRow:
    if len(cells) > width or any(cell.strip() for cell in cells[len(names) :]):
        return RawRow(at, problem=f"has {len(cells)} cells, and the first line names {len(names)} columns")
    return RawRow(at, {name: _value(name, cell) for name, cell in zip(names, cells, strict=False) if cell.strip()})


def _header(lines: _Lines) -> tuple[list[str], int] | None:
    """Returns the names of the columns, and the number of cells of the first line; None where there is nothing."""
    line = lines.next_line()
    while _TYPE.match(line) or (line and not line.strip()):
        line = lines.next_line()
    hint = _HINT.fullmatch(line)
    if hint is not None:
        lines.separator = hint[1]
        line = lines.next_line()
    else:
        # A row has an id: the separator is the one with which the first line names it.
        fitting = (separator for separator in SEPARATORS if "id" in _names(line, separator))
        lines.separator = next(fitting, SEPARATORS[0])
    if not line:
        return None
    lines.put_back(line)
    cells = lines.next_row()
    if isinstance(cells, str):
        msg = f"the first line {cells}"
        raise ValidationError(msg)
    names = [cell.strip() for cell in cells or ()]
    width = len(names)
    while names and not names[-1]:  # Excel keeps the separators of columns that were emptied
        names.pop()
    if not names or "" in names or len(set(names)) < len(names):
        msg = f"the first line must name each column once, such as id,prompt,size: {','.join(names)}"
        raise ValidationError(msg)
    return names, width


def _names(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:
        return []


class _TooLongError(Exception):
    """A row has too many characters."""


class _Lines:
    """The lines of a table, and its rows, each of one or several lines."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._back: list[str] = []
        self._quotes = self._size = 0
        self._ended, self._closed = True, False
        """Whether the last line was read to its end, and whether it ends with a quote."""
        self.separator = SEPARATORS[0]
        self.number = 0
        """Number of lines that were read."""

    def next_line(self) -> str:
        """Returns the next line with its end; empty at the end of the stream."""
        line = self._back.pop() if self._back else self._text.readline(MAX_LINE + 1)
        self.number += bool(line)
        self._ended, self._closed = line[-1:] in ("", "\r", "\n"), line.rstrip().endswith('"')
        return line

    def put_back(self, line: str) -> None:
        """Makes a line the next one again."""
        self._back.append(line)
        self.number -= 1

    def next_row(self) -> list[str] | str | None:
        """Returns the cells of the next row, or what is wrong with it; None at the end."""
        self._quotes = self._size = 0
        first = self.number + 1
        before = csv.field_size_limit(MAX_LINE)  # one for the whole process: put back as soon as the row is read
        try:
            cells = next(csv.reader(iter(self._line_of_row, ""), delimiter=self.separator, strict=True), None)
        except csv.Error as error:
            return self._skip_broken(first, f"is no CSV: {error}", quoted=True)
        except _TooLongError:
            return self._skip_broken(first, f"has more than {MAX_LINE:,} characters")
        finally:
            csv.field_size_limit(before)
        broken = next((cell for cell in cells or () if not cell.isascii() and _HALF_CHARACTERS.search(cell)), None)
        if broken is not None:
            byte = ord(_HALF_CHARACTERS.search(broken)[0]) - 0xDC00  # type: ignore[index] # it was found
            return f"is not UTF-8: it holds the byte 0x{byte:02x}. Save the table as CSV UTF-8"
        return cells

    def _line_of_row(self) -> str:
        line = self.next_line()
        self._size += len(line)
        self._quotes += line.count('"')
        if self._size > MAX_LINE:
            raise _TooLongError
        return line

    def _skip_broken(self, first: int, why: str, *, quoted: bool = False) -> str:
        """Skips what may belong to a broken cell, and says how far that goes.

        A quote within quotes may be anywhere in its cell, which surely ends where a line ends with a quote.
        """
        while self._quotes % 2 or not self._ended or (quoted and not self._closed):
            is_new_line = self._ended
            line = self._text.readline(MAX_LINE)
            if not line:
                break
            self._quotes += line.count('"')
            self._ended, self._closed = line[-1] in "\r\n", line.rstrip().endswith('"')
            self.number += is_new_line
        if self.number <= first:
            return why
        return (
            f"{why}; lines {first} to {self.number} are left out: a cell that begins with a quote goes on up to there"
        )


_HALF_CHARACTERS: Final = re.compile("[\udc80-\udcff]")
"""The half characters that stand for bytes that are no UTF-8."""
