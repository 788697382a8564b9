"""The journal of the command line: always on, in the user's data folder or where TARASH_JOURNAL says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tarash.tarash_gateway.errors import ConfigurationError, SaveError, TarashError
from tarash.tarash_gateway.journal import Journal
from tarash.tarash_gateway.plugins import data_folder, read_variable


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


class CommandJournal(Journal):
    """The journal of one command; it knows what is on its way to a vendor, and sends nothing more once it is told."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.on_its_way: set[str] = set()
        """Requests that were sent, or are about to be, and have no answer yet."""

        self.sent = 0
        """How many requests there were."""

        self.made = False
        """Whether a result came, which may not be in its file yet."""

        self.closing = False
        """Whether nothing more is to be sent."""

    def write(self, event: str, **facts: Any) -> None:
        """Appends one line.

        Raises:
            NotSentError: it is about a request that is not to be sent any more.
            SaveError: it could not be written.
        """
        intent = str(facts.get("intent"))
        if event == "intent":
            if self.closing:
                msg = "interrupted before it was sent"
                raise NotSentError(msg, billable="no")
            self.on_its_way.add(intent)
            self.sent += 1
        else:
            self.on_its_way.discard(intent)
            self.made = self.made or event in ("made", "saved")
        try:
            super().write(event, **facts)
        except SaveError:
            self.on_its_way.discard(intent)
            raise


class NotSentError(TarashError):
    """A request was held back, since the command is to stop."""


def open_journal() -> CommandJournal:
    """The journal; nothing is written before the first call."""
    return CommandJournal(journal_folder())
