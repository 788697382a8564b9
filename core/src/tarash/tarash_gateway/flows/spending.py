"""A call within its budgets: the most that it may cost is set aside before it is sent, and settled afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from tarash.tarash_gateway.budget import Budget
from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.errors import TarashError, ValidationError
from tarash.tarash_gateway.flows.commands import Flow
from tarash.tarash_gateway.flows.plan import Plan
from tarash.tarash_gateway.problems import Problem

ReturnT = TypeVar("ReturnT")


def within(budgets: Sequence[Budget], plan: Plan[Any], flow: Flow[ReturnT]) -> Flow[ReturnT]:
    """Runs `flow`, which sends the request of `plan`, if every budget has room for it.

    Raises:
        ValidationError: one has not, or the price is not known; nothing was sent.
    """
    aside = _set_aside(budgets, plan)
    spent = aside  # what may have been billed is counted in full, whatever breaks the call off
    try:
        result = yield from flow
    except TarashError as error:
        spent = 0.0 if error.billable == "no" else aside
        raise
    else:
        cost = getattr(result, "cost", None)
        spent = aside if cost is None else cost
        return result
    finally:
        for budget in budgets:
            budget.give_back(aside - spent)


def _set_aside(budgets: Sequence[Budget], plan: Plan[Any]) -> float:
    expected = plan.expected_cost()
    if expected is None:
        msg = "the price of this request is not known, so the budget cannot be kept; make the call outside of it"
        raise _refusal(plan, Problem("budget", msg))
    taken: list[Budget] = []
    for budget in budgets:
        if budget.take(expected.high):
            taken.append(budget)
            continue
        for other in taken:
            other.give_back(expected.high)
        msg = (
            f"the request may cost up to {as_dollars(expected.high)}, and {as_dollars(budget.left)} of the budget of "
            f"{as_dollars(budget.dollars)} per {budget.per} is left; raise it or ask for less"
        )
        raise _refusal(plan, Problem("budget", msg))
    return expected.high


def _refusal(plan: Plan[Any], problem: Problem) -> ValidationError:
    return ValidationError.of(plan.subject, [problem], provider=plan.config.provider, model=plan.model)
