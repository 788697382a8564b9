"""Videos: made in one call, or step by step, each step in any process."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from tarash.tarash_gateway.capabilities.lookup import find_row
from tarash.tarash_gateway.flows.call import call, call_job
from tarash.tarash_gateway.flows.commands import Blocking, Flow, Now, continue_with
from tarash.tarash_gateway.flows.context import Context, call_scope
from tarash.tarash_gateway.flows.driver import OnProgress, run, run_async
from tarash.tarash_gateway.flows.jobs import VIDEO, open_job, poll_or_cancel, recover_jobs, submit_flow
from tarash.tarash_gateway.flows.plan import Plan, checked_chain
from tarash.tarash_gateway.flows.video import (
    existing_file_response,
    resume_call,
    video_call,
)
from tarash.tarash_gateway.journal import Journal
from tarash.tarash_gateway.media.files import Exists, as_place, check_place
from tarash.tarash_gateway.models import (
    GenerationJob,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
    VideoJob,
)
from tarash.tarash_gateway.plugins._registry import registry

Target = Path | str | os.PathLike[str]
"""A file's place."""


def generate_video(
    config: VideoGenerationConfig,
    request: VideoGenerationRequest,
    *,
    on_progress: OnProgress | None = None,
    save_to: Target | None = None,
    exists: Exists = "error",
) -> VideoGenerationResponse:
    """Makes a video: submits a job, waits for it, downloads the video.

    Args:
        config: who makes it, and how careful the call is.
        request: what to make.
        on_progress: called with a `VideoGenerationUpdate` at each step; a plain or an async function. What it
            raises is logged and goes no further.
        save_to: a file that the video is streamed to; it is never held in memory. Checked before anything is paid.
        exists: what becomes of a file that is already there: `error`, `replace`, or `skip`, which sends nothing and
            returns that file.

    Returns:
        The video, checked to be whole, and the job that made it.

    Raises:
        ValidationError: the request cannot be right; nothing was sent.
        ConfigurationError: a key or an endpoint is missing; nothing was sent.
        SaveError: `save_to` cannot be written; nothing was sent.
        PluginError: the provider is not installed, or its plugin is broken.
        UnconfirmedGenerationError: the answer was lost; the video may have been billed.
        GenerationTimeoutError: the deadline passed; `error.job` is left running.
        TarashError: anything else; see `tarash.tarash_gateway.errors`.
    """
    return run(_video_flow(config, request, save_to, exists), on_progress)


async def generate_video_async(
    config: VideoGenerationConfig,
    request: VideoGenerationRequest,
    *,
    on_progress: OnProgress | None = None,
    save_to: Target | None = None,
    exists: Exists = "error",
) -> VideoGenerationResponse:
    """The same as `generate_video`, to be awaited."""
    return await run_async(_video_flow(config, request, save_to, exists), on_progress)


def submit_video(config: VideoGenerationConfig, request: VideoGenerationRequest) -> VideoJob:
    """Submits a video and returns as soon as the vendor has the job.

    Returns:
        The job: plain JSON without a secret (`job.model_dump_json()`), which `resume_video` picks up in any process.

    Raises:
        ValidationError: the request cannot be right; nothing was sent.
        UnconfirmedGenerationError: the answer was lost; the video may have been billed.
        TarashError: anything else.
    """
    return run(submit_flow(config, request, VIDEO))


async def submit_video_async(config: VideoGenerationConfig, request: VideoGenerationRequest) -> VideoJob:
    """The same as `submit_video`, to be awaited."""
    return await run_async(submit_flow(config, request, VIDEO))


def poll_video(config: VideoGenerationConfig, job: GenerationJob) -> VideoJob:
    """Polls a job, however old, with one request, and returns it as it is now.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        JobExpiredError: the vendor does not know it (any more).
        TarashError: anything else; `error.job` is the job.
    """
    return run(poll_or_cancel(config, job, VIDEO, "poll"))


async def poll_video_async(config: VideoGenerationConfig, job: GenerationJob) -> VideoJob:
    """The same as `poll_video`, to be awaited."""
    return await run_async(poll_or_cancel(config, job, VIDEO, "poll"))


def cancel_video(config: VideoGenerationConfig, job: GenerationJob) -> VideoJob:
    """Cancels a job, and returns it as it is now. What it has cost so far may still be billed.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        UnsupportedOperationError: the provider cannot cancel jobs.
        TarashError: anything else; `error.job` is the job.
    """
    return run(poll_or_cancel(config, job, VIDEO, "cancel"))


async def cancel_video_async(config: VideoGenerationConfig, job: GenerationJob) -> VideoJob:
    """The same as `cancel_video`, to be awaited."""
    return await run_async(poll_or_cancel(config, job, VIDEO, "cancel"))


def resume_video(
    config: VideoGenerationConfig,
    job: GenerationJob,
    *,
    on_progress: OnProgress | None = None,
    save_to: Target | None = None,
    exists: Exists = "error",
) -> VideoGenerationResponse:
    """Waits for a job and downloads its video: one that was submitted here, elsewhere, or left behind by an error.

    Args:
        config: the config that made the job; its `timeout` counts from now.
        job: the job, however old: it is polled first.
        on_progress: called with a `VideoGenerationUpdate` at each step.
        save_to: a file that the video is streamed to.
        exists: what becomes of a file that is already there: `error`, `replace` or `skip`.

    Returns:
        The video, checked to be whole, and the job. Nothing is made again.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        SaveError: `save_to` cannot be written.
        GenerationTimeoutError: the deadline passed; the job is left running.
        TarashError: anything else; `error.job` is the job.
    """
    return run(_resume_flow(config, job, save_to, exists), on_progress)


async def resume_video_async(
    config: VideoGenerationConfig,
    job: GenerationJob,
    *,
    on_progress: OnProgress | None = None,
    save_to: Target | None = None,
    exists: Exists = "error",
) -> VideoGenerationResponse:
    """The same as `resume_video`, to be awaited."""
    return await run_async(_resume_flow(config, job, save_to, exists), on_progress)


def recover_videos(config: VideoGenerationConfig, journal: Journal) -> list[VideoJob]:
    """Lists the jobs of a journal whose video was not fetched yet, those among them whose submit was never answered.

    An intent whose job is not known (the process was killed, the answer was lost) is looked up in the vendor's job
    list, where it has one, and what is found is written to the journal.

    Returns:
        The jobs at this config's provider and address, oldest first; each is one for `resume_video`.

    Raises:
        TarashError: the provider cannot be used.
    """
    return run(recover_jobs(config, journal, VIDEO))


async def recover_videos_async(config: VideoGenerationConfig, journal: Journal) -> list[VideoJob]:
    """The same as `recover_videos`, to be awaited."""
    return await run_async(recover_jobs(config, journal, VIDEO))


def _video_flow(
    config: VideoGenerationConfig,
    request: VideoGenerationRequest,
    save_to: Target | None,
    exists: Exists,
) -> Flow[VideoGenerationResponse]:
    chain = checked_chain(config, request)
    place = as_place(save_to)
    scope = call_scope("generate")
    if place is not None and not (yield Blocking(check_place, place, exists)):
        first = next(plan for plan in chain if isinstance(plan, Plan))
        now = yield Now()
        context = Context(first.config, first.model, scope.request_id, now, now)
        return continue_with(existing_file_response(context, place))
    return continue_with(call(chain, partial(video_call, save_to=place, exists=exists), scope))


def _resume_flow(
    config: VideoGenerationConfig, job: GenerationJob, save_to: Target | None, exists: Exists
) -> Flow[VideoGenerationResponse]:
    provider, video_job = open_job(config, job, VIDEO)
    row, own = find_row(config, registry.spec(config.provider))
    place = as_place(save_to)
    if place is not None and not (yield Blocking(check_place, place, exists)):
        steps = partial(existing_file_response, place=place, job=video_job)
    else:
        priced = row if own else None
        steps = partial(resume_call, provider=provider, job=video_job, row=priced, save_to=place, exists=exists)
    return continue_with(call_job(config, video_job, steps, call_scope("resume")))
