"""The budget of one call on a worker: taken from the budgets of this process, and settled when the call is over."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import NamedTuple

from tarash.tarash_gateway.budget import Budget, blocks
from tarash_gateway_batch import Payment, SharedBudget


class LeasedBudget(NamedTuple):
    """The budget that a call must fit into, in US dollars."""

    dollars: float
    """The whole budget, which the error names where a call does not fit."""

    left: float
    """What is left of it for this call."""


class BudgetLease:
    """The part of the batch's budget that one call has.

    Args:
        budget: the batch's.
    """

    def __init__(self, budget: SharedBudget) -> None:
        self._budget = budget
        self._stack = AsyncExitStack()
        self._payment: Payment | None = None
        self._taken: tuple[Budget, ...] = ()
        self._dollars = 0.0
        self._counted = False

    async def open(self, dollars: float | None) -> LeasedBudget | None:
        """Reserves what a call may cost; None where there is no budget to keep to."""
        payment = self._payment = await self._stack.enter_async_context(self._budget.reserve(dollars))
        budgets = (*blocks.all(), *payment.budgets)
        if not budgets:
            self._dollars = dollars or 0.0
            return None
        if dollars is None:  # any budget refuses a call without a price
            return _lease(budgets[0], budgets[0].left)
        for index, budget in enumerate(budgets):
            if not budget.take(dollars):
                for other in budgets[:index]:
                    other.give_back(dollars)
                return _lease(budget, budget.left)
        self._dollars, self._taken = dollars, budgets
        return _lease(budgets[0], dollars)

    async def close(self, cost: float | None) -> None:
        """Settles the payment.

        Args:
            cost: US dollars; None where it is not known, and all that was reserved counts.
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
        """Takes back what counted although nothing was sent: the worker died before."""
        if not self._counted:
            return
        self._counted = False
        self._budget.correct(-self._dollars)
        for budget in blocks.all():
            if budget in self._taken:
                budget.give_back(self._dollars)


def _lease(budget: Budget, left: float) -> LeasedBudget:
    return LeasedBudget(budget.dollars, min(left, budget.dollars))
