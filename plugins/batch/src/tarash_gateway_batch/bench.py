"""What the rows that one process works on have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash_gateway_batch.places import Places
from tarash_gateway_batch.seams import Gates, Purse
from tarash_gateway_batch.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the rows of one process share."""

    settings: Settings
    journal: BatchedJournal
    places: Places
    purse: Purse
    gates: Gates
    threads: Executor
    """For writing files."""

    writing: asyncio.Semaphore
    """Rows that have their answer and write their files: they hold up no other row, as long as they are few."""

    on_news: Callable[[], None]
    """Called when it is known what became of some row's request."""

    on_trouble: Callable[[Exception], None]
    """Called when nothing more can be written: to go on would be to pay for what cannot be kept."""
