"""The journal of the command line: always on, in the user's data folder or where TARASH_JOURNAL says."""

from __future__ import annotations

from pathlib import Path

from tarash.tarash_gateway.environment import data_folder, read_variable
from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.journal import Journal


def journal_folder() -> Path:
    """Where the journal lies.

    Raises:
        ConfigurationError: `TARASH_JOURNAL` names no folder, and the user has no home.
    """
    named = read_variable("TARASH_JOURNAL")
    if named is not None:
        return Path(named)
    folder = data_folder()
    if folder is None:
        msg = (
            "there is no home folder to keep the journal in, without which a crash could lose what was paid for. "
            "TARASH_JOURNAL=FOLDER names another place; nothing was sent"
        )
        raise ConfigurationError(msg)
    return folder / "journal"


def open_journal() -> Journal:
    """The journal; nothing is written before the first call."""
    return Journal(journal_folder())
