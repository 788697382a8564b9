"""The ids that were read: which of them come twice. A million of them are kept on the disk, not in memory."""

from __future__ import annotations

import sqlite3
from typing import Final

from tarash_gateway_batch.names import numbered, same_id

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
