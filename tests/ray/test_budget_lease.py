"""The money of a call on a worker: taken here before it is sent, settled here when it is over."""

import asyncio

import pytest

from tarash.tarash_gateway import Budget
from tarash_gateway_batch.limits import BatchBudget
from tarash_gateway_ray.budget_lease import BudgetLease, LeasedBudget


def settled(budget, dollars, cost):
    """A call that may cost `dollars` and cost `cost`; gives what it was kept to."""

    async def call():
        lease = BudgetLease(budget)
        leased = await lease.open(dollars)
        await lease.close(cost)
        return leased

    return asyncio.run(call())


def test_without_a_limit_a_call_is_kept_to_none_and_counts():
    budget = BatchBudget(None, 1.0)
    assert settled(budget, 0.5, 0.2) is None
    assert budget.spent == pytest.approx(1.2)


def test_a_call_is_kept_to_what_it_may_cost():
    budget = BatchBudget(1.0, 0.2)
    assert settled(budget, 0.5, 0.1) == LeasedBudget(1.0, 0.5)
    (inner,) = budgets_of(budget)
    assert (budget.spent, inner.left) == (pytest.approx(0.3), pytest.approx(0.7))


def test_a_call_that_does_not_fit_is_told_what_is_left():
    budget = BatchBudget(1.0, 0.8)
    assert settled(budget, 0.5, 0.0) == LeasedBudget(1.0, pytest.approx(0.2))
    assert budget.spent == pytest.approx(0.8)


def test_an_unknown_price_gets_a_budget_that_refuses_it():
    assert settled(BatchBudget(1.0, 0.0), None, 0.0) == LeasedBudget(1.0, 1.0)
    assert settled(BatchBudget(None, 0.0), None, 0.0) is None


def test_a_lost_answer_counts_in_full_until_it_is_known_that_nothing_was_sent():
    async def call():
        budget = BatchBudget(1.0, 0.0)
        lease = BudgetLease(budget)
        await lease.open(0.5)
        await lease.close(None)
        counted = budget.spent
        lease.undo()
        lease.undo()
        return budget, counted

    budget, counted = asyncio.run(call())
    assert (counted, budget.spent, budgets_of(budget)[0].left) == (0.5, 0.0, 1.0)


def test_a_budget_around_the_batch_holds_for_its_workers():
    with Budget(0.6) as outer:
        assert settled(BatchBudget(1.0, 0.0), 0.5, 0.4) == LeasedBudget(0.6, 0.5)
        assert outer.spent == pytest.approx(0.4)
        budget = BatchBudget(1.0, 0.0)
        assert settled(budget, 0.5, 0.0) == LeasedBudget(0.6, pytest.approx(0.2))
        assert budgets_of(budget)[0].left == 1.0


def budgets_of(budget):
    async def look():
        async with budget.reserve(None) as payment:
            payment.cost = 0.0
            return payment.budgets

    return asyncio.run(look())
