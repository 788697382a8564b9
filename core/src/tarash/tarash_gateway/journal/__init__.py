"""The journal: each paid request, its job and its file, kept through any crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash.tarash_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from tarash.tarash_gateway.journal.entries import Entry, EntryStatus
    from tarash.tarash_gateway.journal.journal import Journal, active_journal

__all__ = ["Entry", "EntryStatus", "Journal", "active_journal"]

# Who imports the public functions loads none of it, and their annotations can be read all the same.
__getattr__, __dir__ = lazy_names(
    __name__, {"entries": "Entry EntryStatus", "journal": "Journal active_journal"}, __all__
)
