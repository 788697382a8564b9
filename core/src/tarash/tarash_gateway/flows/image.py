"""One image call with one config: one request or several, a job, or a stream; and images that were checked."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tarash.tarash_gateway.capabilities.price import Price
from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.errors import (
    ContentPolicyError,
    GenerationFailedError,
    InvalidResponseError,
    JobExpiredError,
    TarashError,
)
from tarash.tarash_gateway.flows.call import call, call_job
from tarash.tarash_gateway.flows.commands import (
    END,
    Flow,
    Gather,
    Next,
    Now,
    OpenStream,
    Outcome,
    ProviderCall,
    continue_with,
)
from tarash.tarash_gateway.flows.context import Context, call_scope
from tarash.tarash_gateway.flows.jobs import IMAGE, attach_job, open_job, poll_again, prepare, priced_row, submit, wait
from tarash.tarash_gateway.flows.outputs import image_of, images_of
from tarash.tarash_gateway.flows.plan import Plan, checked_chain
from tarash.tarash_gateway.flows.recording import record, record_error, record_request, request_snapshot, snapshot_of
from tarash.tarash_gateway.flows.retry import send_creating, send_reading, unconfirmed
from tarash.tarash_gateway.flows.validation import check_part, checked_answer
from tarash.tarash_gateway.media.base64 import without_media
from tarash.tarash_gateway.models.config import ImageGenerationConfig
from tarash.tarash_gateway.models.job import GenerationJob, ImageJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import ImageGenerationRequest
from tarash.tarash_gateway.models.response import Adjustment, CostSource, ImageGenerationResponse
from tarash.tarash_gateway.plugins._bridge import supports
from tarash.tarash_gateway.plugins.exchange import ImageAnswer, JobReport, PreparedRequest
from tarash.tarash_gateway.plugins.http.request import image_limit
from tarash.tarash_gateway.plugins.provider import Provider

_ENDED = (ContentPolicyError, GenerationFailedError, JobExpiredError)
"""What ends a job without a result."""


@dataclass(frozen=True, slots=True)
class ImageResult:
    """What one request came to: the vendor's answer, its images, and what there is to say of them."""

    answer: ImageAnswer
    media: list[Media]
    warnings: list[str]
    job: ImageJob | None = None
    """The job, where the vendor's images are jobs."""


def image_flow(config: ImageGenerationConfig, request: ImageGenerationRequest) -> Flow[ImageGenerationResponse]:
    """Makes images with the first config of the chain that succeeds."""
    yield from ()  # the check is a step of the flow: of a thousand calls that begin together, each waits for its turn
    return continue_with(call(checked_chain(config, request), image_call, call_scope("generate")))


def stream_flow(config: ImageGenerationConfig, request: ImageGenerationRequest) -> Flow[ImageGenerationResponse]:
    """Makes an image and emits its partial images; the request is checked at once."""
    return call(checked_chain(config, request, stream=True), stream_call, call_scope("stream"))


def resume_image_flow(config: ImageGenerationConfig, job: GenerationJob) -> Flow[ImageGenerationResponse]:
    """Waits for an image job and fetches its images."""
    provider, image_job = open_job(config, job, IMAGE)
    steps = partial(resume_image_call, provider=provider, job=image_job, row=priced_row(config))
    return call_job(config, image_job, steps, call_scope("resume"))


def image_call(context: Context, plan: Plan[ImageGenerationRequest]) -> Flow[ImageGenerationResponse]:
    """Makes the images of `plan`: with one request or several, answered at once or as jobs.

    Raises:
        TarashError: no image was made, or none could be read; `error.job` is the job, where one exists.
    """
    requests = yield from prepare(context, plan)
    provider = plan.open_provider()
    by_job = supports(provider, Provider.submit_image)
    if len(requests) > 1:
        send = _run_job if by_job else _send_one
        outcomes: list[Outcome] = yield Gather(tuple(send(context, provider, request) for request in requests))
        results, warnings = _join(outcomes)
    elif by_job:
        report = yield from submit(context, provider, IMAGE, requests[0])
        finished = yield from wait(context, provider, report)
        result = yield from _fetch_result(context, provider, finished)
        results, warnings = [result], [*report.warnings, *result.warnings]
    else:
        result = yield from _send_one(context, provider, requests[0])
        results, warnings = [result], result.warnings
    yield context.emit("completed", job=results[0].job)
    return _response_to(context, plan, requests[0], results, warnings)


def stream_call(context: Context, plan: Plan[ImageGenerationRequest]) -> Flow[ImageGenerationResponse]:
    """Makes the image of `plan` and emits its partial images.

    Raises:
        UnconfirmedGenerationError: the stream broke off before the result: it may have been billed.
        TarashError: no image was made.
    """
    provider = plan.open_provider()
    [prepared] = yield from prepare(context, plan, in_one=True)
    call = OpenStream(provider, Provider.stream_image, (prepared,), control=prepared.control)
    intent = yield from record_request(context, "image", provider, prepared)
    try:
        stream, item = yield from send_creating(context, call)
        answer = yield from _read_on(context, call, stream, item)
        media, warnings = yield from images_of(context, provider, prepared.request.n, answer)
    except TarashError as error:
        yield from record_error(context, intent, error)
        raise
    yield from record(context, "made", intent=intent, count=len(media))
    return _response_to(context, plan, prepared, [ImageResult(answer, media, warnings)], warnings)


def resume_image_call(
    context: Context, provider: Provider, job: ImageJob, row: ModelRow | None
) -> Flow[ImageGenerationResponse]:
    """Waits for an image job and fetches its images."""
    report = yield from poll_again(context, provider, job)
    finished = yield from wait(context, provider, report)
    result = yield from _fetch_result(context, provider, finished)
    yield context.emit("completed", job=result.job)
    return image_response(context, [result], finished.job.request, result.warnings, row=row)


def _send_one(
    context: Context, provider: Provider, prepared: PreparedRequest[ImageGenerationRequest]
) -> Flow[ImageResult]:
    """Sends one request that is answered at once."""
    intent = yield from record_request(context, "image", provider, prepared)
    emit = partial(context.emit, "in_progress")
    call = ProviderCall(provider, Provider.generate_image, (prepared,), control=prepared.control, emit=emit)
    try:
        answer = checked_answer((yield from send_creating(context, call)), call)
        media, warnings = yield from images_of(context, provider, prepared.request.n, answer)
    except GeneratorExit:
        raise
    except BaseException as error:
        job = _created_job(context, provider, prepared)
        if isinstance(error, TarashError):
            error.billable = "no" if context.local else error.billable
        if job is not None:
            resumable = supports(provider, Provider.poll_image)
            attach_job(error, job, context, resumable=resumable)
            event = "failed" if isinstance(error, _ENDED) else "job" if resumable else "unconfirmed"
            yield from record(context, event, intent=intent, error=error, job=job.model_dump(mode="json"))
        elif isinstance(error, TarashError):
            yield from record_error(context, intent, error)
        raise
    yield from record(context, "made", intent=intent, count=len(media))
    job = _created_job(context, provider, prepared)
    return ImageResult(answer, media, warnings, None if job is None else job.model_copy(update={"status": "completed"}))


def _created_job(
    context: Context, provider: Provider, prepared: PreparedRequest[ImageGenerationRequest]
) -> ImageJob | None:
    """Returns the job that a provider reported which makes several requests in `generate_image`."""
    if prepared.control.job_id is None:
        return None
    return ImageJob(
        provider=context.config.provider,
        model=prepared.model,
        id=prepared.control.job_id,
        endpoint=provider.endpoint,
        status="in_progress",
        request_id=context.request_id,
        request=snapshot_of(prepared),
    )


def _run_job(
    context: Context, provider: Provider, prepared: PreparedRequest[ImageGenerationRequest]
) -> Flow[ImageResult]:
    """Sends one of several requests, each of which becomes a job."""
    report = yield from submit(context, provider, IMAGE, prepared)
    finished = yield from wait(context, provider, report)
    return (yield from _fetch_result(context, provider, finished))


def _fetch_result(context: Context, provider: Provider, finished: JobReport[ImageJob]) -> Flow[ImageResult]:
    """Fetches the images of a completed job. A failure costs nothing: the job keeps them until it expires."""
    job = finished.job
    try:
        yield context.emit("downloading", progress=job.progress, job=job)
        call = ProviderCall(provider, Provider.fetch_image, (job,))
        answer = checked_answer((yield from send_reading(context, call, job=job)), call)
        media, warnings = yield from images_of(context, provider, job.request.get("n", 1), answer)
    except BaseException as error:
        attach_job(error, job, context)
        if isinstance(error, _ENDED):
            yield from record(context, "failed", result_of=job, error=error)
        raise
    yield from record(context, "made", result_of=job, count=len(media))
    answer = replace(
        answer,
        usage=finished.usage if answer.usage is None else answer.usage,
        cost=finished.cost if answer.cost is None else answer.cost,
        raw=finished.raw if answer.raw is None else answer.raw,
        provider_request_id=answer.provider_request_id or job.provider_request_id,
    )
    return ImageResult(answer, media, [*finished.warnings, *warnings], job)


def _read_on(context: Context, call: OpenStream, stream: Any, item: Any) -> Flow[ImageAnswer]:
    """Emits partial images as they come, until the answer is there."""
    while not isinstance(item, ImageAnswer):
        if item is END:
            msg = "the stream ended without a result"
            raise unconfirmed(context, InvalidResponseError(msg, billable="unknown"))
        check_part(item, call)
        try:
            image = yield from image_of(context, call.provider, item.output, [], image_limit(1))
        except InvalidResponseError as error:
            context.log(logging.WARNING, "partial image %d cannot be used (%s)", item.index, error)
        else:
            yield context.emit("partial", image=image)
        left = context.left((yield Now()), billable="unknown")
        try:
            item = yield Next(stream, left)
        except TarashError as error:
            named = unconfirmed(context, error) if error.billable == "unknown" else error
            if named is error:
                raise
            raise named from error
    return checked_answer(item, call)


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
    """Ranks errors by how much they say: what may have been billed, then a refusal that no waiting helps."""
    if isinstance(error, TarashError) and error.billable != "no":
        return 0
    return 1 if isinstance(error, ContentPolicyError) else 2


def _response_to(
    context: Context,
    plan: Plan[ImageGenerationRequest],
    prepared: PreparedRequest[ImageGenerationRequest],
    results: list[ImageResult],
    warnings: list[str],
) -> ImageGenerationResponse:
    request = request_snapshot(plan.checked.request, prepared.images, prepared.mask)
    warnings = [*plan.notices, *plan.checked.warnings, *warnings]
    return image_response(context, results, request, warnings, row=plan.priced, adjustments=plan.checked.adjustments)


def image_response(
    context: Context,
    results: list[ImageResult],
    request: dict[str, Any],
    warnings: list[str],
    *,
    row: ModelRow | None = None,
    adjustments: list[Adjustment] | None = None,
) -> ImageGenerationResponse:
    """Makes the response of one or several answers."""
    answers = [result.answer for result in results]
    raws = [without_media(answer.raw) for answer in answers if answer.raw is not None]
    cost, cost_source = _cost(row.price if row is not None else None, request, results)
    return ImageGenerationResponse(
        images=[image for result in results for image in result.media],
        request_id=context.request_id,
        provider=context.config.provider,
        model=context.model,
        job=results[0].job,
        request=request,
        provider_request_id=answers[0].provider_request_id,
        usage=_sum_usage([answer.usage for answer in answers if answer.usage]),
        cost=cost,
        cost_source=cost_source,
        adjustments=adjustments or [],
        warnings=warnings,
        raw_response=raws[0] if len(raws) == 1 else {"answers": raws} if raws else None,
    )


def _cost(
    price: Price | None, request: dict[str, Any], results: list[ImageResult]
) -> tuple[float | None, CostSource | None]:
    """Computes US dollars: what the vendor reports, else what its usage or the number of images costs."""
    reported = [result.answer.cost for result in results if result.answer.cost is not None]
    if len(reported) == len(results):
        return sum(reported), "vendor"
    if price is None:
        return None, None
    each = price.for_image(request.get("quality"), request.get("size"), request.get("resolution"))
    exact = each[0] if each is not None and each[0] == each[1] else None
    costs = [_cost_of(result, price, exact, edit=bool(request.get("image_list"))) for result in results]
    computed = [cost for cost in costs if cost is not None]
    return (sum(computed), "computed") if len(computed) == len(results) else (None, None)


def _cost_of(result: ImageResult, price: Price, exact: float | None, *, edit: bool) -> float | None:
    answer = result.answer
    if price.per_million_tokens and answer.tokens != {}:
        # With one count unreadable the sum of the others is no cost.
        return None if answer.tokens is None else price.for_tokens(answer.tokens)
    if edit:
        return None  # what its input images cost is not known
    made = sum(output.error is None for output in answer.outputs)
    if exact is not None:
        return exact * made
    amounts = [price.for_pixels(image.width * image.height) for image in result.media if image.width and image.height]
    computed = [amount for amount in amounts if amount is not None]
    return sum(computed) if len(computed) == made else None


def _sum_usage(usages: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Adds the usage of all requests of a fan-out; whatever is no figure is the first one's."""
    if len(usages) < 2:
        return usages[0] if usages else None
    return {key: _sum([usage.get(key) for usage in usages]) for key in usages[0]}


def _sum(values: list[Any]) -> Any:
    numbers = [value for value in values if isinstance(value, (int, float))]
    if numbers:
        return sum(numbers)
    tables = [value for value in values if isinstance(value, dict)]
    return _sum_usage(tables) if tables else values[0]
