"""The ids of rows: which of them can name files, which occur twice, and the names of a row's files.

A row's files are out/ab/cd/<id>.png, with `ab/cd` the beginning of the id's digest: a folder of a million names is slow
on most disks. The names come from the id alone, and never lead out of the folder.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import unicodedata
from collections.abc import Callable
from typing import Final

from tarash.tarash_gateway.media.files import numbered

MAX_ID_BYTES: Final = 100
"""Bytes of an id in UTF-8: with a number, an ending and the sidecar's, a name has no more than 120."""

MAX_IN_MEMORY: Final = 100_000
"""Ids that are kept in memory; when there are more, all of them move to the disk."""

_SIGNS: Final = frozenset("-_.+=@, ()")
"""Signs that an id may hold besides letters and digits of any script."""

_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names of devices on Windows, whatever their ending."""

_PLAIN: Final = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_-]{{0,{MAX_ID_BYTES - 1}}}")
"""What nearly all ids look like, and what is always valid."""


def check_id(value: object) -> str:
    """Returns the id of a row, which can be the name of a file on every system.

    Raises:
        ValueError: it cannot; the text says why.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    name = unicodedata.normalize("NFC", value) if isinstance(value, str) else None
    if name is not None and _PLAIN.fullmatch(name) and not _RESERVED.match(name):
        return name
    problem = f"is a {type(value).__name__}, not text" if name is None else _problem(name)
    if name is None or problem is not None:
        msg = f"{problem}; the files are named after it: letters, digits and - _ . + = @ , ( ) fit"
        raise ValueError(msg)
    return name


_PROBLEMS: Final[tuple[tuple[Callable[[str], object], str], ...]] = (
    (lambda name: not name, "is empty"),
    (lambda name: len(name.encode("utf-8", "replace")) > MAX_ID_BYTES, f"has more than {MAX_ID_BYTES} bytes"),
    (lambda name: ".." in name, "holds '..'"),
    (lambda name: not name.startswith("_") and name[0] in _SIGNS, "begins with a sign"),
    (lambda name: name[-1] in ". ", "ends with a dot or a space"),
    (_RESERVED.match, "is the name of a device on Windows"),
)


def _problem(name: str) -> str | None:
    problem = next((text for applies, text in _PROBLEMS if applies(name)), None)
    invalid = next((char for char in name if not _is_valid(char)), None)
    if problem is not None or invalid is None:
        return problem
    return f"holds {invalid!r}" if invalid.isprintable() else f"holds the character U+{ord(invalid):04X}"


def _is_valid(char: str) -> bool:
    return char in _SIGNS or unicodedata.category(char)[0] in "LNM"


def normalize_id(name: str) -> str:
    """Returns the same text for two ids that are one name on some system."""
    return unicodedata.normalize("NFC", name.casefold())


def result_names(name: str, count: int) -> list[str]:
    """Returns the names of a row's results, without endings: `city`, `city-2`, `city-3`."""
    return [numbered(name, index) for index in range(count)]


def row_subfolder(name: str) -> str:
    """Returns the folder of a row's files within the batch's: `ab/cd`."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{digest[:2]}/{digest[2:4]}"


class IdIndex:
    """The ids of the rows, with the line that each came from first. A million of them are kept on the disk.

    Reading the same rows again finds nothing new in them.
    """

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        self._database: sqlite3.Connection | None = None

    def claim(self, name: str, line: int, count: int = 1) -> int | None:
        """Adds an id, and the names of the row's further results.

        Returns:
            The line that has it already; None where it is new.
        """
        for result_name in result_names(normalize_id(name), count):
            first = self._first_line(result_name, line)
            if first != line:
                return first
        return None

    def _first_line(self, name: str, line: int) -> int:
        if self._database is None:
            first = self._lines.setdefault(name, line)
            if len(self._lines) > MAX_IN_MEMORY:
                self._database = self._move_to_disk()
            return first
        inserted = self._database.execute("INSERT OR IGNORE INTO ids VALUES (?, ?)", (name, line))
        if inserted.rowcount:
            return line
        first = self._database.execute("SELECT line FROM ids WHERE id = ?", (name,)).fetchone()[0]
        return int(first)

    def _move_to_disk(self) -> sqlite3.Connection:
        # A file without a name: it is gone with the process, however that ends.
        database = sqlite3.connect("", isolation_level=None)
        database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4096;"
            "CREATE TABLE ids (id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID; BEGIN"
        )
        database.executemany("INSERT INTO ids VALUES (?, ?)", self._lines.items())
        self._lines = {}
        return database

    def close(self) -> None:
        """Closes and removes the file."""
        if self._database is not None:
            self._database.close()
