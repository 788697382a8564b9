"""The journal: what was asked of a vendor, which job it became, which file was saved, kept through any crash."""

from tarash.tarash_gateway.journal.entries import Entry, EntryStatus
from tarash.tarash_gateway.journal.journal import Journal, active_journal

__all__ = ["Entry", "EntryStatus", "Journal", "active_journal"]
