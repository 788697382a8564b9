"""Requests for videos whose answers nobody read: the vendor's job list tells what became of them.

All of them are looked up before anything is sent: a new job for the same prompt could be taken for an old one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.context import new_request_id, retry_policy
from tarash.tarash_gateway.flows.driver import run_async
from tarash.tarash_gateway.flows.recovery import recover
from tarash.tarash_gateway.journal import Entry, Journal
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import normalize_name, registry
from tarash_gateway_batch.accounts import Accounts
from tarash_gateway_batch.history import History

logger = logging.getLogger("tarash.batch")


async def recover_open(history: History, journal: BatchedJournal, accounts: Accounts) -> None:
    """Looks up every open request for a video, and tells `history` and the journal what became of it.

    One that was made a moment ago may show late: it is waited for, and looked up once more.
    """
    await _look_up(history, journal, accounts)
    left = history.open_videos()
    if not left:
        return
    newest = max(entry.at for entry in left)
    listed_within = retry_policy().listed_within
    wait = listed_within - (datetime.now(UTC) - newest).total_seconds()
    if wait <= 0:
        return
    wait = min(wait, listed_within)
    logger.info("%d request(s) of an earlier run are not at the vendor yet, looked for again", len(left))
    await asyncio.sleep(wait + 0.01)
    await _look_up(history, journal, accounts)


async def _look_up(history: History, journal: BatchedJournal, accounts: Accounts) -> None:
    entries = history.open_videos()
    for provider in sorted({normalize_name(entry.provider) for entry in entries}):
        mine = [entry for entry in entries if normalize_name(entry.provider) == provider]
        view = _View(journal, history, mine)
        try:
            config: Any = accounts.config("video", mine[0].provider, mine[0].model)
            await run_async(recover(config, registry.create(config), view, new_request_id(), VideoJob))
        except TarashError as error:
            logger.warning("what became of %d request(s) at %s cannot be told: %s", len(mine), provider, error)


class _View(Journal):
    """The journal as `recover` is to see it: open requests, and jobs that could be taken for theirs."""

    def __init__(self, journal: BatchedJournal, history: History, entries: Sequence[Entry]) -> None:
        super().__init__(journal.path)
        self._journal = journal
        self._history = history
        self._open = entries

    def entries(self) -> list[Entry]:
        return [*self._open, *self._history.others_jobs(self._open)]

    async def entries_async(self) -> list[Entry]:
        return self.entries()

    async def write_async(self, event: str, **facts: Any) -> None:
        await self._journal.write_async(event, **facts)
        intent = facts.get("intent")
        if isinstance(intent, str) and event == "job":
            self._history.found(intent, VideoJob.model_validate(facts["job"]))
        elif isinstance(intent, str) and event == "absent":
            self._history.absent(intent)
