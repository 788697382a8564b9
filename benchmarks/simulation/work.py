"""The work on one row, by the rules of a batch (`tarash_gateway_batch.work`), with no folder under it.

The library itself decides: the plan, the flows, the rate limiter, the budget, the row's journal, and the next step of a
row that another machine left behind.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulation.driver import run_virtual
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.call import call, call_job
from tarash.tarash_gateway.flows.context import CallScope, Context, retry_policy
from tarash.tarash_gateway.flows.image import image_call
from tarash.tarash_gateway.flows.plan import Plan, make_plan
from tarash.tarash_gateway.flows.video import resume_call, video_call
from tarash.tarash_gateway.journal.entries import EntryStatus
from tarash.tarash_gateway.models import VideoJob
from tarash_gateway_batch.history import RowJournal
from tarash_gateway_batch.limits import Permit
from tarash_gateway_batch.resume import Decision

if TYPE_CHECKING:
    from simulation.cluster import Cluster
    from simulation.node import Node
    from simulation.rows import Row

logging.getLogger("tarash").addHandler(logging.NullHandler())

_CREATED: Final[tuple[EntryStatus, ...]] = ("submitted", "made", "saved")


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a row."""

    status: str
    error: str | None = None


class Work:
    """The work on a row.

    Args:
        row: the row.
        node: the machine that does it.
        cluster: what all machines share.
        decision: what is to be done, where another machine had begun it; None sends it.
    """

    def __init__(self, row: Row, node: Node, cluster: Cluster, decision: Decision | None = None) -> None:
        self.row = row
        self._node = node
        self._cluster = cluster
        self._decision = decision
        self.stage = "waiting"
        """Where it is: `waiting` for its turn, `creating`, `made` (a job runs), `saving`."""

        self._journal: RowJournal | None = None

    async def run(self) -> Ended:
        """Does it."""
        decision = self._decision or Decision("send")
        if decision.step not in ("send", "resume"):
            return Ended("done" if decision.step == "recover_file" else decision.step, decision.error)
        try:
            await (self._resumed() if decision.step == "resume" else self._made())
        except TarashError as error:
            return self._failed(error)
        return await self._saved()

    def _failed(self, error: TarashError) -> Ended:
        name = type(error).__name__
        status = self._journal.status if self._journal is not None else None
        return Ended("unconfirmed" if status in ("open", "unconfirmed") else "failed", name)

    async def _made(self) -> None:
        """Sends the request, after refusals too."""
        cluster, row = self._cluster, self.row
        config = cluster.config(row)
        tries = 0
        if cluster.options.between_seconds:
            await cluster.clock.sleep(cluster.options.between_seconds)
        while True:
            plan = make_plan(config, row.request(), cluster.registry)
            plan.refuse_problems()
            limiter = cluster.limiter(row)
            self.stage = "waiting"
            cluster.waiting[row.vendor] += 1
            try:
                number = await limiter.acquire()
            finally:
                cluster.waiting[row.vendor] -= 1
            with Permit(limiter, number) as permit:
                try:
                    return await self._sent(plan, permit)
                except TarashError as error:
                    if await limiter.refused(error, permit.number):
                        pause = 0.0
                    elif self._may_repeat(error, tries):
                        tries += 1
                        pause = error.retry_after or retry_policy().first_delay * 2.0 ** (tries - 1)
                    else:
                        raise
            await self._cluster.clock.sleep(pause)

    async def _sent(self, plan: Plan[Any], permit: Permit) -> None:
        cluster, row = self._cluster, self.row
        expected = plan.expected_cost()
        most = None if expected is None else expected.high

        def heard(status: EntryStatus) -> None:
            if status in _CREATED:
                permit.end(created=True)
                self.stage = "made"

        async with cluster.budget.reserve(most) as payment:
            self.stage = "creating"
            if row.began is None:
                row.began = cluster.clock.time()
            self._journal = journal = RowJournal(self._node.disk, row.id, expected=most, on_request_end=heard)  # type: ignore[arg-type] # as far as it is used
            scope = CallScope("generate", journal, payment.budgets)
            steps: Callable[[Context, Plan[Any]], Any] = image_call if row.kind == "image" else video_call
            try:
                response = await run_virtual(call([plan], steps, scope), cluster.clock)
            except BaseException as error:
                if journal.intents and getattr(error, "billable", None) != "no":
                    payment.cost = None
                raise
            payment.cost = response.cost
        permit.end(created=True)

    def _may_repeat(self, error: TarashError, tries: int) -> bool:
        most = self._cluster.options.max_retries
        return tries < most and error.retryable and error.job is None and error.billable == "no"

    async def _resumed(self) -> None:
        """Waits for the job that another machine left, and fetches its clip."""
        earlier = None if self._decision is None else self._decision.earlier
        assert earlier is not None  # noqa: S101 # what is resumed has one
        cluster, row = self._cluster, self.row
        known = next(item for item in cluster.ledger.of_row(row.id) if item.facts["intent"] == earlier.intent)
        job = VideoJob.model_validate(known.job)
        self.stage = "made"
        self._journal = journal = RowJournal(self._node.disk, row.id, intent=earlier.intent)  # type: ignore[arg-type] # as above
        config, provider = cluster.config(row), cluster.vendors[row.vendor]
        model = cluster.registry.spec(config.provider).video_models[0]

        def steps(context: Context) -> Any:
            return resume_call(context, provider, job, row=model, save_to=None, exists="error")

        await run_virtual(call_job(config, job, steps, CallScope("resume", journal)), cluster.clock)

    async def _saved(self) -> Ended:
        assert self._journal is not None  # noqa: S101 # who comes here has written to it
        self.stage = "saving"
        await self._cluster.clock.sleep(self._cluster.options.file_seconds)
        self._cluster.places.files.add(self.row.id)
        self._journal.write_saved(str(Path(self.row.id)), None)
        return Ended("done")
