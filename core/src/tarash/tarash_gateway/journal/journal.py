"""A journal: a folder of append-only files, one for each process that wrote to it."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tarash.tarash_gateway._environment import expand_home, read_variable
from tarash.tarash_gateway._scopes import ScopeStack
from tarash.tarash_gateway.journal.entries import Entries, Entry
from tarash.tarash_gateway.journal.lines import Appender, encoded, read_lines
from tarash.tarash_gateway.media.files import cannot_write
from tarash.tarash_gateway.models.job import ImageJob, MediaKind, VideoJob

VERSION = 1
"""Of the lines; a reader leaves out what it does not know."""


class Journal:
    """Records requests on the disk before they are sent, so that no crash loses a job or pays for it twice.

    Calls inside `with Journal(path):` write to it, and so do calls of a process whose environment has
    `TARASH_JOURNAL=PATH`. Each line is synced before the call goes on. Several processes may write to one folder.
    It holds prompts and job ids, never a key or media.

    Args:
        path: the folder; made when the first line is written, for this user alone.

    Example:
        ```python
        with Journal("journal") as journal:
            generate_video(config, request, save_to="clip.mp4")
        for entry in journal.entries():
            print(entry.status, entry.request["prompt"])
        ```
    """

    def __init__(self, path: Path | str | os.PathLike[str]) -> None:
        self.path = expand_home(path)
        self._appender = Appender(self.path)

    def __repr__(self) -> str:
        return f"Journal({str(self.path)!r})"

    def __enter__(self) -> Self:
        blocks.enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        blocks.leave(self)
        self.close()

    def close(self) -> None:
        """Closes this process's file; a later line begins another."""
        self._appender.close()

    def entries(self) -> list[Entry]:
        """Reads every request in the journal, oldest first, without the lines that a crash tore."""
        lines = sorted(read_lines(self.path), key=lambda line: str(line.get("at") or ""))
        entries = Entries()
        for line in lines:
            entries.add(line)
        return sorted(entries, key=lambda entry: entry.at)

    async def entries_async(self) -> list[Entry]:
        """Does what `entries` does, asynchronously."""
        return await asyncio.to_thread(self.entries)

    def find(self, job_id: str) -> Entry | None:
        """Finds the request that became the vendor's job `job_id`; None where the journal does not know it."""
        return next((entry for entry in self.entries() if entry.job is not None and entry.job.id == job_id), None)

    def jobs(self) -> Iterator[ImageJob | VideoJob]:
        """Yields the jobs whose result was not fetched yet, oldest first."""
        for entry in self.entries():
            if entry.status == "submitted" and entry.job is not None:
                yield entry.job

    def record_request(self, kind: MediaKind, **facts: Any) -> str:
        """Writes that a request is about to be sent.

        Returns:
            The id of the intent.

        Raises:
            SaveError: it could not be written; the request must not go out.
        """
        intent = new_intent()
        self.write("intent", intent=intent, kind=kind, **facts)
        return intent

    intend = record_request
    """The name that `record_request` had in 1.0."""

    async def record_request_async(self, kind: MediaKind, **facts: Any) -> str:
        """Does what `record_request` does, asynchronously."""
        return await asyncio.to_thread(self.record_request, kind, **facts)

    intend_async = record_request_async

    def note_saved(self, request_id: str, path: Path | str | os.PathLike[str], sha256: str | None) -> None:
        """Writes that the caller saved a result of the call `request_id` to a file.

        Raises:
            SaveError: it could not be written.
        """
        self.write("saved", request_id=request_id, path=str(Path(path).absolute()), sha256=sha256)

    def write(self, event: str, **facts: Any) -> None:
        """Appends one line.

        Raises:
            SaveError: it could not be written.
        """
        try:
            self._appender.append(line_of(event, facts))
        except OSError as error:
            raise cannot_write(self.path, error) from error

    async def write_async(self, event: str, **facts: Any) -> None:
        """Does what `write` does, asynchronously: afterwards the line is on the disk."""
        await asyncio.to_thread(self.write, event, **facts)


def new_intent() -> str:
    """Makes the id of one request that may cost something."""
    return f"int_{uuid.uuid4().hex}"


def line_of(event: str, facts: dict[str, Any]) -> bytes:
    """Encodes an event; facts that are None are left out."""
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    present = {name: fact for name, fact in facts.items() if fact is not None}
    return encoded({"v": VERSION, "at": at, "event": event, **present})


blocks: ScopeStack[Journal] = ScopeStack("tarash_journal")
_of_environment: dict[str, Journal] = {}


def active_journal() -> Journal | None:
    """Returns the journal that a call writes to now; None where there is none.

    It is the one of the innermost `with` block, or the one that `TARASH_JOURNAL` names.
    """
    inner = blocks.all()
    if inner:
        return inner[-1]
    path = read_variable("TARASH_JOURNAL")
    if path and path not in _of_environment:
        _of_environment[path] = Journal(path)
    return _of_environment[path] if path else None
