"""The journal of a batch, by row: what earlier runs wrote, and what this one writes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from tarash.tarash_gateway.journal import Journal
from tarash.tarash_gateway.journal.entries import Entries, Entry, EntryStatus, status_of
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.journal.lines import Place, line_at, lines_of, located_lines
from tarash.tarash_gateway.models import ImageJob, VideoJob
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

_KNOWN: Final = ("label", "kind", "request_id", "expected", "cost", "error", "replaces", "row")
"""Columns that a line has under the same name."""

_SELECT: Final = (
    "SELECT intent, kind, status, request_id, job, prompt, replaces, expected, cost, error, files, row FROM intents"
    " WHERE label = ?"
)


@dataclass(frozen=True, slots=True)
class Past:
    """One paid request of a row, as far as a decision needs to know it."""

    intent: str
    kind: Literal["image", "video"]
    status: EntryStatus
    request_id: str | None
    has_job: bool
    prompt: str
    """The digest of its prompt."""

    replaces: bool
    """Whether a file was at the row's place before."""

    expected: float | None
    """US dollars at the most, as was thought before it was sent."""

    cost: float | None
    error: str | None
    files: tuple[SavedFile, ...]
    row: str | None = None
    """The digest of the row as it was then; None where an earlier release wrote it down."""


class History:
    """The paid requests of all rows.

    Args:
        folder: the journal's.
    """

    def __init__(self, folder: Path) -> None:
        # A file without a name, as that of the ids. One thread at a time uses it.
        self._base = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._base.executescript(_SCHEMA)
        self._files: list[Path] = []
        self._found: dict[str, ImageJob | VideoJob] = {}
        self._take_all(located_lines(folder))

    def take_in(self, path: Path) -> None:
        """Takes in one more file of the journal, such as that of a worker that died; once is enough."""
        if path not in self._files:
            self._take_all(lines_of(path))

    def of_row(self, name: str) -> list[Past]:
        """What was sent for a row; none of it may have come to anything."""
        if not self._files:
            return []
        return [_past(found) for found in self._base.execute(_SELECT, (name,))]

    def found(self, intent: str, job: ImageJob | VideoJob) -> None:
        """Takes in that the vendor's list shows the job of a request."""
        self._found[intent] = job
        self._take({"event": "job", "intent": intent, "job": {"endpoint": job.endpoint, "id": job.id}}, None)

    def absent(self, intent: str) -> None:
        """Takes in that the vendor's list does not show a request."""
        self._take({"event": "absent", "intent": intent}, None)

    def open_videos(self) -> list[Entry]:
        """The requests for videos of which nothing is known, oldest first, as the journal has them."""
        found = self._base.execute(
            "SELECT intent FROM intents WHERE status < 2 AND kind = 'video' AND label IS NOT NULL"
        ).fetchall()
        return sorted((self.entry(intent) for (intent,) in found), key=lambda entry: entry.at)

    def others_jobs(self, entries: Iterable[Entry]) -> list[Entry]:
        """Requests with the same prompts as these whose jobs are known."""
        wanted = {prompt_digest(entry.request) for entry in entries}
        return [
            self.entry(intent)
            for prompt in wanted
            for (intent,) in self._base.execute(
                "SELECT intent FROM intents WHERE prompt = ? AND job IS NOT NULL", (prompt,)
            ).fetchall()
        ]

    def entry(self, intent: str) -> Entry:
        """All that the journal knows of one request, read from it again."""
        *places, status = self._base.execute(
            "SELECT file, at, job_file, job_at, status FROM intents WHERE intent = ?", (intent,)
        ).fetchone()
        entries = Entries()
        for file, at in (places[:2], places[2:]):
            if file is not None:
                entries.add(line_at(Place(self._files[file], at)))
        entry = next(iter(entries), None) or Entry(intent)
        entry.status = _STATUSES[status]
        entry.job = self._found.get(intent, entry.job)
        return entry

    def spent(self) -> float:
        """US dollars: what was told, and the most that was expected where a request may have been billed."""
        free = (_STATUSES.index("absent"), _STATUSES.index("refused"))
        query = "SELECT total(CASE WHEN status IN (?, ?) THEN 0 ELSE coalesce(cost, expected, 0) END) FROM intents"
        total: float = self._base.execute(query, free).fetchone()[0]
        return total

    def close(self) -> None:
        """Lets go of the file."""
        self._base.close()

    def _take_all(self, lines: Iterable[tuple[Place, dict[str, Any]]]) -> None:
        later = [(place, line) for place, line in lines if not self._take(line, place)]
        for place, line in later:  # of a job whose own line stands in a file that was read after it
            self._take(line, place)

    def _take(self, line: dict[str, Any], place: Place | None) -> bool:
        """Takes in a line; False where it is of a job that is not known yet."""
        event, job = line.get("event"), _job_key(line)
        intent = line.get("intent")
        if not isinstance(intent, str):
            if job is None:
                return True  # of none of our rows
            found = self._base.execute("SELECT intent FROM intents WHERE job = ? LIMIT 1", (job,)).fetchone()
            if found is None:
                return False
            (intent,) = found
        known: dict[str, Any] = dict.fromkeys(_COLUMNS)
        known |= {name: _plain(line.get(name)) for name in _KNOWN}
        known |= {"intent": intent, "status": _STATUSES.index(status_of(event)), "files": _file(line)}
        if event == "intent":
            known["prompt"] = prompt_digest(line.get("asked"))
        if event == "job":
            known["job"] = job
        if place is not None and event in ("intent", "job"):
            names = ("file", "at") if event == "intent" else ("job_file", "job_at")
            known |= dict(zip(names, (self._number(place.path), place.offset), strict=True))
        self._base.execute(_MERGE, known)
        return True

    def _number(self, path: Path) -> int:
        if not self._files or self._files[-1] != path:
            self._files.append(path)
        return len(self._files) - 1


def prompt_digest(asked: Any) -> str:
    """What tells one prompt from another, in place of its text."""
    prompt = asked.get("prompt") if isinstance(asked, dict) else None
    return hashlib.sha256(str(prompt).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _past(row: tuple[Any, ...]) -> Past:
    intent, kind, status, request_id, job, prompt, replaces, expected, cost, error, files, digest = row
    # Not by pydantic's reader, which takes no path whose bytes are no text.
    saved = tuple(SavedFile.model_validate(json.loads(line)) for line in (files or "").split("\n") if line)
    return Past(
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
    endpoint, number = (job.get("endpoint"), job.get("id")) if isinstance(job, dict) else _of_line(line)
    return None if number is None else f"{number}@{endpoint}"


def _of_line(line: dict[str, Any]) -> tuple[Any, Any]:
    return line.get("endpoint"), line.get("job_id")


def _file(line: dict[str, Any]) -> str | None:
    path = line.get("path")
    return json.dumps({"path": path, "sha256": _plain(line.get("sha256"))}) if isinstance(path, str) else None


def _plain(value: Any) -> Any:
    """What a column takes of a line that anybody may have written."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return value if isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63) else None


_HELD_BACK: Final = ("made", "saved")
"""Lines that the batch writes itself, once a result and its sidecar are in place."""


class RowJournal(Journal):
    """Writes to the batch's journal under the name of one row, and knows what the row's requests came to.

    Args:
        journal: the batch's.
        label: the row's id.
        expected: US dollars that the call may cost at the most, where that is known.
        replaces: whether the row's place holds a file now.
        digest: what tells the row from another one under its id.
        intent: the request that is taken up again; without one, the call makes its own.
        on_news: called when it is known whether a request created something.
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
        on_news: Callable[[EntryStatus], None] | None = None,
    ) -> None:
        super().__init__(journal.path)
        self._journal = journal
        self._label = label
        self._expected = expected
        self._replaces = replaces or None
        self._digest = digest
        self._resumed = intent
        self._on_news = on_news
        self.intents = [] if intent is None else [intent]
        self.status: EntryStatus | None = None if intent is None else "submitted"
        """The last word on the row's last request; None where none was sent."""

    async def intend_async(self, kind: Literal["image", "video"], **facts: Any) -> str:
        """Writes that a request of the row is about to be sent."""
        # Of several requests of one call, the first carries what all may cost.
        expected = None if self.intents else self._expected
        intent = await self._journal.intend_async(
            kind, label=self._label, expected=expected, replaces=self._replaces, row=self._digest, **facts
        )
        self.intents.append(intent)
        self.status = "open"
        return intent

    async def write_async(self, event: str, **facts: Any) -> None:
        """Writes what became of a request."""
        if event == "job" and self._resumed is not None:
            return  # that it is taken up again, where its job is known
        if event not in _HELD_BACK:
            if facts.get("intent") is None:
                facts["intent"] = self.intents[-1] if self.intents else None
            await self._journal.write_async(event, **facts)
        # Not before it is on the disk: until then the row must not be broken off.
        self.status = status_of(event)
        if self._on_news is not None:
            self._on_news(self.status)

    async def lost(self, error: str) -> None:
        """Writes that a result came which is in no file."""
        intent = self.intents[-1] if self.intents else None
        await self._journal.write_async("made", intent=intent, error=error)

    def saved(self, path: str, sha256: str | None, cost: float | None = None) -> asyncio.Future[None]:
        """Writes that a result is in a file, and what the call cost.

        It need not be waited for: where the line is lost, the next run finds the file.
        """
        self.status = "saved"
        intent = self.intents[0] if self.intents else None
        return self._journal.write_soon("saved", intent=intent, path=path, sha256=sha256, cost=cost)
