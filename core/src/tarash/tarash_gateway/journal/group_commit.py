"""A journal for many concurrent calls of one event loop: their lines are synced together.

A disk takes a thousand lines in the time of one.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.journal.journal import Journal, line_of, new_intent
from tarash.tarash_gateway.journal.lines import Appender
from tarash.tarash_gateway.media.files import cannot_write
from tarash.tarash_gateway.models.job import MediaKind


class BatchedJournal(Journal):
    """A journal whose lines, written by an async call, share a sync with those that come meanwhile."""

    def __init__(self, path: Path | str | os.PathLike[str]) -> None:
        super().__init__(path)
        self._groups: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Group] = weakref.WeakKeyDictionary()

    async def record_request_async(self, kind: MediaKind, **facts: Any) -> str:
        """Does what `record_request` does, asynchronously."""
        intent = new_intent()
        try:
            await self.write_async("intent", intent=intent, kind=kind, **facts)
        except asyncio.CancelledError:
            # The line may get to the disk all the same; the request is never sent.
            line = self.write_soon("refused", intent=intent, error="CancelledError: cancelled before it was sent")
            line.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise
        return intent

    async def write_async(self, event: str, **facts: Any) -> None:
        """Does what `write` does, asynchronously: afterwards the line is on the disk.

        Raises:
            SaveError: it could not be written.
        """
        try:
            await self.write_soon(event, **facts)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def write_soon(self, event: str, **facts: Any) -> asyncio.Future[None]:
        """Writes a line soon; a caller that can lose it need not await it.

        Returns:
            What is done once the line is on the disk, or raises an `OSError`.
        """
        loop = asyncio.get_running_loop()
        group = self._groups.get(loop)
        if group is None:
            group = self._groups[loop] = _Group(self._appender)
        return group.append(line_of(event, facts))


class _Group:
    """While one sync runs in a thread, the lines that come meanwhile gather for the next one."""

    def __init__(self, appender: Appender) -> None:
        self._appender = appender
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._busy = False

    def append(self, line: bytes) -> asyncio.Future[None]:
        """Returns a future that is done once the line is on the disk."""
        written = self._loop.create_future()
        self._waiting.append((line, written))
        if not self._busy:
            self._write()
        return written

    def _write(self) -> None:
        taken, self._waiting = self._waiting, []
        self._busy = True
        writing = self._loop.run_in_executor(None, self._appender.append, *(line for line, _ in taken))
        writing.add_done_callback(lambda done: self._written(done, [written for _, written in taken]))

    def _written(self, done: asyncio.Future[None], lines: list[asyncio.Future[None]]) -> None:
        self._busy = False
        if self._waiting:
            self._write()
        error = None if done.cancelled() else done.exception()
        for written in lines:
            if written.done():  # its waiter was cancelled
                continue
            if done.cancelled():  # the loop is being closed
                written.cancel()
            elif error is None:
                written.set_result(None)
            else:
                # One of its own for each: an error that is raised twice grows with each raise.
                number = error.errno if isinstance(error, OSError) else None
                written.set_exception(OSError(number, str(getattr(error, "strerror", None) or error)))
