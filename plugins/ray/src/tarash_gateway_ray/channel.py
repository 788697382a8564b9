"""The worker's end of the conversation about one row: rate limiters and a budget that the batch keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tarash.tarash_gateway.budget import Budget
from tarash.tarash_gateway.errors import TarashError
from tarash_gateway_batch import Payment, RowOutcome, RowTask
from tarash_gateway_ray.budget_lease import LeasedBudget
from tarash_gateway_ray.messages import (
    AcquirePermit,
    CostCorrected,
    CostSettled,
    MessageBatch,
    Notice,
    PermitReleased,
    Query,
    Reply,
    ReportRefusal,
    RequestAccepted,
    ReserveBudget,
)

MAX_DELAY: Final = 0.05
"""Seconds that notices wait for a query or for the outcome, so that most rows need few messages."""


class Channel:
    """The messages about one row, in turns: the batch receives, replies, and receives again."""

    def __init__(self) -> None:
        self.work: RowTask | None = None
        self._pending = MessageBatch()
        self._change = asyncio.Event()
        self._reply: asyncio.Future[Reply] | None = None

    def notify(self, notice: Notice) -> None:
        """Sends something that needs no reply."""
        self._pending.notices.append(notice)
        self._change.set()

    def end(self, outcome: RowOutcome) -> None:
        """Sends the outcome of the row."""
        self._pending.outcome = outcome
        self._change.set()

    async def ask(self, query: Query) -> Reply:
        """Sends a query and waits for the reply.

        Raises:
            TarashError: that is the reply.
        """
        self._reply = asyncio.get_running_loop().create_future()
        self._pending.query = query
        self._change.set()
        reply = await self._reply
        if isinstance(reply, TarashError):
            raise reply
        return reply

    def reply(self, reply: Reply) -> None:
        """Passes on the reply to the last query."""
        waiting, self._reply = self._reply, None
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    async def receive(self) -> MessageBatch:
        """Waits until there is something to send, and returns it."""
        while not self._pending.query and not self._pending.outcome:
            self._change.clear()
            try:
                await asyncio.wait_for(self._change.wait(), MAX_DELAY if self._pending.notices else None)
            except TimeoutError:
                break
        messages, self._pending = self._pending, MessageBatch()
        self._change.clear()
        messages.must_finish = self.work is not None and self.work.must_finish
        return messages


class RemoteLimiters:
    """Rate limiters that the batch keeps."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def limiter(self, account: str, model: str) -> RemoteLimiter:
        """Returns the rate limiter of one account and model."""
        return RemoteLimiter(self._channel, account, model)


class RemoteLimiter:
    """A rate limiter that the batch keeps."""

    def __init__(self, channel: Channel, account: str, model: str) -> None:
        self._channel = channel
        self._query = AcquirePermit(account, model)

    async def acquire(self) -> int:
        """Waits until a request may be sent."""
        return int(await self._channel.ask(self._query))  # type: ignore[arg-type] # the number of a permit

    def release(self) -> None:
        """Records that a request is no longer in flight."""
        self._channel.notify(PermitReleased())

    def succeeded(self) -> None:
        """Records that the vendor accepted a request."""
        self._channel.notify(RequestAccepted())

    async def refused(self, error: TarashError, permit: int) -> bool:
        """Records a refusal by which nothing was created."""
        return bool(await self._channel.ask(ReportRefusal(error, permit)))


class RemoteBudget:
    """The budget that the batch keeps."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    @asynccontextmanager
    async def reserve(self, dollars: float | None) -> AsyncIterator[Payment]:
        """Opens the payment of a call that may cost `dollars`."""
        lease = await self._channel.ask(ReserveBudget(dollars))
        payment = Payment((_budget(lease),) if isinstance(lease, LeasedBudget) else ())
        try:
            yield payment
        finally:
            self._channel.notify(CostSettled(payment.cost))

    def correct(self, dollars: float) -> None:
        """Adds the difference between what an earlier run counted and the real cost, in US dollars."""
        self._channel.notify(CostCorrected(dollars))


def _budget(lease: LeasedBudget) -> Budget:
    budget = Budget(lease.dollars)
    budget.give_back(lease.left - lease.dollars)
    return budget
