"""Money that one call on a worker may spend: taken from the budgets of this process, and settled when it is over."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import NamedTuple

from tarash.tarash_gateway.budget import Budget, blocks
from tarash_gateway_batch.interfaces import Payment, Purse


class Granted(NamedTuple):
    """The budget that a call is kept to, in US dollars."""

    dollars: float
    """The whole budget, which is named where a call does not fit."""

    left: float
    """What is left of it for this call."""


class Grant:
    """The money of one call.

    Args:
        purse: the batch's.
    """

    def __init__(self, purse: Purse) -> None:
        self._purse = purse
        self._stack = AsyncExitStack()
        self._payment: Payment | None = None
        self._taken: tuple[Budget, ...] = ()
        self._dollars = 0.0
        self._counted = False

    async def open(self, dollars: float | None) -> Granted | None:
        """Sets aside what a call may cost; None where there is no budget to keep to."""
        payment = self._payment = await self._stack.enter_async_context(self._purse.paying(dollars))
        budgets = (*blocks.all(), *payment.budgets)
        if not budgets:
            self._dollars = dollars or 0.0
            return None
        if dollars is None:  # no price, no room: the call is refused by whatever budget there is
            return _of(budgets[0], budgets[0].left)
        for at, budget in enumerate(budgets):
            if not budget.take(dollars):
                for other in budgets[:at]:
                    other.give_back(dollars)
                return _of(budget, budget.left)
        self._dollars, self._taken = dollars, budgets
        return _of(budgets[0], dollars)

    async def close(self, cost: float | None) -> None:
        """Settles it.

        Args:
            cost: US dollars; None where that is not known, and all that was set aside counts.
        """
        if self._payment is None:
            return
        payment, self._payment = self._payment, None
        payment.cost = cost
        self._counted = cost is None
        if cost is not None:
            for budget in self._taken:
                budget.give_back(self._dollars - cost)
        await self._stack.aclose()

    def undo(self) -> None:
        """Takes back what counted although nothing was sent: its worker died before."""
        if not self._counted:
            return
        self._counted = False
        self._purse.corrected(-self._dollars)
        for budget in blocks.all():
            if budget in self._taken:
                budget.give_back(self._dollars)


def _of(budget: Budget, left: float) -> Granted:
    return Granted(budget.dollars, min(left, budget.dollars))
