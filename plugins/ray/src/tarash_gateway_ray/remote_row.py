"""A row that a worker works on, as the batch sees it: it answers the worker's queries, and replaces a dead worker."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.recovery import claim
from tarash_gateway_batch import Decision, Limiter, Permit, Row, RowOutcome, failed_outcome
from tarash_gateway_ray.budget_lease import BudgetLease
from tarash_gateway_ray.messages import (
    AcquirePermit,
    CostCorrected,
    CostSettled,
    FatalError,
    JobCreated,
    MessageBatch,
    Notice,
    PermitReleased,
    Query,
    Reply,
    ReportRefusal,
    RequestAccepted,
    ReserveBudget,
)
from tarash_gateway_ray.worker_pool import WorkerHandle, WorkerLostError, WorkerPool


class RemoteRow:
    """The work on one row, done by a worker.

    Args:
        row: the row.
        decision: its next step.
        pool: the workers.
    """

    def __init__(self, row: Row, decision: Decision, pool: WorkerPool) -> None:
        self.row = row
        self._decision = decision
        self._pool = pool
        self._context = pool.context
        self._limiter: Limiter | None = None
        self._permit: Permit | None = None
        self._lease: BudgetLease | None = None
        self._must_finish = False
        self.on_answered: Callable[[], None] | None = None

    @property
    def must_finish(self) -> bool:
        """Whether a request may be at the vendor, or a result not yet in its file."""
        return self._must_finish

    def answered(self) -> None:
        """Records that the row waits for no vendor any more."""
        if self.on_answered is not None:
            self.on_answered()
            self.on_answered = None

    async def run(self) -> RowOutcome:
        """Has the work done, by as many workers as it takes."""
        while True:
            try:
                worker = await self._pool.pick(self.row)
            except TarashError as error:
                return failed_outcome(self.row, error)
            try:
                return self._with_local_paths(await self._run_on(worker))
            except WorkerLostError:
                decided = await self._decide_again(worker)
            except TarashError as error:
                return self._unknown(error)
            finally:
                self._must_finish = False
                worker.rows.pop(self.row.id, None)
            if isinstance(decided, RowOutcome):
                return decided
            self.row, self._decision = decided

    async def _run_on(self, worker: WorkerHandle) -> RowOutcome:
        """Exchanges messages with one worker until the row has its outcome."""
        key = uuid.uuid4().hex
        worker.rows[self.row.id] = self.row
        outcome: RowOutcome | None = None
        try:
            messages: MessageBatch = await worker.actor.call("run_row", key, _absolute(self.row), self._decision)
            while True:
                for notice in messages.notices:
                    await self._handle(notice)
                self._must_finish = messages.must_finish
                if messages.outcome is not None:
                    outcome = messages.outcome
                    return outcome
                if messages.notices:
                    self._context.on_request_end()
                if messages.query is None:
                    messages = await worker.actor.call("receive", key)
                else:
                    messages = await worker.actor.call("reply", key, await self._answer(messages.query))
        finally:
            if self._permit is not None:
                self._permit.end()
            if self._lease is not None:
                await self._lease.close(None)
            if outcome is None:  # cancelled
                worker.actor.cast("cancel", key)

    async def _answer(self, query: Query) -> Reply:
        match query:
            case AcquirePermit(account, model):
                self._limiter = self._context.limiters.limiter(account, model)
                try:
                    number = await self._limiter.acquire()
                except TarashError as error:
                    return error
                self._permit = Permit(self._limiter, number)
                return number
            case ReserveBudget(dollars):
                self._lease = BudgetLease(self._context.budget)
                leased = await self._lease.open(dollars)
                self._must_finish = True
                return leased
            case ReportRefusal(error, number):
                return self._limiter is not None and await self._limiter.refused(error, number)

    async def _handle(self, notice: Notice) -> None:
        match notice:
            case RequestAccepted():
                if self._limiter is not None:
                    self._limiter.succeeded()
            case PermitReleased():
                if self._permit is not None:
                    self._permit.end()
            case CostSettled(cost):
                if self._lease is not None:
                    await self._lease.close(cost)
            case CostCorrected(dollars):
                self._context.budget.correct(dollars)
            case JobCreated(job):
                claim(job)  # a lookup of this process takes it for no other row's
            case FatalError(error):
                self._context.on_fatal(error)

    async def _decide_again(self, worker: WorkerHandle) -> tuple[Row, Decision] | RowOutcome:
        """Decides on the row after its worker died."""
        try:
            decided = (await self._pool.decide_again(worker))[self.row.id]
        except (TarashError, OSError) as error:
            return self._unknown(error)
        # With an intent in the journal it would be unconfirmed: nothing was sent.
        is_unsent = not isinstance(decided, RowOutcome) and decided[1].step == "send"
        if is_unsent and self._lease is not None and not self._pool.planner.settings.retry_unconfirmed:
            self._lease.undo()
        self._limiter = self._permit = self._lease = None
        return decided if not isinstance(decided, RowOutcome) else decided.model_copy(update={"fresh": True})

    def _unknown(self, error: Exception) -> RowOutcome:
        """Returns the outcome of a row whose requests may have been billed, for all that is known."""
        outcome = failed_outcome(self.row, error)
        return outcome.model_copy(update={"fresh": True, "status": "unconfirmed"}) if self._lease else outcome

    def _with_local_paths(self, outcome: RowOutcome) -> RowOutcome:
        """Returns the outcome with the paths of its files as the caller gave the folder."""
        out = self._pool.planner.settings.out
        files = tuple(file.model_copy(update={"path": _local_path(file.path, out)}) for file in outcome.files)
        return outcome.model_copy(update={"files": files})


def _local_path(path: Path, out: Path) -> Path:
    absolute = out.absolute()
    return out / path.relative_to(absolute) if path.is_relative_to(absolute) else path


def _absolute(row: Row) -> Row:
    """Returns the row with absolute paths: a worker runs in another folder."""
    request: Any = row.request
    changes: dict[str, Any] = {
        name: value.absolute()
        for name in ("mask_image", "video")
        if isinstance(value := getattr(request, name, None), Path)
    }
    if request.image_list:
        changes["image_list"] = [
            part.model_copy(update={"image": part.image.absolute()}) if isinstance(part.image, Path) else part
            for part in request.image_list
        ]
    return replace(row, request=request.model_copy(update=changes)) if changes else row
