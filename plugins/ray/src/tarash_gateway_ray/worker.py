"""A worker on a node: it works on many rows in one event loop, and asks the batch for permits and budget."""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.models.job import job_from_json
from tarash_gateway_batch import BatchSettings, Decision, OutputFolder, Row, RowWork, WorkerContext, failed_outcome
from tarash_gateway_ray.channel import Channel, RemoteBudget, RemoteLimiters
from tarash_gateway_ray.fencing import FencedJournal
from tarash_gateway_ray.messages import FatalError, JobCreated, MessageBatch, Reply

WRITER_THREADS: Final = 16
"""Threads that write files."""

logger = logging.getLogger("tarash.batch")


def release() -> str:
    """Returns the release of the gateway; all machines of a batch need the same one."""
    return version("tarash-gateway")


@dataclass(frozen=True, slots=True)
class WorkerStarted:
    """What a worker reports when it has started."""

    file: Path
    """The file of the journal that it writes to."""

    pid: int


class Worker:
    """Works on rows. The batch calls its methods from another machine.

    Args:
        name: the name of its token.
        settings: of the batch, with absolute paths.
        batch_release: the release of the gateway that the batch runs with.
    """

    def __init__(self, name: str, settings: BatchSettings, batch_release: str) -> None:
        self._name = name
        self._settings = settings
        self._batch_release = batch_release
        self._channels: dict[str, Channel] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._shared: dict[str, Any] = {}
        """The fields of `WorkerContext` that are the same for all rows."""

    async def start(self) -> WorkerStarted:
        """Checks whether this machine can do the work.

        Raises:
            ConfigurationError: it has another release, or does not see the batch's folders.
            SaveError: it cannot write to them.
        """
        if release() != self._batch_release:
            msg = (
                f"this machine has tarash-gateway {release()}, the batch runs with {self._batch_release}: "
                "install the same"
            )
            raise ConfigurationError(msg)
        journal = FencedJournal(self._settings.journal, self._name)
        file = await journal.start()
        folder = OutputFolder(self._settings.out)
        folder.prepare()
        self._shared = {
            "settings": self._settings,
            "journal": journal,
            "folder": folder,
            "threads": ThreadPoolExecutor(WRITER_THREADS, thread_name_prefix="tarash-batch"),
            "writing": asyncio.Semaphore(WRITER_THREADS),
        }
        return WorkerStarted(file, os.getpid())

    async def run_row(self, key: str, row: Row, decision: Decision) -> MessageBatch:
        """Starts the work on a row; returns the first messages."""
        channel = self._channels[key] = Channel()
        shared = self._shared | {"journal": _ReportingJournal(self._shared["journal"], channel)}
        context = WorkerContext(
            **shared,
            budget=RemoteBudget(channel),
            limiters=RemoteLimiters(channel),
            on_request_end=lambda: None,
            on_fatal=lambda error: channel.notify(FatalError(error)),
        )
        work = channel.work = RowWork(row, decision, context)
        self._tasks[key] = asyncio.create_task(self._run(channel, work))
        return await self.receive(key)

    async def reply(self, key: str, reply: Reply) -> MessageBatch:
        """Passes on the reply to a query; returns the next messages."""
        self._channels[key].reply(reply)
        return await self.receive(key)

    async def receive(self, key: str) -> MessageBatch:
        """Returns the next messages about a row."""
        messages = await self._channels[key].receive()
        if messages.outcome is not None:
            self._channels.pop(key, None)
            self._tasks.pop(key, None)
        return messages

    async def cancel(self, key: str) -> None:
        """Cancels the work on a row; a job that it has is left running."""
        task = self._tasks.pop(key, None)
        self._channels.pop(key, None)
        if task is not None:
            task.cancel()

    async def _run(self, channel: Channel, work: RowWork) -> None:
        try:
            outcome = await work.run()
        except Exception as error:  # without an outcome the batch would wait for ever
            logger.exception("row %s: an unexpected error", work.row.id)
            outcome = failed_outcome(work.row, error)
        channel.end(outcome)


class _ReportingJournal:
    """A worker's journal that reports new jobs to the batch, so that none is ever taken for another row's."""

    def __init__(self, journal: FencedJournal, channel: Channel) -> None:
        self.path = journal.path
        self._journal = journal
        self._channel = channel

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def write_async(self, event: str, **facts: Any) -> None:
        await self._journal.write_async(event, **facts)
        if event == "job":
            self._channel.notify(JobCreated(job_from_json(facts["job"])))
