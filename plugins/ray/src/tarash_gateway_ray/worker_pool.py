"""The workers of a batch: started, chosen for a row, and replaced when one dies, with a new decision on its rows."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash_gateway_batch import BatchSettings, Decision, ResumePlanner, Row, RowOutcome, WorkerContext
from tarash_gateway_ray.fencing import fence_earlier_workers, remove_token, write_token
from tarash_gateway_ray.worker import WorkerStarted

START_TIMEOUT: Final = 120.0
"""Seconds that a worker may take to start; a cluster that starts a node for it may need longer, and tries again."""

MAX_TRIES: Final = 5
"""Workers in a row that did not start, after which no more are tried."""

Decisions = dict[str, tuple[Row, Decision] | RowOutcome]
"""The decisions on the rows of a worker that died, by their ids."""

logger = logging.getLogger("tarash.batch")


class WorkerLostError(Exception):
    """A worker died, or cannot be reached."""


class Actor(Protocol):
    """A `Worker` in another process."""

    async def call(self, method: str, *args: Any) -> Any:
        """Calls a method of it.

        Raises:
            WorkerLostError: it is gone.
            TarashError: what the method raised.
        """

    def cast(self, method: str, *args: Any) -> None:
        """Calls a method without waiting for its end."""

    def kill(self) -> None:
        """Ends it, if it still exists."""


Spawn = Callable[[str, BatchSettings], Actor]
"""Makes a worker of that name."""


@dataclass(eq=False, slots=True)
class WorkerHandle:
    """One worker, as the batch sees it."""

    name: str
    actor: Actor
    file: Path = Path()
    """The file of the journal that it writes to."""

    rows: dict[str, Row] = field(default_factory=dict)
    """The rows that it works on."""

    ending: asyncio.Task[Decisions] | None = None


class WorkerPool:
    """All workers of a batch.

    Args:
        context: of this process, which keeps the limits and the budget.
        planner: decides again on the rows of a worker that died.
        spawn: makes a worker.
        count: how many.
    """

    def __init__(self, context: WorkerContext, planner: ResumePlanner, spawn: Spawn, count: int) -> None:
        self.context = context
        self.planner = planner
        self._spawn = spawn
        self._count = count
        self._workers: list[WorkerHandle] = []
        self._starting: set[asyncio.Task[None]] = set()
        self._endings: list[asyncio.Task[Decisions]] = []
        self._has_worker = asyncio.Event()
        """Set while there is a worker, or none can be started any more."""

        self._final_error: TarashError | None = None
        self._deciding = asyncio.Lock()

    async def start(self) -> None:
        """Starts the workers.

        Raises:
            ConfigurationError: a machine cannot do the work; nothing was sent.
        """
        fence_earlier_workers(self.planner)
        count = min(self._count, self.planner.settings.concurrency)
        await asyncio.gather(*(self._start_with_retries() for _ in range(max(count, 1))))

    async def pick(self, row: Row) -> WorkerHandle:
        """Returns a worker for a row: the least busy; for a video, always the same for the same prompt.

        A lost answer is looked up in the vendor's list by its prompt, and one process never takes one job for two rows.

        Raises:
            TarashError: there is none, and none can be started.
        """
        await self._has_worker.wait()
        if self._final_error is not None:
            raise self._final_error
        if row.kind == "video":
            return max(self._workers, key=lambda worker: _digest(f"{worker.name} {row.request.prompt}"))
        return min(self._workers, key=lambda worker: len(worker.rows))

    async def decide_again(self, worker: WorkerHandle) -> Decisions:
        """Fences a worker, and decides again on all its rows."""
        if worker.ending is None:
            worker.ending = asyncio.create_task(self._end(worker))
            self._endings.append(worker.ending)
        return await asyncio.shield(worker.ending)

    async def close(self) -> None:
        """Ends all workers."""
        left = [*self._starting, *self._endings]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for worker in self._workers:
            self._fence(worker)

    async def _start_worker(self) -> None:
        settings = self.planner.settings
        settings = replace(settings, out=settings.out.absolute(), journal=settings.journal.absolute(), defaults={})
        name = f"ray-{uuid.uuid4().hex[:12]}"
        write_token(settings.journal, name)
        worker = WorkerHandle(name, self._spawn(name, settings))
        try:
            started: WorkerStarted = await asyncio.wait_for(worker.actor.call("start"), START_TIMEOUT)
            write_token(settings.journal, name, started.file)
        except BaseException:
            self._fence(worker)
            raise
        worker.file = started.file
        self._workers.append(worker)
        self._has_worker.set()

    async def _end(self, worker: WorkerHandle) -> Decisions:
        logger.warning("worker %s is gone with %d row(s); they are decided on again", worker.name, len(worker.rows))
        with suppress(ValueError):
            self._workers.remove(worker)
        self._fence(worker)
        self._replace_worker()
        rows = list(worker.rows.values())
        async with self._deciding:
            decisions = await self.planner.decide_again(rows, [worker.file])
        return {row.id: decision for row, decision in zip(rows, decisions, strict=True)}

    def _fence(self, worker: WorkerHandle) -> None:
        remove_token(self.planner.settings.journal, worker.name)
        worker.actor.kill()

    def _replace_worker(self) -> None:
        if not self._workers:
            self._has_worker.clear()
        task = asyncio.create_task(self._start_another())
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _start_another(self) -> None:
        try:
            await self._start_with_retries()
        except TarashError as error:
            if not self._workers:
                self._give_up(error)

    async def _start_with_retries(self) -> None:
        """Starts a worker, on another node where one died meanwhile."""
        reason = ""
        for pause in range(1, MAX_TRIES + 1):
            try:
                return await self._start_worker()
            except (WorkerLostError, TimeoutError) as error:
                reason = f"{type(error).__name__} {error}".strip()
                logger.warning("a worker did not start: %s", reason)
            await asyncio.sleep(pause)
        msg = f"no worker started on the cluster in {MAX_TRIES} tries: {reason}"
        raise ConfigurationError(msg)

    def _give_up(self, error: TarashError) -> None:
        self._final_error = ConfigurationError(f"no worker is left: {error}. Run it again: it goes on.")
        self._has_worker.set()
        self.context.on_fatal(self._final_error)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
