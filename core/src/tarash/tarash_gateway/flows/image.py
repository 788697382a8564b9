"""One image call with one config: inputs, one request or several, and pictures that were looked at."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urljoin, urlsplit

from tarash.tarash_gateway.capabilities.price import Price
from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError, TarashError
from tarash.tarash_gateway.flows.commands import Call, Emit, Flow, Gather, Now, Outcome
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.inputs import resolve_inputs
from tarash.tarash_gateway.flows.plan import Plan
from tarash.tarash_gateway.flows.recording import intend, note_outcome, note_pictures, request_snapshot
from tarash.tarash_gateway.flows.retry import send_creating, send_reading
from tarash.tarash_gateway.flows.validation import checked_answer
from tarash.tarash_gateway.media import fetch
from tarash.tarash_gateway.media.decoding import decode_base64, decode_data_url, without_media
from tarash.tarash_gateway.media.structure import BrokenMediaError
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import ImageGenerationRequest
from tarash.tarash_gateway.models.response import CostSource, ImageGenerationResponse
from tarash.tarash_gateway.models.update import ImageGenerationUpdate
from tarash.tarash_gateway.plugins.provider import ImageAnswer, ImageOutput, PreparedRequest, Provider

RESULT_LIMIT = 256 * 1024 * 1024
"""Bytes of one picture that is downloaded."""

DOWNLOAD_TRIES = 3


def image_call(context: Context, plan: Plan[ImageGenerationRequest]) -> Flow[ImageGenerationResponse]:
    """Makes the pictures of `plan`.

    Raises:
        TarashError: no picture was made, or none could be read.
    """
    images, mask = yield from resolve_inputs(context, plan)
    provider = plan.open_provider()
    request = plan.checked.request
    batches = plan.checked.batches
    yield Emit(
        ImageGenerationUpdate(status="submitting", elapsed_seconds=(yield Now()) - context.started, **context.known())
    )
    flows = tuple(
        _one_request(
            context,
            provider,
            PreparedRequest(
                plan.model, request.model_copy(update={"n": n}), context.request_id, plan.row, images, mask
            ),
        )
        for n in batches
    )
    if len(flows) == 1:
        answer, media, told = yield from flows[0]
        answers, pictures, problems = [answer], media, told
    else:
        outcomes: list[Outcome] = yield Gather(flows)
        answers, pictures, problems = _join(outcomes)
    yield Emit(
        ImageGenerationUpdate(status="completed", elapsed_seconds=(yield Now()) - context.started, **context.known())
    )
    asked = request_snapshot(request, images, mask)
    return image_response(context, plan, answers, pictures, asked=asked, told=problems)


def _one_request(
    context: Context, provider: Provider, prepared: PreparedRequest[ImageGenerationRequest]
) -> Flow[tuple[ImageAnswer, list[Media], list[str]]]:
    intent = yield from intend_image(context, provider, prepared)
    try:
        given = yield from send_creating(context, Call(provider, "generate_image", (prepared,)), ImageGenerationUpdate)
        answer = checked_answer(given, provider, "generate_image")
        media, told = yield from pictures_of(context, provider, prepared, answer)
    except TarashError as error:
        yield from note_outcome(context, intent, error)
        raise
    yield from note_pictures(context, intent, len(media))
    return answer, media, told


def intend_image(
    context: Context, provider: Provider, prepared: PreparedRequest[ImageGenerationRequest]
) -> Flow[str | None]:
    """Writes into the journal, where there is one, that this request is about to be sent."""
    if context.journal is None:
        return None
    asked = request_snapshot(prepared.request, prepared.images, prepared.mask)
    return (yield from intend(context, "image", provider.endpoint, asked))


def pictures_of(
    context: Context, provider: Provider, prepared: PreparedRequest[ImageGenerationRequest], answer: ImageAnswer
) -> Flow[tuple[list[Media], list[str]]]:
    """The pictures of an answer, each checked to be whole, and what there is to tell of them.

    Raises:
        InvalidResponseError: there is none.
    """
    media: list[Media] = []
    told = list(answer.warnings)
    broken: TarashError | None = None
    for at, output in enumerate(answer.outputs, start=1):
        if output.error is not None:
            told.append(f"item {at} of {len(answer.outputs)} was not made: {output.error}")
            continue
        try:
            media.append((yield from picture_of(context, provider, output, told)))
        except InvalidResponseError as error:
            error.raw = error.raw or without_media(answer.raw)
            broken = broken or error
            told.append(f"item {at} of {len(answer.outputs)} cannot be used: {error}")
    if not media:
        raise broken or InvalidResponseError("the answer holds no picture", raw=without_media(answer.raw))
    if len(answer.outputs) < prepared.request.n:
        told.append(f"{prepared.request.n} pictures were asked for, the vendor made {len(answer.outputs)}")
    return media, told


def picture_of(context: Context, provider: Provider, output: ImageOutput, told: list[str]) -> Flow[Media]:
    """One image, from the first of its sources that gives a whole one: bytes of the answer, then what is downloaded.

    Raises:
        InvalidResponseError: the answer holds broken bytes, and no address.
    """
    sources = [source for source in (output.base64, output.content, output.url, *output.others) if source is not None]
    urls = [
        _absolute(source, provider.endpoint)
        for source in sources
        if isinstance(source, str) and _is_address(source, output)
    ]
    known = {"url": urls[0] if urls else None, "revised_prompt": output.revised_prompt}
    broken: Exception | None = None
    for source in sources:
        if not _is_address(source, output):
            try:
                return Media.from_bytes(_bytes_of(source), **known)
            except (BrokenMediaError, ValueError) as error:
                broken = broken or error
    if urls:
        return (yield from _fetched_picture(context, provider, urls, known, told))
    msg = "the vendor's picture has neither base64 nor a URL"
    if broken is not None:
        msg = f"the vendor's picture is broken: {broken}"
    raise InvalidResponseError(msg) from broken


def _is_address(source: str | bytes, output: ImageOutput) -> bool:
    """Whether a source is to be downloaded: a URL, or a relative one in the field for URLs."""
    if isinstance(source, bytes) or source is output.base64 or source[:5].lower() == "data:":
        return False
    return source is output.url or "://" in source[:10]


def _absolute(url: str, endpoint: str) -> str:
    """A relative address read against the endpoint; whatever else it is, the fetch says what is wrong with it."""
    if "://" in url:
        return url
    try:
        return urljoin(endpoint if endpoint.endswith("/") else f"{endpoint}/", url)
    except ValueError:
        return url


def _bytes_of(source: str | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    return decode_data_url(source) if source[:5].lower() == "data:" else decode_base64(source)


def _fetched_picture(
    context: Context, provider: Provider, urls: list[str], known: dict[str, Any], told: list[str]
) -> Flow[Media]:
    """Downloads a picture; it is paid for, so a failure keeps its URL and is a warning."""
    why: Exception | None = None
    for url in urls:
        # The vendor may serve its results from the host that the caller chose to talk to, wherever that is.
        own_host = _host(url) == _host(provider.endpoint)
        options = {"allow_private": own_host, "max_bytes": RESULT_LIMIT}
        try:
            fetched = yield from send_reading(context, Call(fetch, "fetch", (url,), options), most=DOWNLOAD_TRIES)
            return Media.from_bytes(fetched.content, **{**known, "url": url})
        except (TarashError, BrokenMediaError) as error:
            why = why or error
            context.log(logging.WARNING, "a picture could not be downloaded (%s)", type(error).__name__)
    told.append(f"a picture was made and could not be downloaded ({why}); its address is in Media.url")
    return Media(**known)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # half of an IPv6 address: the fetch says what is wrong with it
        return None


def _join(outcomes: list[Outcome]) -> tuple[list[ImageAnswer], list[Media], list[str]]:
    """Pictures that were made are kept whatever became of the other requests; an error only where none was."""
    good = [outcome.value for outcome in outcomes if outcome.error is None]
    bad = [outcome.error for outcome in outcomes if outcome.error is not None]
    if not good:
        raise min(bad, key=_gravity)
    told = [line for _, _, lines in good for line in lines]
    told += [f"one of {len(outcomes)} requests failed: {type(error).__name__}: {error}" for error in bad]
    return [answer for answer, _, _ in good], [picture for _, media, _ in good for picture in media], told


def _gravity(error: Exception) -> int:
    """Which error of several tells the most: what may have been billed, then a refusal that no waiting helps."""
    if isinstance(error, TarashError) and error.billable != "no":
        return 0
    return 1 if isinstance(error, ContentPolicyError) else 2


def image_response(
    context: Context,
    plan: Plan[ImageGenerationRequest],
    answers: list[ImageAnswer],
    pictures: list[Media],
    *,
    asked: dict[str, Any],
    told: list[str],
) -> ImageGenerationResponse:
    """The response of one or several answers."""
    raws = [without_media(answer.raw) for answer in answers if answer.raw is not None]
    cost, cost_source = _cost(plan, answers)
    return ImageGenerationResponse(
        images=pictures,
        request_id=context.request_id,
        provider=plan.config.provider,
        model=plan.model,
        asked=asked,
        provider_request_id=answers[0].provider_request_id,
        usage=_sum_usage([answer.usage for answer in answers if answer.usage]),
        cost=cost,
        cost_source=cost_source,
        adjustments=plan.checked.adjustments,
        warnings=[*plan.notices, *plan.checked.warnings, *told],
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
