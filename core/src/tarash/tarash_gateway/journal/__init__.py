"""The journal: each paid request, its job and its file, kept through any crash."""

from tarash.tarash_gateway.journal.entries import Entry, EntryStatus
from tarash.tarash_gateway.journal.journal import Journal, active_journal

__all__ = ["Entry", "EntryStatus", "Journal", "active_journal"]
