"""The life of a call: read this file from top to bottom.

A call has a chain of configs. For each of them the budget is reserved, observers are notified, the steps of the call
are run (`flows.image`, `flows.video`), the budget is settled, and an error decides whether the next config is tried:
only while nothing was created, and never after something may have been paid for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeGuard, TypeVar

from tarash.tarash_gateway.budget import Budget
from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    GenerationFailedError,
    InvalidRequestError,
    ModelNotFoundError,
    PermissionDeniedError,
    Problem,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    TarashError,
    UnsupportedOperationError,
)
from tarash.tarash_gateway.flows.commands import Flow, Now, Observe, Today
from tarash.tarash_gateway.flows.context import CallScope, Context
from tarash.tarash_gateway.flows.plan import Plan, Skipped
from tarash.tarash_gateway.flows.recording import request_snapshot
from tarash.tarash_gateway.flows.retry import quote_cause
from tarash.tarash_gateway.models.config import GenerationConfig, ImageGenerationConfig
from tarash.tarash_gateway.models.job import GenerationJob
from tarash.tarash_gateway.models.request import GenerationRequest
from tarash.tarash_gateway.models.response import Attempt, GenerationResponse, ImageGenerationResponse
from tarash.tarash_gateway.plugins.hookspecs import CallContext, CallOutcome

ResultT = TypeVar("ResultT")
Steps = Callable[[Context, Plan[Any]], Flow[ResultT]]
"""What is done with one config: sends the request and returns a response, or a job."""


def call(chain: Sequence[Plan[Any] | Skipped], steps: Steps[ResultT], scope: CallScope) -> Flow[ResultT]:
    """Runs `steps` for each plan of `chain`, until one succeeds or something may have been paid for.

    Raises:
        TarashError: the last one; its notes name what was tried before it.
    """
    plans = [link for link in chain if isinstance(link, Plan)]
    started = yield Now()
    first = _context_of(plans[0], scope, started, started + plans[0].config.timeout)
    whole = yield from notify_start(first, scope, plans[0].checked.request, endpoint=None)
    attempts: list[Attempt] = []
    for number, link in enumerate(chain, start=1):
        if isinstance(link, Skipped):
            attempts.append(_attempt(link, "skipped", link.error))
            continue
        began, context = started, first
        if link is not plans[0]:
            began = yield Now()
            context = _context_of(link, scope, started, min(whole.deadline, began + link.config.timeout))
        reserved: float | None = None
        try:
            reserved = reserve_budget(scope.budgets, link)
            if scope.observed:
                endpoint = link.open_provider().endpoint
                context = yield from notify_start(context, scope, link.checked.request, endpoint, attempt=number)
            result = yield from steps(context, link)
        except GeneratorExit:  # a stream that its reader left: nobody answers a command any more
            raise
        except BaseException as error:
            if isinstance(error, TarashError) and error.billable == "no":
                settle_budget(scope.budgets, reserved, 0.0)
            _explain(error, context, link)
            yield from notify_end(context, began, error=error)
            if link is not plans[-1] and _moves_on(error):
                attempts.append(_attempt(link, "failed", error))
                context.log(logging.WARNING, "failed (%s), the next config is tried", type(error).__name__)
                continue
            for attempt in attempts if isinstance(error, TarashError) else ():
                error.add_note(f"before it, {attempt.provider}/{attempt.model} {attempt.outcome}: {attempt.error}")
            if scope.operation == "generate":
                yield from emit_failure(whole, error)
            yield from notify_end(whole, started, error=error)
            raise
        settle_budget(scope.budgets, reserved, getattr(result, "cost", None))
        yield from notify_end(context, began, result=result)
        result = _with_attempts(result, [*attempts, _attempt(link, "succeeded")])
        yield from notify_end(whole, started, result=result)
        if scope.operation == "stream" and isinstance(result, ImageGenerationResponse):
            yield context.emit("completed", response=result)
        return result
    raise AssertionError


def call_job(
    config: GenerationConfig, job: GenerationJob, steps: Callable[[Context], Flow[ResultT]], scope: CallScope
) -> Flow[ResultT]:
    """Runs `steps` for a job that exists already; whatever goes wrong names the job."""
    started = yield Now()
    deadline = started + config.timeout
    context = Context(config, job.model, scope.request_id, started, deadline, scope.journal, request=job.request)
    context = yield from notify_start(context, scope, None, job.endpoint, job=job)
    try:
        result = yield from steps(context)
    except GeneratorExit:
        raise
    except BaseException as error:
        if isinstance(error, TarashError):
            context.complete(error, job)
        if scope.operation == "resume":
            yield from emit_failure(context, error)
        yield from notify_end(context, started, error=error)
        raise
    yield from notify_end(context, started, result=result)
    return result


def _context_of(plan: Plan[Any], scope: CallScope, started: float, deadline: float) -> Context:
    return Context(
        plan.config,
        plan.model,
        scope.request_id,
        started,
        deadline,
        scope.journal,
        local=plan.spec.local,
        request=plan.checked.request.__dict__,
    )


# Errors: which one ends a call


_MOVES_ON = (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    GenerationFailedError,
    InvalidRequestError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    UnsupportedOperationError,
)
"""Errors after which another vendor may do it. A content-policy refusal is not among them: it is about the request."""


def _moves_on(error: BaseException) -> TypeGuard[TarashError]:
    return isinstance(error, _MOVES_ON) and error.billable == "no" and error.job is None


def _explain(error: BaseException, context: Context, plan: Plan[Any]) -> None:
    """Adds which call it was; and, where a model is gone, which one takes its place."""
    if not isinstance(error, TarashError):
        error.add_note(f"{context.request_id}: broken off at {context.config.provider}/{context.model}")
        return
    context.complete(error)
    quote_cause(error, plan.config, plan.spec, plan.checked.request)
    if isinstance(error, ModelNotFoundError) and plan.notices:
        text = error.message if error.message.endswith((".", "?", "!")) else f"{error.message}."
        error.message = " ".join([text, *plan.notices])
        error.args = (error.message,)


def _attempt(
    link: Plan[Any] | Skipped, outcome: Literal["succeeded", "failed", "skipped"], error: TarashError | None = None
) -> Attempt:
    provider = link.provider if isinstance(link, Skipped) else link.config.provider
    text = None if error is None else f"{type(error).__name__}: {error}"
    return Attempt(provider=provider, model=link.model, outcome=outcome, error=text)


def _with_attempts(result: ResultT, attempts: list[Attempt]) -> ResultT:
    """Adds to a response what was tried before it. A job has no place for it: only the log shows it."""
    if not isinstance(result, GenerationResponse):
        return result
    warnings = [f"{a.provider}/{a.model} was {a.outcome} ({a.error})" for a in attempts[:-1]]
    changes: dict[str, Any] = {"attempts": attempts}
    if warnings:
        changes["warnings"] = [*warnings, *result.warnings]
    return result.model_copy(update=changes)


# Observers and the progress callback


def notify_start(
    context: Context,
    scope: CallScope,
    request: GenerationRequest | None,
    endpoint: str | None,
    *,
    attempt: int | None = None,
    job: GenerationJob | None = None,
) -> Flow[Context]:
    """Notifies observers, where there are any, that a call or one attempt of it begins."""
    if not scope.observed:
        return context
    call_context = CallContext(
        request_id=context.request_id,
        kind="image" if isinstance(context.config, ImageGenerationConfig) else "video",
        operation=scope.operation,
        provider=context.config.provider,
        model=context.model,
        endpoint=endpoint,
        at=(yield Today()),
        attempt=attempt,
        request={} if request is None else request_snapshot(request),
        job=job,
    )
    yield Observe("tarash_before_generate", {"context": call_context})
    return replace(context, call_context=call_context)


def notify_end(context: Context, began: float, *, result: Any = None, error: BaseException | None = None) -> Flow[None]:
    """Notifies observers of the end of a call or an attempt whose beginning they were notified of."""
    if context.call_context is None:
        return
    response = result if isinstance(result, GenerationResponse) else None
    job = result if isinstance(result, GenerationJob) else getattr(response, "job", None)
    if error is not None:
        job = (error.job if isinstance(error, TarashError) else None) or context.call_context.job
    outcome = CallOutcome((yield Now()) - began, response=response, job=job, error=error)
    yield Observe("tarash_after_generate", {"context": context.call_context, "outcome": outcome})


def emit_failure(context: Context, error: BaseException) -> Flow[None]:
    """Emits the last update of a call that fails or is broken off, with the job where there is one."""
    text = str(error) if isinstance(error, Exception) else ""
    message = text or f"broken off ({type(error).__name__})"
    job = getattr(error, "job", None)
    yield context.emit("failed", message=message, job=job)


# The budget


def reserve_budget(budgets: Sequence[Budget], plan: Plan[Any]) -> float | None:
    """Sets aside the most that the request of `plan` may cost, in US dollars.

    Whatever `settle_budget` does not replace counts in full: it may have been billed.

    Raises:
        ValidationError: a budget has no room for it, or the price is not known; nothing was sent.
    """
    if not budgets:
        return None
    expected = plan.expected_cost()
    if expected is None:
        msg = "the price of this request is not known, so the budget cannot be kept; make the call outside of it"
        raise plan.refusal(Problem("budget", msg))
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
        raise plan.refusal(Problem("budget", msg))
    return expected.high


def settle_budget(budgets: Sequence[Budget], reserved: float | None, cost: float | None) -> None:
    """Replaces what was set aside by what the attempt cost; None where that is not known."""
    if reserved is not None and cost is not None:
        for budget in budgets:
            budget.give_back(reserved - cost)
