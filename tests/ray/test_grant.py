"""The money of a call on a worker: taken here before it is sent, settled here when it is over."""

import asyncio

import pytest

from tarash.tarash_gateway import Budget
from tarash_gateway_batch.limits import Purse
from tarash_gateway_ray.grant import Grant, Granted


def settled(purse, dollars, cost):
    """A call that may cost `dollars` and cost `cost`; gives what it was kept to."""

    async def call():
        grant = Grant(purse)
        granted = await grant.open(dollars)
        await grant.close(cost)
        return granted

    return asyncio.run(call())


def test_without_a_limit_a_call_is_kept_to_none_and_counts():
    purse = Purse(None, 1.0)
    assert settled(purse, 0.5, 0.2) is None
    assert purse.spent == pytest.approx(1.2)


def test_a_call_is_kept_to_what_it_may_cost():
    purse = Purse(1.0, 0.2)
    assert settled(purse, 0.5, 0.1) == Granted(1.0, 0.5)
    (budget,) = budgets_of(purse)
    assert (purse.spent, budget.left) == (pytest.approx(0.3), pytest.approx(0.7))


def test_a_call_that_does_not_fit_is_told_what_is_left():
    purse = Purse(1.0, 0.8)
    assert settled(purse, 0.5, 0.0) == Granted(1.0, pytest.approx(0.2))
    assert purse.spent == pytest.approx(0.8)


def test_an_unknown_price_gets_a_budget_that_refuses_it():
    assert settled(Purse(1.0, 0.0), None, 0.0) == Granted(1.0, 1.0)
    assert settled(Purse(None, 0.0), None, 0.0) is None


def test_a_lost_answer_counts_in_full_until_it_is_known_that_nothing_was_sent():
    async def call():
        purse = Purse(1.0, 0.0)
        grant = Grant(purse)
        await grant.open(0.5)
        await grant.close(None)
        counted = purse.spent
        grant.undo()
        grant.undo()
        return purse, counted

    purse, counted = asyncio.run(call())
    assert (counted, purse.spent, budgets_of(purse)[0].left) == (0.5, 0.0, 1.0)


def test_a_budget_around_the_batch_holds_for_its_workers():
    with Budget(0.6) as budget:
        assert settled(Purse(1.0, 0.0), 0.5, 0.4) == Granted(0.6, 0.5)
        assert budget.spent == pytest.approx(0.4)
        purse = Purse(1.0, 0.0)
        assert settled(purse, 0.5, 0.0) == Granted(0.6, pytest.approx(0.2))
        assert budgets_of(purse)[0].left == 1.0


def budgets_of(purse):
    async def look():
        async with purse.paying(None) as payment:
            payment.cost = 0.0
            return payment.budgets

    return asyncio.run(look())
