"""Pictures: made, edited, streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from tarash.tarash_gateway.flows.call import call
from tarash.tarash_gateway.flows.commands import Flow, continue_with
from tarash.tarash_gateway.flows.context import call_scope
from tarash.tarash_gateway.flows.driver import OnProgress, iterate, iterate_async, run, run_async
from tarash.tarash_gateway.flows.image import image_call
from tarash.tarash_gateway.flows.plan import checked_chain
from tarash.tarash_gateway.flows.stream import stream_call
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    ImageGenerationUpdate,
)


def generate_image(
    config: ImageGenerationConfig, request: ImageGenerationRequest, *, on_progress: OnProgress | None = None
) -> ImageGenerationResponse:
    """Makes pictures, or edits them where `request.image_list` is given.

    Args:
        config: who makes them, and how careful the call is.
        request: what is to be seen.
        on_progress: called with an `ImageGenerationUpdate` at each step; a plain or an async function. What it
            raises is logged and goes no further.

    Returns:
        At least one picture, each checked to be whole.

    Raises:
        ValidationError: the request cannot be right; nothing was sent.
        ConfigurationError: a key or an endpoint is missing; nothing was sent.
        PluginError: the provider is not installed, or its plugin is broken.
        UnconfirmedGenerationError: the answer was lost; the picture may have been billed.
        TarashError: whatever else went wrong; see `tarash.tarash_gateway.errors`.
    """
    return run(_image_flow(config, request), on_progress)


async def generate_image_async(
    config: ImageGenerationConfig, request: ImageGenerationRequest, *, on_progress: OnProgress | None = None
) -> ImageGenerationResponse:
    """The same as `generate_image`, to be awaited."""
    return await run_async(_image_flow(config, request), on_progress)


def stream_image(config: ImageGenerationConfig, request: ImageGenerationRequest) -> Iterator[ImageGenerationUpdate]:
    """Makes a picture and gives its partial pictures as they come.

    The request is checked when this is called and sent when the first update is asked for. Leaving the loop early
    closes the connection; what the vendor has begun may still be billed.

    Args:
        config: who makes it, and how careful the call is.
        request: what is to be seen; `extra_params["partial_images"]` says how many partial pictures, where the vendor
            has that parameter.

    Returns:
        Updates: with the status `partial` and an `image`, and at last `completed` with the `response`.

    Raises:
        ValidationError: the request cannot be right, or the model does not stream; nothing was sent.
        TarashError: as `generate_image`.
    """
    return iterate(_stream_flow(config, request))


def stream_image_async(
    config: ImageGenerationConfig, request: ImageGenerationRequest
) -> AsyncIterator[ImageGenerationUpdate]:
    """The same as `stream_image`, for `async for`."""
    return iterate_async(_stream_flow(config, request))


def _image_flow(config: ImageGenerationConfig, request: ImageGenerationRequest) -> Flow[ImageGenerationResponse]:
    yield from ()  # the check is a step of the flow: of a thousand calls that begin together, each waits for its turn
    return continue_with(call(checked_chain(config, request), image_call, call_scope("generate")))


def _stream_flow(config: ImageGenerationConfig, request: ImageGenerationRequest) -> Flow[ImageGenerationResponse]:
    return call(checked_chain(config, request, stream=True), stream_call, call_scope("stream"))
