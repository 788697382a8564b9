"""Videos: submitted, waited for and downloaded in one call."""

from __future__ import annotations

import os
from pathlib import Path

from tarash.tarash_gateway.api.planning import around, checked_chain
from tarash.tarash_gateway.flows.commands import Call, Flow
from tarash.tarash_gateway.flows.context import Context, new_request_id
from tarash.tarash_gateway.flows.drivers import OnProgress, run, run_async
from tarash.tarash_gateway.flows.fallback import with_fallbacks
from tarash.tarash_gateway.flows.plan import Plan
from tarash.tarash_gateway.flows.video import already_there, video_call
from tarash.tarash_gateway.media import saving
from tarash.tarash_gateway.media.saving import Exists, as_place
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest, VideoGenerationResponse


def generate_video(
    config: VideoGenerationConfig,
    request: VideoGenerationRequest,
    *,
    on_progress: OnProgress | None = None,
    save_to: Path | str | os.PathLike[str] | None = None,
    exists: Exists = "error",
) -> VideoGenerationResponse:
    """Makes a video: submits a job, waits for it, downloads the clip.

    Args:
        config: who makes it, and how careful the call is.
        request: what is to be seen.
        on_progress: called with a `VideoGenerationUpdate` at each step; a plain or an async function. What it
            raises is logged and goes no further.
        save_to: a file that the clip is streamed to; it is never held in memory. Checked before anything is paid.
        exists: what becomes of a file that is already there: `error`, `replace`, or `skip`, which sends nothing and
            returns that file.

    Returns:
        The clip, checked to be whole, and the job that made it.

    Raises:
        ValidationError: the request cannot be right; nothing was sent.
        ConfigurationError: a key or an endpoint is missing; nothing was sent.
        SaveError: `save_to` cannot be written; nothing was sent.
        PluginError: the provider is not installed, or its plugin is broken.
        UnconfirmedGenerationError: the answer was lost; the video may have been billed.
        GenerationTimeoutError: the deadline passed; `error.job` is left running.
        TarashError: whatever else went wrong; see `tarash.tarash_gateway.errors`.
    """
    return run(_video_flow(config, request, save_to, exists), on_progress)


async def generate_video_async(
    config: VideoGenerationConfig,
    request: VideoGenerationRequest,
    *,
    on_progress: OnProgress | None = None,
    save_to: Path | str | os.PathLike[str] | None = None,
    exists: Exists = "error",
) -> VideoGenerationResponse:
    """The same as `generate_video`, to be awaited."""
    return await run_async(_video_flow(config, request, save_to, exists), on_progress)


def _video_flow(
    config: VideoGenerationConfig,
    request: VideoGenerationRequest,
    save_to: Path | str | os.PathLike[str] | None,
    exists: Exists,
) -> Flow[VideoGenerationResponse]:
    chain = checked_chain(config, request)
    first = next(plan for plan in chain if isinstance(plan, Plan))
    place = as_place(save_to)

    def one(context: Context, plan: Plan[VideoGenerationRequest]) -> Flow[VideoGenerationResponse]:
        return video_call(context, plan, place, exists)

    request_id = new_request_id()
    if place is not None and not (yield Call(saving, "check_place", (place, exists))):
        return (yield from already_there(place, request_id, first.config, first.model))
    response: VideoGenerationResponse = yield from with_fallbacks(chain, request_id, one, around("generate"))
    return response
