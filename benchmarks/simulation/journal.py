"""The journal in virtual time: lines that are on the disk once their sync is over, and what they say of each row.

What is written, and when, is decided by the flows and by the batch's own `RowJournal`, which writes to this in place of
files. A machine that dies takes the lines with it whose sync was not over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from simulation.clock import VirtualLoop
from tarash.tarash_gateway.journal.entries import Entry, EntryStatus, status_of
from tarash.tarash_gateway.models import VideoJob
from tarash_gateway_batch.history import EarlierRequest, prompt_digest
from tarash_gateway_batch.results import SavedFile

_RANK: Final[dict[EntryStatus, int]] = {status: rank for rank, status in enumerate(get_args(EntryStatus))}


@dataclass(slots=True)
class Known:
    """What the lines of one request come to."""

    label: str
    facts: dict[str, Any]
    """Those of its intent."""

    at: Any
    status: EntryStatus = "open"
    job: dict[str, Any] | None = None
    error: str | None = None
    cost: float | None = None
    files: list[str] = field(default_factory=list)

    def earlier_request(self) -> EarlierRequest:
        """The same, as a decision wants it."""
        return EarlierRequest(
            intent=self.facts["intent"],
            kind=self.facts["kind"],
            status=self.status,
            request_id=self.facts.get("request_id"),
            has_job=self.job is not None,
            prompt=prompt_digest(self.facts.get("asked")),
            replaces=False,
            expected=self.facts.get("expected"),
            cost=self.cost,
            error=self.error,
            files=tuple(SavedFile(path=Path(path)) for path in self.files),
        )

    def entry(self) -> Entry:
        """The same, as a lookup at the vendor wants it."""
        facts = {name: self.facts[name] for name in ("intent", "kind", "provider", "model", "endpoint", "request_id")}
        job = None if self.job is None else VideoJob.model_validate(self.job)
        return Entry(**facts, status=self.status, at=self.at, label=self.label, request=self.facts["asked"], job=job)


class Ledger:
    """What is on the disks of all machines: a shared folder."""

    def __init__(self) -> None:
        self._of_row: dict[str, dict[str, Known]] = {}
        self._label_of: dict[str, str] = {}
        self.lines = 0

    def take(self, event: str, facts: dict[str, Any], at: Any) -> None:
        """A line is on the disk."""
        self.lines += 1
        intent = facts.get("intent")
        if event == "intent":
            label = facts["label"]
            self._label_of[facts["intent"]] = label
            self._of_row.setdefault(label, {})[facts["intent"]] = Known(label, facts, at)
            return
        label = self._label_of.get(str(intent))
        if label is None:
            return
        known = self._of_row[label][str(intent)]
        status = status_of(event)
        if _RANK[status] > _RANK[known.status]:
            known.status = status
        known.job = facts.get("job") or known.job
        known.error = facts.get("error") or known.error
        known.cost = known.cost if facts.get("cost") is None else facts["cost"]
        known.files += [facts["path"]] if facts.get("path") else []

    def of_row(self, label: str) -> list[Known]:
        """The requests of a row."""
        return list(self._of_row.get(label, {}).values())

    def forget(self, label: str) -> None:
        """The row is done: nobody will ask."""
        for intent in self._of_row.pop(label, ()):
            self._label_of.pop(intent, None)


class Disk:
    """The journal of one machine, as `RowJournal` uses it: lines share a sync with those that come meanwhile.

    Args:
        ledger: where the lines are once they are on the disk.
        clock: virtual time.
        sync_seconds: what a sync takes.
    """

    path = Path("simulated")

    def __init__(self, ledger: Ledger, clock: VirtualLoop, sync_seconds: float) -> None:
        self._ledger = ledger
        self._clock = clock
        self._sync_seconds = sync_seconds
        self._waiting: list[tuple[str, dict[str, Any], Any]] = []
        self._written: asyncio.Future[None] | None = None
        self._busy = self._dead = False
        self._intents = 0

    async def record_request_async(self, kind: str, **facts: Any) -> str:
        """Writes that a request is about to be sent."""
        self._intents += 1
        intent = f"int_{id(self):x}_{self._intents}"
        await self.write_soon("intent", intent=intent, kind=kind, **facts)
        return intent

    async def write_async(self, event: str, **facts: Any) -> None:
        """Writes a line, and waits until it is on the disk."""
        await self.write_soon(event, **facts)

    def write_soon(self, event: str, **facts: Any) -> asyncio.Future[None]:
        """Writes a line; the future is done when it is on the disk."""
        if self._written is None:
            self._written = self._clock.create_future()
        written = self._written
        self._waiting.append((event, facts, self._clock.today()))
        if not self._busy:
            self._sync()
        return written

    def die(self) -> None:
        """Nothing comes to this disk any more."""
        self._dead = True

    def _sync(self) -> None:
        taken, self._waiting = self._waiting, []
        written, self._written = self._written, None
        self._busy = True
        self._clock.call_later(self._sync_seconds, self._synced, taken, written)

    def _synced(self, taken: Iterable[tuple[str, dict[str, Any], Any]], written: asyncio.Future[None]) -> None:
        if self._dead:
            return
        for line in taken:
            self._ledger.take(*line)
        self._busy = False
        if not written.done():
            written.set_result(None)
        if self._waiting:
            self._sync()


class View:
    """The journal as `recover` is to see it: some open requests for videos, and writing what became of them.

    Args:
        ledger: what is on the disks.
        disk: where the machine that looks writes.
        entries: the open requests.
    """

    def __init__(self, ledger: Ledger, disk: Disk, entries: list[Entry]) -> None:
        self._ledger = ledger
        self._disk = disk
        self._open = entries
        self.entries = self.write = None  # what a blocking driver would call

    async def entries_async(self) -> list[Entry]:
        """The open requests."""
        return self._open

    async def write_async(self, event: str, **facts: Any) -> None:
        """Writes what became of one."""
        await self._disk.write_async(event, **facts)
