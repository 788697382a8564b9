"""Entries of a journal: one for each request that may cost something, built from its lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.models.job import ImageJob, MediaKind, VideoJob, job_from_json

EntryStatus = Literal["open", "unconfirmed", "absent", "refused", "submitted", "failed", "made", "saved"]
"""From "nothing is known yet" to "the file is there". A later word in this list is never replaced by an earlier one:

- `open`: the request was about to be sent, and its outcome is not known;
- `unconfirmed`: its answer was lost, so that it may have been billed;
- `absent`: the vendor's job list was read to its end and does not show it;
- `refused`: the vendor refused it, or was not reached; nothing was created;
- `submitted`: a job exists and its result was not fetched yet;
- `failed`: the job, or the answer, came to nothing;
- `made`: the result came, and no file of it is known;
- `saved`: it is in a file.
"""

LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""The time of a line without one."""

_RANK = {status: rank for rank, status in enumerate(get_args(EntryStatus))}


@dataclass(slots=True)
class Entry:
    """One request that may cost something, and its outcome."""

    intent: str
    """Our id of this one request; a call has several with `fan_out` or fallbacks."""

    kind: MediaKind = "video"
    status: EntryStatus = "open"
    at: datetime = LONG_AGO
    """When it was about to be sent. UTC."""

    provider: str = ""
    model: str = ""
    endpoint: str = ""
    request_id: str | None = None
    """Our id of the call."""

    label: str | None = None
    """The caller's own name for it, such as a row of a batch."""

    request: dict[str, Any] = field(default_factory=dict, repr=False)
    """The request as sent, with digests in place of media."""

    job: ImageJob | VideoJob | None = None
    """The job as it was last seen."""

    files: list[dict[str, str]] = field(default_factory=list)
    """`path` and `sha256` of what was saved."""

    error: str | None = None
    """The name of the error and its message, where there was one."""

    @property
    def asked(self) -> dict[str, Any]:
        """The name that `request` had in 1.0."""
        return self.request


class Entries:
    """Builds entries from lines in the order of their times."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._of_job: dict[tuple[str, str], Entry] = {}
        self._of_call: dict[str, list[Entry]] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def add(self, line: dict[str, Any]) -> None:
        """Adds one line; an unknown one changes nothing."""
        job = _job(line.get("job"))
        for entry in self._concerned(line, job):
            if line.get("event") == "intent":
                _begin(entry, line)
                self._of_call.setdefault(str(entry.request_id), []).append(entry)
            if job is not None:
                entry.job = job
                self._of_job[job.endpoint, job.id] = entry
            _advance(entry, line.get("event"))
            if isinstance(line.get("path"), str):
                entry.files.append({"path": line["path"], "sha256": str(line.get("sha256") or "")})
            if isinstance(line.get("error"), str):
                entry.error = line["error"]

    def _concerned(self, line: dict[str, Any], job: ImageJob | VideoJob | None) -> list[Entry]:
        intent = line.get("intent")
        if isinstance(intent, str):
            if intent not in self._entries:
                self._entries[intent] = Entry(intent, at=_time(line.get("at")))
            return [self._entries[intent]]
        if job is not None:
            entry = self._of_job.get((job.endpoint, job.id))
            return [entry if entry is not None else self._of_foreign_job(job, line)]
        found = self._of_job.get((str(line.get("endpoint")), str(line.get("job_id"))))
        if found is not None:
            return [found]
        # The caller saved it, perhaps converted: its digest does not say which of the call's images it is.
        return self._of_call.get(str(line.get("request_id")), [])[:1]

    def _of_foreign_job(self, job: ImageJob | VideoJob, line: dict[str, Any]) -> Entry:
        """Makes the entry of a job that was submitted without this journal and resumed with it."""
        entry = Entry(f"job_{job.id}@{job.endpoint}", job.kind, "submitted", _time(line.get("at")))
        entry.provider, entry.model, entry.endpoint = job.provider, job.model, job.endpoint
        entry.request_id, entry.request = job.request_id, job.request
        self._entries[entry.intent] = entry
        return entry


def _begin(entry: Entry, line: dict[str, Any]) -> None:
    for name in ("provider", "model", "endpoint", "request_id", "label"):
        if isinstance(line.get(name), str):
            setattr(entry, name, line[name])
    entry.kind = "image" if line.get("kind") == "image" else "video"
    entry.request = line["asked"] if isinstance(line.get("asked"), dict) else {}
    entry.at = _time(line.get("at"))


_STATUS_OF: dict[str, EntryStatus] = {"job": "submitted", **{status: status for status in get_args(EntryStatus)}}


def status_of(event: Any) -> EntryStatus:
    """Returns the status that a line with this event stands for."""
    return _STATUS_OF.get(str(event), "open")


def _advance(entry: Entry, event: Any) -> None:
    status = status_of(event)
    if _RANK[status] > _RANK[entry.status]:
        entry.status = status


def _job(value: Any) -> ImageJob | VideoJob | None:
    if not isinstance(value, dict):
        return None
    try:
        return job_from_json(value)
    except (ValidationError, ValueError):
        return None


def _time(value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return LONG_AGO
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
