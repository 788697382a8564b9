"""Decides the next step of a row by what earlier runs did. Nothing that may have been paid for is paid for again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from tarash.tarash_gateway.errors import (
    DownloadError,
    SaveError,
    TarashError,
    UnconfirmedGenerationError,
    ValidationError,
)
from tarash.tarash_gateway.flows.context import new_request_id, retry_policy
from tarash.tarash_gateway.flows.driver import run_async
from tarash.tarash_gateway.flows.recovery import recover
from tarash.tarash_gateway.journal import Journal
from tarash.tarash_gateway.journal.entries import Entry, EntryStatus
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.models import GenerationJob, VideoJob
from tarash.tarash_gateway.plugins import normalize_name, registry
from tarash_gateway_batch.folder import Places
from tarash_gateway_batch.history import History, Past, prompt_digest
from tarash_gateway_batch.results import RowOutcome, SavedFile
from tarash_gateway_batch.rows import Row, failure, row_digest
from tarash_gateway_batch.settings import Accounts, AnyConfig, Settings

Step = Literal["send", "resume", "adopt", "done", "kept", "failed", "unconfirmed"]
"""What is to be done:

- `send`: the request;
- `resume`: wait for the job that there is, and fetch its video;
- `adopt`: its files are in place, only the journal does not know it yet;
- `done`, `kept`, `failed`, `unconfirmed`: nothing; see `RowStatus`.
"""

OF_THE_ROW: Final = ("ContentPolicyError", "InvalidRequestError", "UnsupportedOperationError")
"""Refusals that are about what a row asks for. Others are about the account or the moment, and pass."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, and with what."""

    step: Step
    past: Past | None = None
    files: tuple[SavedFile, ...] = ()
    error: str | None = None
    replaces: bool = False
    """Whether there are files that the results replace."""

    warning: str | None = None
    """What else to know."""

    entry: Entry | None = None
    """All that the journal knows of the request that is taken up again; `Desk` looks it up."""


def decide(row: Row, pasts: Iterable[Past], places: Places, settings: Settings) -> Decision:
    """What is to be done about `row`. Looks at the folder, writes nothing."""
    pasts = list(pasts)
    digest = row_digest(row) if pasts else None
    # One that was paid for this very request counts, whatever an earlier request under the same id came to.
    best = max(
        pasts, key=lambda past: (past.row == digest and _weight(past) >= _MAY_BE_PAID, _weight(past)), default=None
    )
    if best is None or _weight(best) < _MAY_BE_PAID:
        if best is not None and not settings.retry_failed and _is_final(best):
            return _failed(f"{best.error or 'it failed'} (in an earlier run; retry_failed=True sends it again)")
        return _fresh(row, places, settings)
    if best.prompt != prompt_digest({"prompt": row.request.prompt}) or best.kind != row.kind:
        if settings.changed == "redo" and best.kind == row.kind:
            return _again(row, places)
        msg = "an earlier run sent another prompt under this id; give the row an id of its own"
        return _failed(f"{ValidationError.__name__}: id: {msg}")
    if best.row is None or best.row == digest:
        return _paid(row, best, places, settings)
    return _changed(row, best, places, settings)


def _changed(row: Row, past: Past, places: Places, settings: Settings) -> Decision:
    if settings.changed == "redo":
        return _again(row, places)
    if settings.changed == "refuse":
        return _failed(f"{ValidationError.__name__}: id: {_CHANGED}; give the row an id of its own")
    kept = _paid(row, past, places, settings)
    return replace(kept, warning=f"{_CHANGED}, whose result is kept (changed='redo' makes it again)")


def _again(row: Row, places: Places) -> Decision:
    return Decision("send", replaces=bool(places.taken(row.id, row.request.n)))


_CHANGED: Final = "an earlier run sent another request or model under this id"


def _paid(row: Row, past: Past, places: Places, settings: Settings) -> Decision:
    """What is to be done about a row that an earlier run may have paid for."""
    if past.status == "saved":
        return _saved(row, past, places, settings)
    if past.has_job:
        return Decision("resume", past)
    return _lost(row, past, places, settings)


_WEIGHTS: Final[dict[EntryStatus, int]] = {
    "absent": 0,
    "refused": 1,
    "failed": 2,
    "open": 3,
    "unconfirmed": 3,
    "made": 4,
    "submitted": 5,
    "saved": 6,
}
"""Of several requests of one row, the one that weighs most says how the row stands."""

_MAY_BE_PAID: Final = 3
"""From here on a request may be paid for, and something may come of it."""


def _weight(past: Past) -> int:
    return _WEIGHTS[past.status]


def _is_final(past: Past) -> bool:
    if past.status == "refused":
        return (past.error or "").startswith(OF_THE_ROW)
    return past.status == "failed"


def _fresh(row: Row, places: Places, settings: Settings) -> Decision:
    taken = places.taken(row.id, row.request.n)
    if not taken or settings.exists == "replace":
        return Decision("send", replaces=bool(taken))
    folder = places.place(row.id)
    if settings.exists == "skip":
        kept = (folder / name for name in taken if not name.endswith(".json"))
        return Decision("kept", files=tuple(SavedFile(path=path) for path in kept))
    msg = f"{folder / taken[0]} is already there, and no run of this batch made it"
    return _failed(f"{SaveError.__name__}: {msg} (exists: error, skip or replace)")


def _saved(row: Row, past: Past, places: Places, settings: Settings) -> Decision:
    found = places.found(row.id, past.files)
    if found and len(found) == len(past.files):
        return Decision("done", past, tuple(found))
    if past.has_job:
        return Decision("resume", past)  # fetching it again costs nothing
    if settings.retry_failed:
        return _fresh(row, places, settings)
    gone = past.files[0].path.name if past.files else "its file"
    return _failed(f"{DownloadError.__name__}: {gone} was saved and is gone (retry_failed=True pays for a new one)")


def _lost(row: Row, past: Past, places: Places, settings: Settings) -> Decision:
    files = places.left_by(row.id, row.request.n, past)
    if files:
        return Decision("adopt", past, tuple(files))
    if settings.retry_unconfirmed:
        return _fresh(row, places, settings)
    told = past.error or (
        f"{UnconfirmedGenerationError.__name__}: an earlier run was broken off while the request was on its way"
    )
    return Decision(
        "unconfirmed", past, error=f"{told} (it may have been billed; retry_unconfirmed=True sends it again)"
    )


def _failed(error: str) -> Decision:
    return Decision("failed", error=error)


@dataclass(frozen=True, slots=True)
class Desk:
    """What decisions are made with. It belongs to the process that reads the rows."""

    settings: Settings
    accounts: Accounts
    places: Places
    history: History
    journal: BatchedJournal

    def decide(self, row: Row) -> tuple[Row, Decision] | RowOutcome:
        """What is to be done about a row, with all that it takes; its outcome where there is nothing to do."""
        try:
            decision = decide(row, self.history.of_row(row.id), self.places, self.settings)
            match decision.step:
                case "send":
                    return row, decision
                case "resume" | "adopt":
                    return self._taken_up(row, decision)
                case status:
                    files, error = decision.files, decision.error
                    return RowOutcome(
                        id=row.id,
                        line=row.line,
                        status=status,
                        files=files,
                        error=error,
                        warning=decision.warning,
                    )
        except TarashError as error:
            return failure(row, error)

    async def recover(self) -> None:
        """Looks up every open request for a video at its vendor."""
        await recover_open(self.history, self.journal, self.accounts)

    async def decide_anew(
        self, rows: Iterable[Row], written: Iterable[Path]
    ) -> list[tuple[Row, Decision] | RowOutcome]:
        """What is to be done about rows whose worker died, by the files that it wrote into the journal."""
        for path in written:
            self.history.take_in(path)
        await self.recover()
        # What it remembers of the folder is from before that worker wrote into it.
        desk = replace(self, places=Places(self.settings.out))
        desk.places.prepare()
        return [desk.decide(row) for row in rows]

    def _taken_up(self, row: Row, decision: Decision) -> tuple[Row, Decision]:
        assert decision.past is not None  # noqa: S101 # what is resumed or adopted has one
        entry = self.history.entry(decision.past.intent)
        if entry.job is not None:
            row = replace(row, config=self._config_of(row, entry.job))
        return row, replace(decision, entry=entry)

    def _config_of(self, row: Row, job: GenerationJob) -> AnyConfig:
        if normalize_name(row.config.provider) == normalize_name(job.provider):
            return row.config
        return self.accounts.config(row.kind, job.provider, job.model)


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
