"""What runs on a node: rows side by side in one event loop, each in a talk with the batch that keeps the limits."""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.models.job import job_from_json
from tarash_gateway_batch.folder import Places
from tarash_gateway_batch.interfaces import Bench
from tarash_gateway_batch.resume import Decision
from tarash_gateway_batch.rows import Row, failure
from tarash_gateway_batch.settings import Settings
from tarash_gateway_batch.work import Work
from tarash_gateway_ray.messages import Answer, HasJob, Said, Trouble
from tarash_gateway_ray.passes import PassJournal
from tarash_gateway_ray.talk import AskedGates, AskedPurse, Talk

WRITERS: Final = 16
"""Threads that write files."""

logger = logging.getLogger("tarash.batch")


def release() -> str:
    """The release of the gateway; all machines of a batch have the same one."""
    return version("tarash-gateway")


@dataclass(frozen=True, slots=True)
class Begun:
    """What a worker says of itself."""

    file: Path
    """The file of the journal that it writes to."""

    pid: int


class Worker:
    """Works on rows. Its methods are called from afar.

    Args:
        name: its own, as in its pass.
        settings: of the batch, with absolute paths.
        wanted: the release of the gateway that the batch runs with.
    """

    def __init__(self, name: str, settings: Settings, wanted: str) -> None:
        self._name = name
        self._settings = settings
        self._wanted = wanted
        self._talks: dict[str, Talk] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._bench: dict[str, Any] = {}

    async def start(self) -> Begun:
        """Looks whether this machine can do the work.

        Raises:
            ConfigurationError: it has another release, or does not see the batch's folders.
            SaveError: it cannot write to them.
        """
        if release() != self._wanted:
            msg = f"this machine has tarash-gateway {release()}, the batch runs with {self._wanted}: install the same"
            raise ConfigurationError(msg)
        journal = PassJournal(self._settings.journal, self._name)
        file = await journal.begin()
        places = Places(self._settings.out)
        places.prepare()
        self._bench = {
            "settings": self._settings,
            "journal": journal,
            "places": places,
            "threads": ThreadPoolExecutor(WRITERS, thread_name_prefix="tarash-batch"),
            "writing": asyncio.Semaphore(WRITERS),
        }
        return Begun(file, os.getpid())

    async def begin(self, key: str, row: Row, decision: Decision) -> Said:
        """Takes up a row; gives the first thing that there is to say about it."""
        talk = self._talks[key] = Talk()
        bench = Bench(
            **self._bench,
            purse=AskedPurse(talk),
            gates=AskedGates(talk),
            on_news=lambda: None,
            on_trouble=lambda error: talk.tell(Trouble(error)),
        )
        bench = replace(bench, journal=_Overheard(bench.journal, talk))  # type: ignore[arg-type] # as much as a row needs
        work = talk.work = Work(row, decision, bench)
        self._tasks[key] = asyncio.create_task(self._to_its_end(talk, work))
        return await self._next(key)

    async def tell(self, key: str, answer: Answer) -> Said:
        """Hears an answer; gives the next thing that there is to say."""
        self._talks[key].answer(answer)
        return await self._next(key)

    async def listen(self, key: str) -> Said:
        """Gives the next thing that there is to say."""
        return await self._next(key)

    async def drop(self, key: str) -> None:
        """Breaks a row off; a job that it has is left running."""
        task = self._tasks.pop(key, None)
        self._talks.pop(key, None)
        if task is not None:
            task.cancel()

    async def _next(self, key: str) -> Said:
        said = await self._talks[key].listen()
        if said.outcome is not None:
            self._talks.pop(key, None)
            self._tasks.pop(key, None)
        return said

    async def _to_its_end(self, talk: Talk, work: Work) -> None:
        try:
            outcome = await work.run()
        except Exception as error:  # a talk without an end would keep the batch waiting
            logger.exception("row %s: an error that is none of ours", work.row.id)
            outcome = failure(work.row, error)
        talk.end(Said(outcome=outcome))


class _Overheard:
    """A worker's journal, whose lines about jobs the batch hears of: a job is never taken for another row's."""

    def __init__(self, journal: PassJournal, talk: Talk) -> None:
        self.path = journal.path
        self._journal = journal
        self._talk = talk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def write_async(self, event: str, **facts: Any) -> None:
        await self._journal.write_async(event, **facts)
        if event == "job":
            self._talk.tell(HasJob(job_from_json(facts["job"])))
