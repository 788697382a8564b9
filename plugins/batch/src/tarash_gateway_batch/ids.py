"""The ids of rows: which of them can name files, which come twice, and the names of a row's files.

out/ab/cd/<id>.png, with `ab/cd` the beginning of the id's digest: a folder of a million names is slow on most disks.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import unicodedata
from collections.abc import Callable
from typing import Final

from tarash.tarash_gateway.media.files import numbered as one_of_several

LONGEST_ID: Final = 100
"""Bytes of an id in UTF-8: with a number, an ending and the sidecar's, a name has no more than 120."""

_SIGNS: Final = frozenset("-_.+=@, ()")
"""Signs that an id may hold besides letters and digits of any script."""

_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names that are devices on Windows, whatever their ending."""

_PLAIN: Final = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_-]{{0,{LONGEST_ID - 1}}}")
"""What nearly all ids look like, and what fits for certain."""


def checked_id(value: object) -> str:
    """The id of a row, fit to be the name of a file on every system.

    Raises:
        ValueError: it is not; the text says why.
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
    (lambda name: len(name.encode("utf-8", "replace")) > LONGEST_ID, f"has more than {LONGEST_ID} bytes"),
    (lambda name: ".." in name, "holds '..'"),
    (lambda name: not name.startswith("_") and name[0] in _SIGNS, "begins with a sign"),
    (lambda name: name[-1] in ". ", "ends with a dot or a space"),
    (_RESERVED.match, "is the name of a device on Windows"),
)


def _problem(name: str) -> str | None:
    found = next((told for tell, told in _PROBLEMS if tell(name)), None)
    strange = next((char for char in name if not _fits(char)), None)
    if found is not None or strange is None:
        return found
    return f"holds {strange!r}" if strange.isprintable() else f"holds the character U+{ord(strange):04X}"


def _fits(char: str) -> bool:
    return char in _SIGNS or unicodedata.category(char)[0] in "LNM"


def same_id(name: str) -> str:
    """What two ids have in common that are one name on some system."""
    return unicodedata.normalize("NFC", name.casefold())


def numbered(name: str, count: int) -> list[str]:
    """`city`, `city-2`, `city-3`: the names of the results of one row."""
    return [one_of_several(name, index) for index in range(count)]


def leaf(name: str) -> str:
    """The folder of a row's files, from the batch's own: `ab/cd`."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{digest[:2]}/{digest[2:4]}"


MOST_IN_MEMORY: Final = 100_000
"""Ids that are kept in memory; when there are more, all of them move to the disk."""


class Seen:
    """Ids with the line that each came from first.

    Reading the same rows again finds nothing new in them.
    """

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        self._base: sqlite3.Connection | None = None

    def claim(self, name: str, line: int, count: int = 1) -> int | None:
        """Remembers an id, and the names of a row's further results.

        Returns:
            The line that has it already; None where it is this one's.
        """
        for each in numbered(same_id(name), count):
            first = self._first(each, line)
            if first != line:
                return first
        return None

    def _first(self, name: str, line: int) -> int:
        if self._base is None:
            first = self._lines.setdefault(name, line)
            if len(self._lines) > MOST_IN_MEMORY:
                self._base = self._moved()
            return first
        done = self._base.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (name, line))
        if done.rowcount:
            return line
        found: int = self._base.execute("SELECT line FROM seen WHERE id = ?", (name,)).fetchone()[0]
        return found

    def _moved(self) -> sqlite3.Connection:
        # A file without a name: it is gone with the process, however that ends.
        base = sqlite3.connect("", isolation_level=None)
        base.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4096;"
            "CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID; BEGIN"
        )
        base.executemany("INSERT INTO seen VALUES (?, ?)", self._lines.items())
        self._lines = {}
        return base

    def close(self) -> None:
        """Lets go of the file."""
        if self._base is not None:
            self._base.close()
