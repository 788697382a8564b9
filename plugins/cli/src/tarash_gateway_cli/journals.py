"""The journal of the command line: always on, in the user's data folder or where TARASH_JOURNAL says."""

from __future__ import annotations

import os
from pathlib import Path

from tarash.tarash_gateway.journal import Journal


def journal_folder() -> Path:
    """Where the journal lies."""
    named = os.environ.get("TARASH_JOURNAL")
    if named:
        return Path(named)
    from platformdirs import user_data_dir  # noqa: PLC0415 # of the extra `cli`

    return Path(user_data_dir("tarash", appauthor=False)) / "journal"


def open_journal() -> Journal:
    """The journal; nothing is written before the first call."""
    return Journal(journal_folder())
