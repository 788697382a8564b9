"""A journal for many calls side by side in one event loop: their lines are synced together.

A disk takes a thousand lines in the time of one.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from pathlib import Path
from typing import Any, Literal

from tarash.tarash_gateway.journal.folder import Journal, line_of, new_intent
from tarash.tarash_gateway.journal.lines import Appender
from tarash.tarash_gateway.media.saving import cannot_write


class GroupedJournal(Journal):
    """A journal whose lines, written by an async call, share a sync with those that come meanwhile."""

    def __init__(self, path: Path | str | os.PathLike[str]) -> None:
        super().__init__(path)
        self._groups: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Group] = weakref.WeakKeyDictionary()

    async def intend_async(self, kind: Literal["image", "video"], **facts: Any) -> str:
        """The same as `intend`, to be awaited."""
        intent = new_intent()
        await self.write_async("intent", intent=intent, kind=kind, **facts)
        return intent

    async def write_async(self, event: str, **facts: Any) -> None:
        """The same as `write`, to be awaited: when it is, the line is on the disk.

        Raises:
            SaveError: it could not be written.
        """
        loop = asyncio.get_running_loop()
        group = self._groups.get(loop)
        if group is None:
            group = self._groups[loop] = _Group(self._appender)
        try:
            await group.append(line_of(event, facts))
        except OSError as error:
            raise cannot_write(self.path, error) from error


class _Group:
    """While one sync runs in a thread, the lines that come meanwhile gather for the next one."""

    def __init__(self, appender: Appender) -> None:
        self._appender = appender
        self._waiting: list[tuple[dict[str, Any], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def append(self, line: dict[str, Any]) -> None:
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((line, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            error: OSError | None = None
            try:
                await asyncio.to_thread(self._appender.append, *(line for line, _ in taken))
            except OSError as refused:
                error = refused
            except BaseException:  # the loop is being closed: nobody is to be left waiting
                for _, written in (*taken, *self._waiting):
                    written.cancel()
                raise
            for _, written in taken:
                if written.done():  # whoever waited for it was cancelled
                    continue
                if error is None:
                    written.set_result(None)
                else:
                    # One of its own for each: an error that is raised twice grows with each raise.
                    written.set_exception(OSError(error.errno, error.strerror))
