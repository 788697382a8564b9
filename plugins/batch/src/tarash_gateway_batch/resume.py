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
from tarash_gateway_batch.folder import OutputFolder
from tarash_gateway_batch.history import EarlierRequest, History, prompt_digest
from tarash_gateway_batch.results import RowOutcome, SavedFile
from tarash_gateway_batch.rows import Row, failed_outcome, row_digest
from tarash_gateway_batch.settings import AnyConfig, BatchSettings, ConfigResolver

Step = Literal["send", "resume", "recover_file", "done", "kept", "failed", "unconfirmed"]
"""The next step of a row:

- `send`: send the request;
- `resume`: wait for the job, and fetch its result;
- `recover_file`: its files are in place, and only the journal does not know it yet;
- `done`, `kept`, `failed`, `unconfirmed`: there is none; see `RowStatus`.
"""

ROW_ERRORS: Final = ("ContentPolicyError", "InvalidRequestError", "UnsupportedOperationError")
"""Refusals of what a row asks for. Others are about the account or the moment, and pass."""

logger = logging.getLogger("tarash.batch")


@dataclass(frozen=True, slots=True)
class Decision:
    """The next step of a row, and what it takes."""

    step: Step
    earlier: EarlierRequest | None = None
    """The request of an earlier run that decided."""

    files: tuple[SavedFile, ...] = ()
    error: str | None = None
    replaces: bool = False
    """Whether there are files that the results replace."""

    warning: str | None = None
    entry: Entry | None = None
    """All that the journal knows of the request that is resumed or recovered; `ResumePlanner` looks it up."""


def decide(row: Row, requests: Iterable[EarlierRequest], folder: OutputFolder, settings: BatchSettings) -> Decision:
    """Decides the next step of a row by the requests of earlier runs. Reads the folder, writes nothing."""
    requests = list(requests)
    digest = row_digest(row) if requests else None
    # One that was paid for this very request counts, whatever an earlier request under the same id came to.
    best = max(
        requests,
        key=lambda request: (request.row == digest and _weight(request) >= _MAY_BE_PAID, _weight(request)),
        default=None,
    )
    if best is None or _weight(best) < _MAY_BE_PAID:
        if best is None or settings.retry_failed or not _is_final(best):
            return _send(row, folder, settings)
        return _failed(f"{best.error or 'it failed'} (in an earlier run; retry_failed=True sends it again)")
    if best.prompt != prompt_digest({"prompt": row.request.prompt}) or best.kind != row.kind:
        if settings.changed == "redo" and best.kind == row.kind:
            return _send_again(row, folder)
        msg = "an earlier run sent another prompt under this id; give the row an id of its own"
        return _failed(f"{ValidationError.__name__}: id: {msg}")
    if best.row is None or best.row == digest:
        return _keep_paid(row, best, folder, settings)
    return _keep_changed(row, best, folder, settings)


def _keep_changed(row: Row, earlier: EarlierRequest, folder: OutputFolder, settings: BatchSettings) -> Decision:
    """Decides on a row that is not the same as the one that an earlier run paid for."""
    if settings.changed == "redo":
        return _send_again(row, folder)
    msg = "an earlier run sent another request or model under this id"
    if settings.changed == "refuse":
        return _failed(f"{ValidationError.__name__}: id: {msg}; give the row an id of its own")
    kept = _keep_paid(row, earlier, folder, settings)
    return replace(kept, warning=f"{msg}, whose result is kept (changed='redo' makes it again)")


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
"""Of several requests of one row, the one with the highest weight decides."""

_MAY_BE_PAID: Final = 3
"""From this weight on a request may be paid for, and may have a result."""


def _weight(request: EarlierRequest) -> int:
    return _WEIGHTS[request.status]


def _is_final(request: EarlierRequest) -> bool:
    if request.status == "refused":
        return (request.error or "").startswith(ROW_ERRORS)
    return request.status == "failed"


def _send_again(row: Row, folder: OutputFolder) -> Decision:
    return Decision("send", replaces=bool(folder.existing_names(row.id, row.request.n)))


def _send(row: Row, folder: OutputFolder, settings: BatchSettings) -> Decision:
    names = folder.existing_names(row.id, row.request.n)
    if not names or settings.exists == "replace":
        return Decision("send", replaces=bool(names))
    place = folder.row_folder(row.id)
    if settings.exists == "skip":
        return Decision("kept", files=tuple(SavedFile(path=place / n) for n in names if not n.endswith(".json")))
    msg = f"{place / names[0]} is already there, and no run of this batch made it"
    return _failed(f"{SaveError.__name__}: {msg} (exists: error, skip or replace)")


def _keep_paid(row: Row, earlier: EarlierRequest, folder: OutputFolder, settings: BatchSettings) -> Decision:
    """Decides on a row that an earlier run may have paid for."""
    if earlier.status == "saved":
        return _keep_saved(row, earlier, folder, settings)
    if earlier.has_job:
        return Decision("resume", earlier)
    files = folder.files_of(earlier, row.id, row.request.n)
    if files:
        return Decision("recover_file", earlier, tuple(files))
    if settings.retry_unconfirmed:
        return _send(row, folder, settings)
    error = earlier.error or (
        f"{UnconfirmedGenerationError.__name__}: an earlier run was broken off while the request was on its way"
    )
    error = f"{error} (it may have been billed; retry_unconfirmed=True sends it again)"
    return Decision("unconfirmed", earlier, error=error)


def _keep_saved(row: Row, earlier: EarlierRequest, folder: OutputFolder, settings: BatchSettings) -> Decision:
    files = folder.existing_files(row.id, earlier.files)
    if files and len(files) == len(earlier.files):
        return Decision("done", earlier, tuple(files))
    if earlier.has_job:
        return Decision("resume", earlier)  # fetching it again costs nothing
    if settings.retry_failed:
        return _send(row, folder, settings)
    name = earlier.files[0].path.name if earlier.files else "its file"
    return _failed(f"{DownloadError.__name__}: {name} was saved and is gone (retry_failed=True pays for a new one)")


def _failed(error: str) -> Decision:
    return Decision("failed", error=error)


@dataclass(frozen=True, slots=True)
class ResumePlanner:
    """Decides on the rows. It belongs to the process that reads them."""

    settings: BatchSettings
    configs: ConfigResolver
    folder: OutputFolder
    history: History
    journal: BatchedJournal

    def decide(self, row: Row) -> tuple[Row, Decision] | RowOutcome:
        """Decides the next step for a row, or returns its outcome if it is already finished."""
        try:
            decision = decide(row, self.history.requests_of(row.id), self.folder, self.settings)
            match decision.step:
                case "send":
                    return row, decision
                case "resume" | "recover_file":
                    return self._with_entry(row, decision)
                case status:
                    return RowOutcome(
                        id=row.id,
                        line=row.line,
                        status=status,
                        files=decision.files,
                        error=decision.error,
                        warning=decision.warning,
                    )
        except TarashError as error:
            return failed_outcome(row, error)

    async def recover(self) -> None:
        """Looks up every open request for a video at its vendor, and writes the outcome to history and journal.

        All are looked up before anything is sent: a new job for the same prompt could be taken for an old one. A
        request that was sent a moment ago may show late: it is waited for, and looked up once more.
        """
        await self._look_up()
        left = self.history.open_videos()
        if not left:
            return
        newest = max(entry.at for entry in left)
        listed_within = retry_policy().listed_within
        wait = listed_within - (datetime.now(UTC) - newest).total_seconds()
        if wait <= 0:
            return
        logger.info("%d request(s) of an earlier run are not at the vendor yet, looked up again", len(left))
        await asyncio.sleep(min(wait, listed_within) + 0.01)
        await self._look_up()

    async def decide_again(self, rows: Iterable[Row], files: Iterable[Path]) -> list[tuple[Row, Decision] | RowOutcome]:
        """Decides on rows whose worker died, by the files that it wrote into the journal's folder."""
        for path in files:
            self.history.read_file(path)
        await self.recover()
        # What it remembers of the folder is from before that worker wrote into it.
        planner = replace(self, folder=OutputFolder(self.settings.out))
        planner.folder.prepare()
        return [planner.decide(row) for row in rows]

    async def _look_up(self) -> None:
        entries = self.history.open_videos()
        for provider in sorted({normalize_name(entry.provider) for entry in entries}):
            mine = [entry for entry in entries if normalize_name(entry.provider) == provider]
            view = _OpenRequests(self.journal, self.history, mine)
            try:
                config: Any = self.configs.config("video", mine[0].provider, mine[0].model)
                await run_async(recover(config, registry.create(config), view, new_request_id(), VideoJob))
            except TarashError as error:
                logger.warning("the outcome of %d request(s) at %s is not known: %s", len(mine), provider, error)

    def _with_entry(self, row: Row, decision: Decision) -> tuple[Row, Decision]:
        assert decision.earlier is not None  # noqa: S101 # what is resumed or recovered has one
        entry = self.history.entry(decision.earlier.intent)
        if entry.job is not None:
            row = replace(row, config=self._config_of(row, entry.job))
        return row, replace(decision, entry=entry)

    def _config_of(self, row: Row, job: GenerationJob) -> AnyConfig:
        if normalize_name(row.config.provider) == normalize_name(job.provider):
            return row.config
        return self.configs.config(row.kind, job.provider, job.model)


class _OpenRequests(Journal):
    """The journal as `recover` sees it: open requests, and jobs that could be taken for theirs."""

    def __init__(self, journal: BatchedJournal, history: History, entries: Sequence[Entry]) -> None:
        super().__init__(journal.path)
        self._journal = journal
        self._history = history
        self._open = entries

    def entries(self) -> list[Entry]:
        return [*self._open, *self._history.jobs_with_prompts_of(self._open)]

    async def entries_async(self) -> list[Entry]:
        return self.entries()

    async def write_async(self, event: str, **facts: Any) -> None:
        await self._journal.write_async(event, **facts)
        intent = facts.get("intent")
        if isinstance(intent, str) and event == "job":
            self._history.add_job(intent, VideoJob.model_validate(facts["job"]))
        elif isinstance(intent, str) and event == "absent":
            self._history.add_not_found(intent)
