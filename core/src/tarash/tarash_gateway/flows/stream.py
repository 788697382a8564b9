"""One streamed image call: partial images as they come, then the result."""

from __future__ import annotations

import logging
from typing import Any

from tarash.tarash_gateway.errors import InvalidResponseError, TarashError
from tarash.tarash_gateway.flows.commands import END, Flow, Next, Now, OpenStream
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.image import (
    ImageResult,
    image_response,
    record_image_request,
)
from tarash.tarash_gateway.flows.inputs import fetch_inputs
from tarash.tarash_gateway.flows.outputs import image_of, images_of
from tarash.tarash_gateway.flows.plan import Plan
from tarash.tarash_gateway.flows.recording import record_error, record_images, request_snapshot
from tarash.tarash_gateway.flows.retry import send_creating, unconfirmed
from tarash.tarash_gateway.flows.validation import check_part, checked_answer
from tarash.tarash_gateway.models.request import ImageGenerationRequest
from tarash.tarash_gateway.models.response import ImageGenerationResponse
from tarash.tarash_gateway.plugins.exchange import ImageAnswer, PreparedRequest
from tarash.tarash_gateway.plugins.http.request import image_limit
from tarash.tarash_gateway.plugins.provider import Provider


def stream_call(context: Context, plan: Plan[ImageGenerationRequest]) -> Flow[ImageGenerationResponse]:
    """Makes the image of `plan` and emits its partial images.

    Raises:
        UnconfirmedGenerationError: the stream broke off before the result: it may have been billed.
        TarashError: no image was made.
    """
    images, mask = yield from fetch_inputs(context, plan.images, plan.mask, plan.row)
    provider = plan.open_provider()
    prepared = PreparedRequest(plan.model, plan.checked.request, context.request_id, plan.row, images, mask)

    def begin(left: float) -> Flow[tuple[Any, Any]]:
        stream = yield OpenStream(provider, Provider.stream_image, (prepared,), {"timeout": left})
        return stream, (yield Next(stream, left))

    yield context.emit("submitting")
    intent = yield from record_image_request(context, provider, prepared)
    try:
        stream, item = yield from send_creating(context, begin)
        answer = yield from _read_on(context, provider, stream, item)
        media, warnings = yield from images_of(context, provider, prepared.request.n, answer)
    except TarashError as error:
        yield from record_error(context, intent, error)
        raise
    yield from record_images(context, len(media), intent=intent)
    request = request_snapshot(prepared.request, images, mask)
    warnings = [*plan.notices, *plan.checked.warnings, *warnings]
    results = [ImageResult(answer, media, warnings)]
    return image_response(context, results, request, warnings, row=plan.priced, adjustments=plan.checked.adjustments)


def _read_on(context: Context, provider: Provider, stream: Any, item: Any) -> Flow[ImageAnswer]:
    """Emits partial images as they come, until the answer is there."""
    while not isinstance(item, ImageAnswer):
        if item is END:
            msg = "the stream ended without a result"
            raise unconfirmed(context, InvalidResponseError(msg, billable="unknown"))
        check_part(item, provider, "stream_image")
        try:
            image = yield from image_of(context, provider, item.output, [], image_limit(1))
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
    return checked_answer(item, provider, "stream_image")
