"""What a batch may spend, what it has spent, and who waits for what others have set aside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tarash.tarash_gateway.budget import Budget
from tarash_gateway_batch.seams import Payment


class Purse:
    """The money of one batch. It belongs to one event loop.

    Args:
        limit: US dollars for the whole batch, earlier runs included; None for no limit.
        before: US dollars of earlier runs.
    """

    def __init__(self, limit: float | None, before: float) -> None:
        self._budget = None if limit is None else Budget(limit)
        if self._budget is not None and before:
            self._budget.give_back(-before)
        self.spent = before
        self._paying = 0
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def paying(self, dollars: float | None) -> AsyncIterator[Payment]:
        """A call that may cost so much; waits while others have set aside what it may yet get.

        Whether it then fits, the call finds out.
        """
        while self._budget is not None and dollars is not None and self._paying and dollars > self._budget.left:
            settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(settled)
            await settled
        payment = Payment(() if self._budget is None else (self._budget,))
        self._paying += 1
        try:
            yield payment
        finally:
            self.spent += (dollars or 0.0) if payment.cost is None else payment.cost
            self._paying -= 1
            waiting, self._waiting = self._waiting, []
            for settled in waiting:
                if not settled.done():
                    settled.set_result(None)

    def corrected(self, dollars: float) -> None:
        """What an earlier run had counted turned out to be more by so much, or less."""
        self.spent += dollars
        if self._budget is not None:
            self._budget.give_back(-dollars)
