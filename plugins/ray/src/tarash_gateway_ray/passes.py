"""Passes: a worker may send as long as its pass lies in the journal's folder. To take it away is to shut it out.

A cluster may take a worker for dead that only lost its network, and its rows go to another one. So a worker looks for
its pass after each intent is on the disk and before the request is sent, and whoever takes over first removes the pass
and then reads the intents: one of the two sees the other.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final, Literal

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.journal.lines import ENDING, lines_of
from tarash.tarash_gateway.media.files import atomic_file, cannot_write
from tarash_gateway_batch.resume import Desk

FOLDER: Final = "workers"
"""Beside the journal's files."""


def issue(journal: Path, worker: str, file: Path | None = None) -> None:
    """Writes a worker's pass, with the file of the journal in it that the worker writes to, once that is known.

    Raises:
        SaveError: it cannot be written.
    """
    place = journal / FOLDER / worker
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(place, error) from error
    with atomic_file(place, "replace", private=True) as permit:
        permit.write(b"" if file is None else file.name.encode())


def revoke(journal: Path, worker: str) -> None:
    """Takes a worker's pass away: it sends nothing more, wherever it is."""
    (journal / FOLDER / worker).unlink(missing_ok=True)


def shut_out_earlier(desk: Desk) -> None:
    """Shuts out the workers of a run whose process was killed: they may live on for a moment.

    Raises:
        ConfigurationError: one of them wrote an intent after the journal was read.
    """
    journal = desk.journal.path
    folder = journal / FOLDER
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        file = journal / (place.read_text().strip() or place.name)
        revoke(journal, place.name)
        if file.is_file() and any(not _is_known(line, desk) for _, line in lines_of(file)):
            msg = "workers of an earlier run were still at this batch, and were stopped. Run it again: it goes on."
            raise ConfigurationError(msg)


def _is_known(line: dict[str, Any], desk: Desk) -> bool:
    intent = line.get("intent")
    return line.get("event") != "intent" or any(
        past.intent == intent for past in desk.history.of_row(str(line.get("label")))
    )


def is_valid(place: Path) -> bool:
    """Whether the pass is there: opened, since a folder of the network may be remembered, and an opened file is not."""
    try:
        with place.open("rb"):
            return True
    except OSError:
        return False


class PassJournal(BatchedJournal):
    """The journal of a worker: it sends nothing whose intent it could not write down with its pass in place.

    Args:
        path: the batch's journal.
        worker: the worker's name.
    """

    def __init__(self, path: Path, worker: str) -> None:
        super().__init__(path)
        self._worker = worker
        self._pass = path / FOLDER / worker

    async def begin(self) -> Path:
        """Writes the first line, and gives the file that this worker's lines are in.

        Raises:
            ConfigurationError: this machine does not see the batch's folder.
            SaveError: the journal cannot be written.
        """
        if not is_valid(self._pass):
            msg = (
                f"this machine does not see {self.path}, where the batch keeps its journal. "
                "Give a folder that all nodes share, under the same path."
            )
            raise ConfigurationError(msg)
        await self.write_async("worker", worker=self._worker)
        return next(path for path in sorted(self.path.glob(f"*{ENDING}"), reverse=True) if self._is_mine(path))

    async def intend_async(self, kind: Literal["image", "video"], **facts: Any) -> str:
        """Writes that a request is about to be sent, if this worker may still send.

        Raises:
            ConfigurationError: it may not; its rows are another one's.
        """
        intent = await super().intend_async(kind, **facts)
        if not await asyncio.to_thread(is_valid, self._pass):
            msg = f"the worker {self._worker} was given up by its batch; nothing was sent"
            await self.write_async("refused", intent=intent, error=f"{ConfigurationError.__name__}: {msg}")
            raise ConfigurationError(msg)
        return intent

    def _is_mine(self, path: Path) -> bool:
        _, line = next(lines_of(path), (None, {}))
        return line.get("worker") == self._worker
