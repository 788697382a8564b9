"""Machines that work through the rows of one batch, of which some die; limits, budget and journal are shared by all."""

from __future__ import annotations

import asyncio
import random
import secrets
from array import array
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from simulation.clock import VirtualLoop
from simulation.driver import run_virtual
from simulation.journal import Disk, Known, Ledger, View
from simulation.naive import NaiveWork
from simulation.node import Death, Node
from simulation.options import Options
from simulation.places import Places
from simulation.profiles import Profile
from simulation.rows import Mix, Row
from simulation.vendor import MODEL, Book, Job, Registry, Vendor, WithoutList
from simulation.work import Ended, Work
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.context import new_request_id
from tarash.tarash_gateway.flows.recovery import recover
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig, VideoJob
from tarash_gateway_batch.limits import BatchBudget, RateLimiter
from tarash_gateway_batch.resume import Decision, decide
from tarash_gateway_batch.rows import Row as BatchRow
from tarash_gateway_batch.scheduler import FairScheduler
from tarash_gateway_batch.settings import BatchSettings

MOST_SAMPLES: Final = 800
"""Looks at the queues that are kept; of more, every second one is left out."""


class Cluster:
    """All of it.

    Args:
        profiles: the vendors.
        mix: the rows.
        options: how it is run.
    """

    def __init__(self, profiles: tuple[Profile, ...], mix: Mix, options: Options) -> None:
        random.seed(options.seed)  # the rate limiters and the flows draw from it
        # The library remembers whose job is whose; those of another simulation in this process are none of ours.
        run = secrets.token_hex(6)
        self.options, self.mix = options, mix
        self.clock: VirtualLoop = VirtualLoop()  # type: ignore[abstract] # without sockets, processes and signals
        self.book = Book(mix.rows)
        self._rows: dict[str, Row] = {}
        chances = [random.Random(f"{options.seed} {profile.name}") for profile in profiles]  # noqa: S311 # as above
        self.vendors = [
            (Vendor if profile.lists_jobs else WithoutList)(
                profile, self.clock, self.book, self._rows.__getitem__, chance=chance, run=run
            )
            for profile, chance in zip(profiles, chances, strict=True)
        ]
        self.registry: Any = Registry(self.vendors)
        self.ledger, self.places = Ledger(), Places()
        self.budget = BatchBudget(options.max_cost, 0.0)
        self.waiting = [0] * len(profiles)
        """Rows that wait for their turn, by vendor."""

        self.deaths: list[Death] = []
        self.ends: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.ended = array("d")
        """When each row was done, in the order in which they were."""

        self.seconds = array("d")
        """From the first request of a row to its file."""

        self.jobs: list[Job] = []
        self.samples: list[tuple[float, tuple[int, ...], tuple[int, ...], int]] = []
        """Time, rows that wait for each vendor, what each vendor works on, rows that are done."""

        self._source: Iterator[Row] = mix.draw(profiles, options.seed)
        self._feeding: dict[asyncio.Task[None], None] = {}
        self._limiters: dict[tuple[int, str, str], RateLimiter] = {}
        self._configs: dict[tuple[int, str, str], Any] = {}
        self._nodes = [Node(number, self._disk()) for number in range(options.nodes)]
        self._room = deque(node for _ in range(options.in_flight) for node in self._nodes)
        """A place of a machine for each row that it could begin with."""

        limiter_of: Callable[[Row], RateLimiter | None] = (lambda _row: None) if options.naive else self.limiter
        self._scheduler = FairScheduler(len(self._room), limiter_of, self._take_up, weigh=lambda _row: 0)
        self._deaths_at = sorted(round(share * mix.rows) for share in options.deaths_after)
        self._told = 0
        self._all_told: asyncio.Future[None] = self.clock.create_future()
        if options.keep_jobs:
            for vendor in self.vendors:
                vendor.on_known = self.jobs.append

    def run(self) -> Cluster:
        """Runs it to the end of its rows."""
        self.clock.run(self._main())
        return self

    def config(self, row: Row) -> Any:
        """The config of a row. A single one waits at the rate limiter, together with the others of its account."""
        key = (row.vendor, row.kind, row.model)
        if key not in self._configs:
            kind = ImageGenerationConfig if row.kind == "image" else VideoGenerationConfig
            extra: dict[str, Any] = {} if row.kind == "image" else {"poll_interval": self.options.poll_interval}
            model = f"{MODEL}@{row.model}" if row.model else MODEL
            name = self.vendors[row.vendor].profile.name
            self._configs[key] = kind(provider=name, model=model, max_retries=0, **extra)
        return self._configs[key]

    def limiter(self, row: Row) -> RateLimiter:
        """The rate limiter of a row's account and model: pictures and clips are never made by one."""
        key = (row.vendor, row.kind, row.model)
        if key not in self._limiters:
            self._limiters[key] = RateLimiter(self.options.nodes * self.options.in_flight, self.options.rate)
        return self._limiters[key]

    def _disk(self) -> Disk:
        return Disk(self.ledger, self.clock, self.options.sync_seconds)

    async def _main(self) -> None:
        background = [self.clock.create_task(self._look())]
        for at in self.options.deaths:
            self.clock.call_later(at, self._kill)
        self._watched(self._feed((row, Decision("send")) for row in self._source), self._feeding)
        try:
            await self._all_told
        finally:
            self._scheduler.close()
            left = [*background, *self._feeding, *(task for node in self._nodes for task in node.tasks)]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _begin(self, node: Node, work: Coroutine[Any, Any, None]) -> None:
        self._watched(work, node.tasks)

    def _watched(self, work: Coroutine[Any, Any, None], among: dict[asyncio.Task[None], None]) -> None:
        """Runs it as a task that is kept there until it ends."""
        task = self.clock.create_task(work)
        among[task] = None

        def ended(task: asyncio.Task[None]) -> None:
            among.pop(task, None)
            error = None if task.cancelled() else task.exception()
            if error is not None and not self._all_told.done():  # a defect: it ends the simulation
                self._all_told.set_exception(error)

        task.add_done_callback(ended)

    async def _feed(self, rows: Iterable[tuple[Row, Decision]]) -> None:
        for row, decision in rows:
            await self._scheduler.add(row, decision)

    def _take_up(self, row: Row, decision: Decision, answered: Callable[[], None]) -> None:
        """Gives a row to a machine that has room for it."""
        node = self._room.popleft()
        while node.dead:  # its places are gone: those of the others are all that there is
            node = self._room.popleft() if self._room else next(item for item in self._nodes if not item.dead)
        self._rows[row.id] = row
        work = (NaiveWork if self.options.naive else Work)(row, node, self, decision)
        node.works[row.number] = (work, self.clock.time())
        self._begin(node, self._worked(row, node, work, answered))

    async def _worked(self, row: Row, node: Node, work: Any, answered: Callable[[], None]) -> None:
        self._tell(row, await work.run())
        del node.works[row.number]
        self._room.append(node)
        answered()

    def _tell(self, row: Row, ended: Ended) -> None:
        """It is known what became of a row."""
        now = self.clock.time()
        self.ends[ended.status] += 1
        if ended.error is not None:
            self.errors[ended.error.partition(":")[0]] += 1
        if ended.status == "done":
            self.seconds.append(now - (now if row.began is None else row.began))
        self.ended.append(now)
        vendor = self.vendors[row.vendor]
        for known in self.ledger.of_row(row.id):
            if known.job is not None:
                vendor.forget(known.job["id"])
        self.ledger.forget(row.id)
        self.places.files.discard(row.id)
        del self._rows[row.id]
        self._told += 1
        while self._deaths_at and self._told >= self._deaths_at[0]:
            self._deaths_at.pop(0)
            self.clock.call_soon(self._kill)
        if self._told == self.mix.rows:
            self._all_told.set_result(None)

    async def _look(self) -> None:
        """Looks at the queues, less often the longer it takes."""
        every = 1.0
        while True:
            busy = tuple(vendor.busy for vendor in self.vendors)
            self.samples.append((self.clock.time(), tuple(self.waiting), busy, self._told))
            if len(self.samples) > MOST_SAMPLES:
                self.samples = self.samples[::2]
                every *= 2
            await self.clock.sleep(every)

    def _kill(self) -> None:
        """A machine dies: what it was about to write is lost, what it sent is at the vendors."""
        node = next((node for node in self._nodes if not node.dead), None)
        alive = sum(not node.dead for node in self._nodes)
        if node is None or alive < 2 or self._told == self.mix.rows:  # the last one stays: somebody has to go on
            return
        node.dead = True
        node.disk.die()
        for task in list(node.tasks):
            task.cancel()
        death = Death(self.clock.time(), len(node.works))
        death.stages.update(work.stage for work, _ in node.works.values())
        self.deaths.append(death)
        self.clock.call_later(self.options.notices, self._take_over, node, death)

    def _take_over(self, node: Node, death: Death) -> None:
        heir = next(other for other in self._nodes if not other.dead)
        self._begin(heir, self._taken_over(node, heir, death))

    async def _taken_over(self, node: Node, heir: Node, death: Death) -> None:
        rows = [(work.row, since) for work, since in node.works.values()]
        if not self.options.naive:
            await self._looked_up([row for row, _ in rows], heir)
        left: list[tuple[Row, Decision]] = []
        for row, since in rows:
            decision = Decision("send") if self.options.naive else self._decided(row)
            step = decision.step
            death.steps[step] += 1
            if step in ("send", "unconfirmed"):
                death.seconds_thrown_away += death.at - since
            times = self.book.times[row.number]
            if step in ("send", "unconfirmed") and times:
                profile = self.vendors[row.vendor].profile
                death.orphans += times
                each = profile.picture_price if row.kind == "image" else profile.second_price * 8
                death.orphan_dollars += times * each
            left.append((row, decision))
        node.works.clear()
        self._watched(self._feed(left), self._feeding)

    async def _looked_up(self, rows: list[Row], heir: Node) -> None:
        """Asks the vendors for the jobs of open requests, before anything is sent."""
        open_ones: dict[int, list[Known]] = {}
        for row in rows:
            for known in self.ledger.of_row(row.id):
                if known.status in ("open", "unconfirmed") and row.kind == "video":
                    open_ones.setdefault(row.vendor, []).append(known)
        for vendor, several in open_ones.items():
            view: Any = View(self.ledger, heir.disk, [known.entry() for known in several])
            config = VideoGenerationConfig(provider=self.vendors[vendor].profile.name, model=MODEL)
            flow = recover(config, self.vendors[vendor], view, new_request_id(), VideoJob)
            try:
                await run_virtual(flow, self.clock)
            except TarashError:  # it does not tell: they stay as they are
                continue

    def _decided(self, row: Row) -> Decision:
        requests = [known.earlier_request() for known in self.ledger.of_row(row.id)]
        wanted = BatchRow(row.id, row.number, row.kind, self.config(row), row.request())
        return decide(wanted, requests, self.places, SETTINGS)  # type: ignore[arg-type] # as far as it is asked


SETTINGS: Final = BatchSettings(out=Path("simulated"), journal=Path("simulated"))
