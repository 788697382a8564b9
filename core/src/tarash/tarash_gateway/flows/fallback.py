"""A chain of configs: the next one is tried while nothing was created, and never after something may have been paid."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    InvalidRequestError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    TarashError,
    UnsupportedOperationError,
    complete,
)
from tarash.tarash_gateway.flows.commands import Flow, Now
from tarash.tarash_gateway.flows.context import NO_SCOPE, CallScope, Context
from tarash.tarash_gateway.flows.failing import told_when_failing
from tarash.tarash_gateway.flows.observing import observed, seen_call
from tarash.tarash_gateway.flows.plan import Plan, Skipped
from tarash.tarash_gateway.flows.spending import within
from tarash.tarash_gateway.models.request import ImageGenerationRequest
from tarash.tarash_gateway.models.response import Attempt, GenerationResponse
from tarash.tarash_gateway.models.update import ImageGenerationUpdate, VideoGenerationUpdate

ResponseT = TypeVar("ResponseT")

_MOVES_ON = (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    InvalidRequestError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    UnsupportedOperationError,
)
"""Errors after which another vendor may do it. A content-policy refusal is not among them: it is about the request."""

logger = logging.getLogger("tarash.calls")


def with_fallbacks(
    chain: Sequence[Plan[Any] | Skipped],
    request_id: str,
    one: Callable[[Context, Plan[Any]], Flow[Any]],
    scope: CallScope = NO_SCOPE,
) -> Flow[Any]:
    """Runs `one` for each plan of `chain` until one succeeds or something was created.

    Raises:
        TarashError: the last one, which names in its notes what was tried before it.
    """
    flow = _tried(chain, request_id, one, scope)
    first = next(plan for plan in chain if isinstance(plan, Plan))
    known = {"request_id": request_id, "provider": first.config.provider, "model": first.model}
    if scope.operation == "generate":
        pictures = isinstance(first.checked.request, ImageGenerationRequest)
        flow = told_when_failing(flow, ImageGenerationUpdate if pictures else VideoGenerationUpdate, known)
    if not scope.observed:
        return (yield from flow)
    seen = yield from seen_call(known, scope.operation, first.checked.request)
    return (yield from observed(seen, flow))


def _tried(
    chain: Sequence[Plan[Any] | Skipped],
    request_id: str,
    one: Callable[[Context, Plan[Any]], Flow[Any]],
    scope: CallScope,
) -> Flow[Any]:
    started = yield Now()
    attempts: list[Attempt] = []
    plans = [plan for plan in chain if isinstance(plan, Plan)]
    deadline = started + plans[0].config.timeout
    for number, link in enumerate(chain, start=1):
        if isinstance(link, Skipped):
            attempts.append(_attempt(link.provider, link.model, "skipped", link.error))
            continue
        now = yield Now()
        until = min(deadline, now + link.config.timeout)
        context = Context(link.config, link.model, request_id, started, until, scope.journal)
        try:
            flow = _seen_attempt(context, link, number, one, scope) if scope.observed else one(context, link)
            response = yield from (within(scope.budgets, link, flow) if scope.budgets else flow)
        except TarashError as error:
            complete(error, context.known())
            if isinstance(error, ModelNotFoundError) and link.notices:
                error.message = " ".join([_sentence(error.message), *link.notices])
                error.args = (error.message,)
            if link is plans[-1] or not _moves_on(error):
                for attempt in attempts:
                    error.add_note(f"before it, {attempt.provider}/{attempt.model} {attempt.outcome}: {attempt.error}")
                raise
            attempts.append(_attempt(link.config.provider, link.model, "failed", error))
            context.log(logging.WARNING, "failed (%s), the next config is tried", type(error).__name__)
        except BaseException as error:
            error.add_note(f"{request_id}: broken off at {context.config.provider}/{context.model}")
            raise
        else:
            told = [f"{a.provider}/{a.model} was {a.outcome} ({a.error})" for a in attempts]
            attempts.append(Attempt(provider=link.config.provider, model=link.model, outcome="succeeded"))
            if not isinstance(response, GenerationResponse):
                return response  # a job: what was tried before it is in the log
            news: dict[str, Any] = {"attempts": attempts}
            if told:
                news["warnings"] = [*told, *response.warnings]
            return response.model_copy(update=news)
    raise AssertionError


def _seen_attempt(
    context: Context,
    link: Plan[Any],
    number: int,
    one: Callable[[Context, Plan[Any]], Flow[Any]],
    scope: CallScope,
) -> Flow[Any]:
    provider = link.open_provider()
    link.open_provider = lambda: provider
    more = {"endpoint": provider.endpoint, "attempt": number}
    seen = yield from seen_call(context.known(), scope.operation, link.checked.request, **more)
    return (yield from observed(seen, one(replace(context, seen=seen), link)))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _moves_on(error: TarashError) -> bool:
    return isinstance(error, _MOVES_ON) and error.billable == "no" and error.job is None


def _attempt(provider: str, model: str, outcome: Any, error: TarashError) -> Attempt:
    return Attempt(provider=provider, model=model, outcome=outcome, error=f"{type(error).__name__}: {error}")
