"""The workers of a batch: begun, chosen for a row, and replaced where one dies, with its rows decided upon anew."""

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
from tarash_gateway_batch.interfaces import Bench
from tarash_gateway_batch.results import RowOutcome
from tarash_gateway_batch.resume import Decision, Desk
from tarash_gateway_batch.rows import Row
from tarash_gateway_batch.settings import Settings
from tarash_gateway_ray.passes import issue, revoke, shut_out_earlier
from tarash_gateway_ray.worker import Begun

BEGINS_WITHIN: Final = 120.0
"""Seconds that a worker may take to begin; a cluster that starts a node for it may need longer, and tries again."""

MOST_TRIES: Final = 5
"""Workers in a row that did not begin, after which there is no hope of one."""

Anew = dict[str, tuple[Row, Decision] | RowOutcome]
"""What is to be done about the rows of a worker that died, by their ids."""

logger = logging.getLogger("tarash.batch")


class WorkerLostError(Exception):
    """A worker died, or cannot be reached."""


class Actor(Protocol):
    """A `Worker` somewhere else."""

    async def call(self, method: str, *given: Any) -> Any:
        """Calls a method of it.

        Raises:
            WorkerLostError: it is gone.
            TarashError: what the method raised.
        """

    def cast(self, method: str, *given: Any) -> None:
        """Calls a method whose end nobody waits for."""

    def kill(self) -> None:
        """Ends it, if it is still there."""


Hire = Callable[[str, Settings], Actor]
"""Makes a worker of that name."""


@dataclass(eq=False, slots=True)
class Member:
    """One worker, as the batch sees it."""

    name: str
    actor: Actor
    file: Path = Path()
    rows: dict[str, Row] = field(default_factory=dict)
    """What it works on."""

    ending: asyncio.Task[Anew] | None = None


class Crew:
    """All workers of a batch.

    Args:
        bench: of this process: it keeps the limits and the money.
        desk: where rows are decided upon anew.
        hire: makes a worker.
        count: how many.
    """

    def __init__(self, bench: Bench, desk: Desk, hire: Hire, count: int) -> None:
        self.bench = bench
        self.desk = desk
        self._hire = hire
        self._count = count
        self._members: list[Member] = []
        self._beginning: set[asyncio.Task[None]] = set()
        self._endings: list[asyncio.Task[Anew]] = []
        self._some = asyncio.Event()
        """Set while there is a worker, or no hope of one."""
        self._given_up: TarashError | None = None
        self._one_at_a_time = asyncio.Lock()

    async def begin(self) -> None:
        """Begins the workers.

        Raises:
            ConfigurationError: a machine cannot do the work; nothing was sent.
        """
        shut_out_earlier(self.desk)
        count = min(self._count, self.desk.settings.concurrency)
        await asyncio.gather(*(self._begin_patiently() for _ in range(max(count, 1))))

    async def pick(self, row: Row) -> Member:
        """A worker for a row: the least busy; for a video, always the same for the same prompt.

        A lost answer is looked up in the vendor's list by its prompt, and one process never takes one job for two rows.

        Raises:
            TarashError: there is none, and none can be begun.
        """
        await self._some.wait()
        if self._given_up is not None:
            raise self._given_up
        if row.kind == "video":
            return max(self._members, key=lambda member: _digest(f"{member.name} {row.request.prompt}"))
        return min(self._members, key=lambda member: len(member.rows))

    async def taken_up(self, member: Member) -> Anew:
        """Shuts a worker out, and decides anew on all its rows."""
        if member.ending is None:
            member.ending = asyncio.create_task(self._end(member))
            self._endings.append(member.ending)
        return await asyncio.shield(member.ending)

    async def close(self) -> None:
        """Ends all workers."""
        left = [*self._beginning, *self._endings]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for member in self._members:
            self._shut_out(member)

    async def _begin_one(self) -> None:
        settings = self.desk.settings
        settings = replace(settings, out=settings.out.absolute(), journal=settings.journal.absolute(), defaults={})
        name = f"ray-{uuid.uuid4().hex[:12]}"
        issue(settings.journal, name)
        member = Member(name, self._hire(name, settings))
        try:
            begun: Begun = await asyncio.wait_for(member.actor.call("start"), BEGINS_WITHIN)
            issue(settings.journal, name, begun.file)
        except BaseException:
            self._shut_out(member)
            raise
        member.file = begun.file
        self._members.append(member)
        self._some.set()

    async def _end(self, member: Member) -> Anew:
        logger.warning("worker %s is gone with %d row(s) at hand; they are taken up", member.name, len(member.rows))
        with suppress(ValueError):
            self._members.remove(member)
        self._shut_out(member)
        self._replace()
        rows = list(member.rows.values())
        async with self._one_at_a_time:
            found = await self.desk.decide_anew(rows, [member.file])
        return {row.id: one for row, one in zip(rows, found, strict=True)}

    def _shut_out(self, member: Member) -> None:
        revoke(self.desk.settings.journal, member.name)
        member.actor.kill()

    def _replace(self) -> None:
        if not self._members:
            self._some.clear()
        task = asyncio.create_task(self._begin_another())
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _begin_another(self) -> None:
        try:
            await self._begin_patiently()
        except TarashError as error:
            if not self._members:
                self._give_up(error)

    async def _begin_patiently(self) -> None:
        """Begins a worker, on another node where one died meanwhile."""
        failed = ""
        for pause in range(1, MOST_TRIES + 1):
            try:
                return await self._begin_one()
            except (WorkerLostError, TimeoutError) as error:
                failed = f"{type(error).__name__} {error}".strip()
                logger.warning("a worker did not begin: %s", failed)
            await asyncio.sleep(pause)
        msg = f"no worker began on the cluster in {MOST_TRIES} tries: {failed}"
        raise ConfigurationError(msg)

    def _give_up(self, error: TarashError) -> None:
        self._given_up = ConfigurationError(f"no worker is left: {error}. Run it again: it goes on.")
        self._some.set()
        self.bench.on_trouble(self._given_up)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
