"""One streamed image call: partial pictures as they come, then the result."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from tarash.tarash_gateway.errors import InvalidResponseError, TarashError
from tarash.tarash_gateway.flows.commands import END, Emit, Flow, Next, Now, Open
from tarash.tarash_gateway.flows.context import NO_SCOPE, CallScope, Context
from tarash.tarash_gateway.flows.fallback import with_fallbacks
from tarash.tarash_gateway.flows.image import image_response, intend_image, picture_of, pictures_of
from tarash.tarash_gateway.flows.inputs import resolve_inputs
from tarash.tarash_gateway.flows.plan import Plan, Skipped
from tarash.tarash_gateway.flows.recording import note_outcome, note_pictures, request_snapshot
from tarash.tarash_gateway.flows.retry import send_creating, unconfirmed
from tarash.tarash_gateway.flows.validation import check_part, checked_answer
from tarash.tarash_gateway.models.request import ImageGenerationRequest
from tarash.tarash_gateway.models.response import ImageGenerationResponse
from tarash.tarash_gateway.models.update import ImageGenerationUpdate
from tarash.tarash_gateway.plugins.provider import ImageAnswer, PreparedRequest, Provider


def streamed(chain: Sequence[Plan[Any] | Skipped], request_id: str, scope: CallScope = NO_SCOPE) -> Flow[None]:
    """Runs a chain of configs; the last update carries the response."""
    started = yield Now()
    response: ImageGenerationResponse = yield from with_fallbacks(chain, request_id, stream_call, scope)
    yield Emit(
        ImageGenerationUpdate(
            status="completed",
            request_id=request_id,
            provider=response.provider,
            model=response.model,
            elapsed_seconds=(yield Now()) - started,
            response=response,
        )
    )


def stream_call(context: Context, plan: Plan[ImageGenerationRequest]) -> Flow[ImageGenerationResponse]:
    """Makes the picture of `plan` and tells its partial pictures.

    Raises:
        UnconfirmedGenerationError: the stream broke off before the result: it may have been billed.
        TarashError: no picture was made.
    """
    images, mask = yield from resolve_inputs(context, plan)
    provider = plan.open_provider()
    prepared = PreparedRequest(plan.model, plan.checked.request, context.request_id, plan.row, images, mask)

    def begin(left: float) -> Flow[tuple[Any, Any]]:
        stream = yield Open(provider, "stream_image", (prepared,), {"timeout": left})
        return stream, (yield Next(stream, left))

    yield Emit(_update(context, (yield Now()), status="submitting"))
    intent = yield from intend_image(context, provider, prepared)
    try:
        stream, item = yield from send_creating(context, begin, ImageGenerationUpdate)
        answer = yield from _read_on(context, provider, stream, item)
        media, told = yield from pictures_of(context, provider, prepared, answer)
    except TarashError as error:
        yield from note_outcome(context, intent, error)
        raise
    yield from note_pictures(context, intent, len(media))
    asked = request_snapshot(prepared.request, images, mask)
    return image_response(context, plan, [answer], media, asked=asked, told=told)


def _read_on(context: Context, provider: Provider, stream: Any, item: Any) -> Flow[ImageAnswer]:
    """Tells partial pictures as they come, until the answer is there."""
    while not isinstance(item, ImageAnswer):
        if item is END:
            msg = "the stream ended without a result"
            raise unconfirmed(context, InvalidResponseError(msg, billable="unknown"))
        check_part(item, provider, "stream_image")
        try:
            picture = yield from picture_of(context, provider, item.output, [])
        except InvalidResponseError as error:
            context.log(logging.WARNING, "partial picture %d cannot be used (%s)", item.index, error)
        else:
            yield Emit(_update(context, (yield Now()), status="partial", image=picture))
        left = context.left((yield Now()), billable="unknown")
        try:
            item = yield Next(stream, left)
        except TarashError as error:
            raise (unconfirmed(context, error) if error.billable == "unknown" else error) from error
    return checked_answer(item, provider, "stream_image")


def _update(context: Context, now: float, **known: Any) -> ImageGenerationUpdate:
    return ImageGenerationUpdate(elapsed_seconds=now - context.started, **context.known(), **known)
