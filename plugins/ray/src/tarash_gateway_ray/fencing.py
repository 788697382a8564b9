"""Fencing: a worker may send as long as its token lies in the journal's folder. Removing the token fences the worker.

A cluster may take a worker for dead that only lost its network, and its rows go to another one. So a worker checks its
token after each intent is on the disk and before the request is sent, and whoever takes over first removes the token
and then reads the intents: one of the two sees the other.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.journal.lines import ENDING, lines_of
from tarash.tarash_gateway.media.files import atomic_file, cannot_write
from tarash.tarash_gateway.models import MediaKind
from tarash_gateway_batch import ResumePlanner

FOLDER: Final = "workers"
"""The folder of the tokens, beside the journal's files."""


def write_token(journal: Path, worker: str, file: Path | None = None) -> None:
    """Writes a worker's token; it holds the name of the journal's file that the worker writes to, once that is known.

    Raises:
        SaveError: it cannot be written.
    """
    place = journal / FOLDER / worker
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(place, error) from error
    with atomic_file(place, "replace", private=True) as token:
        token.write(b"" if file is None else file.name.encode())


def remove_token(journal: Path, worker: str) -> None:
    """Removes a worker's token: the worker sends nothing more, wherever it is."""
    (journal / FOLDER / worker).unlink(missing_ok=True)


def fence_earlier_workers(planner: ResumePlanner) -> None:
    """Fences the workers of a run whose process was killed: they may live on for a moment.

    Raises:
        ConfigurationError: one of them wrote an intent after the journal was read.
    """
    journal = planner.journal.path
    folder = journal / FOLDER
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        file = journal / (place.read_text().strip() or place.name)
        remove_token(journal, place.name)
        if file.is_file() and any(not _is_in_history(line, planner) for _, line in lines_of(file)):
            msg = "workers of an earlier run were still at this batch, and were stopped. Run it again: it goes on."
            raise ConfigurationError(msg)


def _is_in_history(line: dict[str, Any], planner: ResumePlanner) -> bool:
    return line.get("event") != "intent" or any(
        request.intent == line.get("intent") for request in planner.history.requests_of(str(line.get("label")))
    )


def has_token(place: Path) -> bool:
    """Returns whether the token exists. It is opened: a network file system may remember names, but no open file."""
    try:
        with place.open("rb"):
            return True
    except OSError:
        return False


class FencedJournal(BatchedJournal):
    """The journal of a worker, which sends no request unless its intent was written while its token existed.

    Args:
        path: the batch's journal.
        worker: the worker's name.
    """

    def __init__(self, path: Path, worker: str) -> None:
        super().__init__(path)
        self._worker = worker
        self._token = path / FOLDER / worker

    async def start(self) -> Path:
        """Writes the first line, and returns the file that this worker's lines are in.

        Raises:
            ConfigurationError: this machine does not see the batch's folder.
            SaveError: the journal cannot be written.
        """
        if not has_token(self._token):
            msg = (
                f"this machine does not see {self.path}, where the batch keeps its journal. "
                "Give a folder that all nodes share, under the same path."
            )
            raise ConfigurationError(msg)
        await self.write_async("worker", worker=self._worker)
        return next(path for path in sorted(self.path.glob(f"*{ENDING}"), reverse=True) if self._is_mine(path))

    async def record_request_async(self, kind: MediaKind, **facts: Any) -> str:
        """Writes that a request is about to be sent, if this worker may still send.

        Raises:
            ConfigurationError: it may not; its rows belong to another worker.
        """
        intent = await super().record_request_async(kind, **facts)
        if not await asyncio.to_thread(has_token, self._token):
            msg = f"the worker {self._worker} was given up by its batch; nothing was sent"
            await self.write_async("refused", intent=intent, error=f"{ConfigurationError.__name__}: {msg}")
            raise ConfigurationError(msg)
        return intent

    def _is_mine(self, path: Path) -> bool:
        _, line = next(lines_of(path), (None, {}))
        return line.get("worker") == self._worker
