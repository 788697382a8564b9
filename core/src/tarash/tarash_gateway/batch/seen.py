"""The ids that were read: which of them come twice. A million of them are kept on the disk, not in memory."""

from __future__ import annotations

import sqlite3

from tarash.tarash_gateway.batch.names import numbered, same_id


class Seen:
    """Ids with the line that each came from first.

    Reading the same rows again finds nothing new in them.
    """

    def __init__(self) -> None:
        # A file without a name: it is gone with the process, however that ends. One of the threads at a time uses it.
        self._base = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._base.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4096;"
            "CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID; BEGIN"
        )

    def claim(self, name: str, line: int, count: int = 1) -> int | None:
        """Remembers an id, and the names of a row's further results.

        Returns:
            The line that has it already; None where it is this one's.
        """
        for each in numbered(same_id(name), count):
            done = self._base.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (each, line))
            if not done.rowcount:
                first: int = self._base.execute("SELECT line FROM seen WHERE id = ?", (each,)).fetchone()[0]
                if first != line:
                    return first
        return None

    def close(self) -> None:
        """Lets go of the file."""
        self._base.close()
