"""One image call with one config: inputs, one request or several, and pictures that were looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tarash.tarash_gateway.capabilities.price import Price
from tarash.tarash_gateway.errors import ContentPolicyError, TarashError
from tarash.tarash_gateway.flows.commands import Emit, Flow, Gather, Now, Outcome, ProviderCall
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.inputs import fetch_inputs
from tarash.tarash_gateway.flows.outputs import images_of
from tarash.tarash_gateway.flows.plan import Plan
from tarash.tarash_gateway.flows.recording import record_error, record_images, record_request, request_snapshot
from tarash.tarash_gateway.flows.retry import send_creating
from tarash.tarash_gateway.flows.validation import checked_answer
from tarash.tarash_gateway.media.decoding import without_media
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import ImageGenerationRequest
from tarash.tarash_gateway.models.response import CostSource, ImageGenerationResponse
from tarash.tarash_gateway.plugins.provider import ImageAnswer, PreparedRequest, Provider


@dataclass(frozen=True, slots=True)
class ImageResult:
    """What one request came to: the vendor's answer, its images, and what there is to say of them."""

    answer: ImageAnswer
    media: list[Media]
    warnings: list[str]


def image_call(context: Context, plan: Plan[ImageGenerationRequest]) -> Flow[ImageGenerationResponse]:
    """Makes the images of `plan`.

    Raises:
        TarashError: no image was made, or none could be read.
    """
    images, mask = yield from fetch_inputs(context, plan.images, plan.mask, plan.row)
    provider = plan.open_provider()
    request = plan.checked.request
    yield Emit(context.update((yield Now()), "submitting"))
    requests = [
        PreparedRequest(plan.model, request.model_copy(update={"n": n}), context.request_id, plan.row, images, mask)
        for n in plan.checked.batches
    ]
    if len(requests) == 1:
        result = yield from _send_one(context, provider, requests[0])
        results, warnings = [result], result.warnings
    else:
        outcomes: list[Outcome] = yield Gather(tuple(_send_one(context, provider, one) for one in requests))
        results, warnings = _join(outcomes)
    yield Emit(context.update((yield Now()), "completed"))
    return image_response(context, plan, results, request_snapshot(request, images, mask), warnings)


def _send_one(
    context: Context, provider: Provider, prepared: PreparedRequest[ImageGenerationRequest]
) -> Flow[ImageResult]:
    intent = yield from record_image_request(context, provider, prepared)
    try:
        call = ProviderCall(provider, Provider.generate_image, (prepared,))
        answer = checked_answer((yield from send_creating(context, call)), provider, call.name)
        media, warnings = yield from images_of(context, provider, prepared, answer)
    except TarashError as error:
        yield from record_error(context, intent, error)
        raise
    yield from record_images(context, intent, len(media))
    return ImageResult(answer, media, warnings)


def record_image_request(
    context: Context, provider: Provider, prepared: PreparedRequest[ImageGenerationRequest]
) -> Flow[str | None]:
    """Writes into the journal, where there is one, that this request is about to be sent."""
    if context.journal is None:
        return None
    request = request_snapshot(prepared.request, prepared.images, prepared.mask)
    return (yield from record_request(context, "image", provider.endpoint, request))


def _join(outcomes: list[Outcome]) -> tuple[list[ImageResult], list[str]]:
    """Keeps the images that were made, whatever became of the other requests; an error only where none was."""
    results: list[ImageResult] = [outcome.value for outcome in outcomes if outcome.error is None]
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if not results:
        raise min(errors, key=_gravity)
    warnings = [line for result in results for line in result.warnings]
    warnings += [f"one of {len(outcomes)} requests failed: {type(error).__name__}: {error}" for error in errors]
    return results, warnings


def _gravity(error: Exception) -> int:
    """Which error of several tells the most: what may have been billed, then a refusal that no waiting helps."""
    if isinstance(error, TarashError) and error.billable != "no":
        return 0
    return 1 if isinstance(error, ContentPolicyError) else 2


def image_response(
    context: Context,
    plan: Plan[ImageGenerationRequest],
    results: list[ImageResult],
    request: dict[str, Any],
    warnings: list[str],
) -> ImageGenerationResponse:
    """Makes the response of one or several answers."""
    answers = [result.answer for result in results]
    raws = [without_media(answer.raw) for answer in answers if answer.raw is not None]
    cost, cost_source = _cost(plan, answers)
    return ImageGenerationResponse(
        images=[image for result in results for image in result.media],
        request_id=context.request_id,
        provider=plan.config.provider,
        model=plan.model,
        asked=request,
        provider_request_id=answers[0].provider_request_id,
        usage=_sum_usage([answer.usage for answer in answers if answer.usage]),
        cost=cost,
        cost_source=cost_source,
        adjustments=plan.checked.adjustments,
        warnings=[*plan.notices, *plan.checked.warnings, *warnings],
        raw_response=raws[0] if len(raws) == 1 else {"answers": raws} if raws else None,
    )


def _cost(plan: Plan[ImageGenerationRequest], answers: list[ImageAnswer]) -> tuple[float | None, CostSource | None]:
    """US dollars as the vendor tells, else what its usage or the number of pictures comes to; never a guess."""
    told = [answer.cost for answer in answers if answer.cost is not None]
    if len(told) == len(answers):
        return sum(told), "vendor"
    price = plan.priced.price if plan.priced is not None else None
    if price is None:
        return None, None
    asked = plan.checked.request
    each = price.for_image(asked.quality, asked.size, asked.resolution)
    exact = each[0] if each is not None and each[0] == each[1] and not asked.image_list else None
    costs = [_cost_of(answer, price, exact) for answer in answers]
    known = [cost for cost in costs if cost is not None]
    return (sum(known), "computed") if len(known) == len(answers) else (None, None)


def _cost_of(answer: ImageAnswer, price: Price, exact: float | None) -> float | None:
    if answer.tokens is None:  # one of the counts cannot be read, so that the sum of the others is no cost
        return None
    if answer.tokens:
        return price.for_tokens(answer.tokens)
    made = sum(output.error is None for output in answer.outputs)
    return None if exact is None else exact * made


def _sum_usage(usages: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The usage of all requests of a fan-out; figures are added, whatever is no figure is the first one's."""
    if len(usages) < 2:
        return usages[0] if usages else None
    return {key: _sum([usage.get(key) for usage in usages]) for key in usages[0]}


def _sum(values: list[Any]) -> Any:
    numbers = [value for value in values if isinstance(value, (int, float))]
    if numbers:
        return sum(numbers)
    tables = [value for value in values if isinstance(value, dict)]
    return _sum_usage(tables) if tables else values[0]
