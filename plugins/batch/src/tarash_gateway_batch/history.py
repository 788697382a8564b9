"""The journal of a batch, by row: what earlier runs wrote, and what this one writes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from tarash.tarash_gateway.journal import Journal
from tarash.tarash_gateway.journal.entries import Entries, Entry, EntryStatus, status_of
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.journal.lines import Place, line_at, lines_of, located_lines
from tarash.tarash_gateway.models import ImageJob, MediaKind, VideoJob
from tarash_gateway_batch.results import SavedFile

_STATUSES: Final[tuple[EntryStatus, ...]] = get_args(EntryStatus)

_SCHEMA: Final = """
    PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384;
    CREATE TABLE intents (
        intent TEXT PRIMARY KEY, label TEXT, kind TEXT, status INTEGER DEFAULT 0, request_id TEXT, job TEXT,
        prompt TEXT, replaces INTEGER, expected REAL, cost REAL, error TEXT, files TEXT, file INTEGER, at INTEGER,
        job_file INTEGER, job_at INTEGER, row TEXT
    ) WITHOUT ROWID;
    CREATE INDEX of_label ON intents (label);
    CREATE INDEX of_job ON intents (job);
    CREATE INDEX of_status ON intents (status) WHERE status < 2;
    BEGIN
"""

_MERGE: Final = """
    INSERT INTO intents VALUES
        (:intent, :label, :kind, :status, :request_id, :job, :prompt, :replaces, :expected, :cost, :error, :files,
         :file, :at, :job_file, :job_at, :row)
    ON CONFLICT (intent) DO UPDATE SET
        label = coalesce(excluded.label, label), kind = coalesce(excluded.kind, kind),
        status = max(status, excluded.status), request_id = coalesce(excluded.request_id, request_id),
        job = coalesce(excluded.job, job), prompt = coalesce(excluded.prompt, prompt),
        replaces = coalesce(excluded.replaces, replaces), expected = coalesce(excluded.expected, expected),
        cost = coalesce(excluded.cost, cost), error = coalesce(excluded.error, error),
        files = iif(excluded.files IS NULL, files, coalesce(files || char(10), '') || excluded.files),
        file = coalesce(excluded.file, file), at = coalesce(excluded.at, at),
        job_file = coalesce(excluded.job_file, job_file), job_at = coalesce(excluded.job_at, job_at),
        row = coalesce(excluded.row, row)
"""

_COLUMNS: Final = (
    "intent", "label", "kind", "status", "request_id", "job", "prompt", "replaces", "expected", "cost", "error",
    "files", "file", "at", "job_file", "job_at", "row",
)  # fmt: skip

_LINE_COLUMNS: Final = ("label", "kind", "request_id", "expected", "cost", "error", "replaces", "row")
"""Columns that a line of the journal has under the same name."""

_SELECT: Final = (
    "SELECT intent, kind, status, request_id, job, prompt, replaces, expected, cost, error, files, row FROM intents"
    " WHERE label = ?"
)

_HELD_BACK: Final = ("made", "saved")
"""Lines that the batch writes itself, once a result and its sidecar are in place."""


@dataclass(frozen=True, slots=True)
class EarlierRequest:
    """A request that was sent for a row, as far as a decision needs to know it."""

    intent: str
    kind: MediaKind
    status: EntryStatus
    request_id: str | None
    has_job: bool
    prompt: str
    """The digest of its prompt."""

    replaces: bool
    """Whether a file was at the row's place before."""

    expected: float | None
    """Maximum cost in US dollars, as it was expected before the request was sent."""

    cost: float | None
    error: str | None
    files: tuple[SavedFile, ...]
    row: str | None = None
    """The digest of the row at that time; None where an earlier release wrote the line."""


class History:
    """The requests that were sent for all rows, found by the row's id, and kept on the disk rather than in memory.

    Args:
        folder: the journal's.
    """

    def __init__(self, folder: Path) -> None:
        # A file without a name, as that of the ids. One thread at a time uses it.
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._files: list[Path] = []
        self._jobs: dict[str, ImageJob | VideoJob] = {}
        self._add_lines(located_lines(folder))

    def read_file(self, path: Path) -> None:
        """Reads one more file of the journal, such as that of a worker that died; a second time does nothing."""
        if path not in self._files:
            self._add_lines(lines_of(path))

    def requests_of(self, name: str) -> list[EarlierRequest]:
        """Returns the requests that were sent for a row, failed ones too."""
        if not self._files:
            return []
        return [_earlier_request(columns) for columns in self._database.execute(_SELECT, (name,))]

    def add_job(self, intent: str, job: ImageJob | VideoJob) -> None:
        """Records that the vendor's list shows the job of a request."""
        self._jobs[intent] = job
        self._add_line({"event": "job", "intent": intent, "job": {"endpoint": job.endpoint, "id": job.id}}, None)

    def add_not_found(self, intent: str) -> None:
        """Records that the vendor's list does not show a request."""
        self._add_line({"event": "absent", "intent": intent}, None)

    def open_videos(self) -> list[Entry]:
        """Returns the requests for videos whose outcome is unknown, oldest first, as the journal has them."""
        intents = self._database.execute(
            "SELECT intent FROM intents WHERE status < 2 AND kind = 'video' AND label IS NOT NULL"
        ).fetchall()
        return sorted((self.entry(intent) for (intent,) in intents), key=lambda entry: entry.at)

    def jobs_with_prompts_of(self, entries: Iterable[Entry]) -> list[Entry]:
        """Returns the requests with the prompts of these entries whose jobs are known."""
        return [
            self.entry(intent)
            for prompt in {prompt_digest(entry.request) for entry in entries}
            for (intent,) in self._database.execute(
                "SELECT intent FROM intents WHERE prompt = ? AND job IS NOT NULL", (prompt,)
            ).fetchall()
        ]

    def entry(self, intent: str) -> Entry:
        """Reads the journal's entry of one request again."""
        *places, status = self._database.execute(
            "SELECT file, at, job_file, job_at, status FROM intents WHERE intent = ?", (intent,)
        ).fetchone()
        entries = Entries()
        for file, at in (places[:2], places[2:]):
            if file is not None:
                entries.add(line_at(Place(self._files[file], at)))
        entry = next(iter(entries), None) or Entry(intent)
        entry.status = _STATUSES[status]
        entry.job = self._jobs.get(intent, entry.job)
        return entry

    def spent(self) -> float:
        """Returns the US dollars of all requests; the expected maximum where a request may have been billed."""
        free = (_STATUSES.index("absent"), _STATUSES.index("refused"))
        query = "SELECT total(CASE WHEN status IN (?, ?) THEN 0 ELSE coalesce(cost, expected, 0) END) FROM intents"
        total: float = self._database.execute(query, free).fetchone()[0]
        return total

    def close(self) -> None:
        """Closes and removes the file."""
        self._database.close()

    def _add_lines(self, lines: Iterable[tuple[Place, dict[str, Any]]]) -> None:
        unknown = [(place, line) for place, line in lines if not self._add_line(line, place)]
        for place, line in unknown:  # of a job whose own line stands in a file that was read after it
            self._add_line(line, place)

    def _add_line(self, line: dict[str, Any], place: Place | None) -> bool:
        """Adds a line; returns False where it is of a job that is not known yet."""
        event, job = line.get("event"), _job_key(line)
        intent = line.get("intent")
        if not isinstance(intent, str):
            if job is None:
                return True  # of none of our rows
            match = self._database.execute("SELECT intent FROM intents WHERE job = ? LIMIT 1", (job,)).fetchone()
            if match is None:
                return False
            (intent,) = match
        columns: dict[str, Any] = dict.fromkeys(_COLUMNS)
        columns |= {name: _column_value(line.get(name)) for name in _LINE_COLUMNS}
        columns |= {"intent": intent, "status": _STATUSES.index(status_of(event)), "files": _file_column(line)}
        if event == "intent":
            columns["prompt"] = prompt_digest(line.get("asked"))
        if event == "job":
            columns["job"] = job
        if place is not None and event in ("intent", "job"):
            names = ("file", "at") if event == "intent" else ("job_file", "job_at")
            columns |= dict(zip(names, (self._file_number(place.path), place.offset), strict=True))
        self._database.execute(_MERGE, columns)
        return True

    def _file_number(self, path: Path) -> int:
        if not self._files or self._files[-1] != path:
            self._files.append(path)
        return len(self._files) - 1


def prompt_digest(request: Any) -> str:
    """Returns a digest that stands for the prompt of a request, as the journal has it."""
    prompt = request.get("prompt") if isinstance(request, dict) else None
    return hashlib.sha256(str(prompt).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _earlier_request(columns: tuple[Any, ...]) -> EarlierRequest:
    intent, kind, status, request_id, job, prompt, replaces, expected, cost, error, files, digest = columns
    # Not by pydantic's reader, which takes no path whose bytes are no text.
    saved = tuple(SavedFile.model_validate(json.loads(line)) for line in (files or "").split("\n") if line)
    return EarlierRequest(
        intent=intent,
        kind="image" if kind == "image" else "video",
        status=_STATUSES[status],
        request_id=request_id,
        has_job=job is not None,
        prompt=prompt or "",
        replaces=bool(replaces),
        expected=expected,
        cost=cost,
        error=error,
        files=saved,
        row=digest,
    )


def _job_key(line: dict[str, Any]) -> str | None:
    job = line.get("job")
    endpoint, number = (
        (job.get("endpoint"), job.get("id")) if isinstance(job, dict) else (line.get("endpoint"), line.get("job_id"))
    )
    return None if number is None else f"{number}@{endpoint}"


def _file_column(line: dict[str, Any]) -> str | None:
    path = line.get("path")
    return json.dumps({"path": path, "sha256": _column_value(line.get("sha256"))}) if isinstance(path, str) else None


def _column_value(value: Any) -> Any:
    """Returns what a column can hold of a line that anybody may have written."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return value if isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63) else None


class RowJournal(Journal):
    """Writes to the batch's journal under the id of one row, and knows the status of the row's requests.

    Args:
        journal: the batch's.
        label: the row's id.
        expected: maximum cost of the call in US dollars, where it is known.
        replaces: whether the row's place holds a file now.
        digest: the digest of the row.
        intent: the request that is resumed; without it, the call sends its own.
        on_request_end: called when it is known whether a request created something.
    """

    def __init__(
        self,
        journal: BatchedJournal,
        label: str,
        *,
        expected: float | None = None,
        replaces: bool = False,
        digest: str | None = None,
        intent: str | None = None,
        on_request_end: Callable[[EntryStatus], None] | None = None,
    ) -> None:
        super().__init__(journal.path)
        self._journal = journal
        self._facts = {"label": label, "replaces": replaces or None, "row": digest}
        self._expected = expected
        self._is_resumed = intent is not None
        self._on_request_end = on_request_end
        self.intents = [] if intent is None else [intent]
        self.status: EntryStatus | None = None if intent is None else "submitted"
        """The status of the row's last request; None where none was sent."""

    async def record_request_async(self, kind: MediaKind, **facts: Any) -> str:
        """Writes that a request of the row is about to be sent."""
        # Of several requests of one call, the first carries the expected cost of all.
        expected = None if self.intents else self._expected
        intent = await self._journal.record_request_async(kind, expected=expected, **self._facts, **facts)
        self.intents.append(intent)
        self.status = "open"
        return intent

    async def write_async(self, event: str, **facts: Any) -> None:
        """Writes the outcome of a request."""
        if event == "job" and self._is_resumed:
            return  # its job is known
        if event not in _HELD_BACK:
            if facts.get("intent") is None:
                facts["intent"] = self.intents[-1] if self.intents else None
            await self._journal.write_async(event, **facts)
        # Not before it is on the disk: until then the row must not be cancelled.
        self.status = status_of(event)
        if self._on_request_end is not None:
            self._on_request_end(self.status)

    async def write_lost(self, error: str) -> None:
        """Writes that a result arrived and is in no file."""
        intent = self.intents[-1] if self.intents else None
        await self._journal.write_async("made", intent=intent, error=error)

    def write_saved(self, path: str, sha256: str | None, cost: float | None = None) -> asyncio.Future[None]:
        """Writes that a result is in a file, and what the call cost.

        Nobody has to wait for it: where the line is lost, the next run finds the file.
        """
        self.status = "saved"
        intent = self.intents[0] if self.intents else None
        return self._journal.write_soon("saved", intent=intent, path=path, sha256=sha256, cost=cost)
