"""Videos: made in one call, or step by step, each step in any process."""

from __future__ import annotations

from tarash.tarash_gateway import flows
from tarash.tarash_gateway import journal as journals
from tarash.tarash_gateway.media.files import Exists, Target
from tarash.tarash_gateway.models import (
    GenerationJob,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
    VideoJob,
)
from tarash.tarash_gateway.models.update import OnProgress


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
    return flows.run(flows.video_flow(config, request, save_to, exists), on_progress)


async def generate_video_async(
    config: VideoGenerationConfig,
    request: VideoGenerationRequest,
    *,
    on_progress: OnProgress | None = None,
    save_to: Target | None = None,
    exists: Exists = "error",
) -> VideoGenerationResponse:
    """The same as `generate_video`, to be awaited."""
    return await flows.run_async(flows.video_flow(config, request, save_to, exists), on_progress)


def submit_video(config: VideoGenerationConfig, request: VideoGenerationRequest) -> VideoJob:
    """Submits a video and returns as soon as the vendor has the job.

    Returns:
        The job: plain JSON without a secret (`job.model_dump_json()`), which `resume_video` picks up in any process.

    Raises:
        ValidationError: the request cannot be right; nothing was sent.
        UnconfirmedGenerationError: the answer was lost; the video may have been billed.
        TarashError: anything else.
    """
    return flows.run(flows.submit_flow(config, request, flows.VIDEO))


async def submit_video_async(config: VideoGenerationConfig, request: VideoGenerationRequest) -> VideoJob:
    """The same as `submit_video`, to be awaited."""
    return await flows.run_async(flows.submit_flow(config, request, flows.VIDEO))


def poll_video(config: VideoGenerationConfig, job: GenerationJob) -> VideoJob:
    """Polls a job, however old, with one request, and returns it as it is now.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        JobExpiredError: the vendor does not know it (any more).
        TarashError: anything else; `error.job` is the job.
    """
    return flows.run(flows.poll_or_cancel(config, job, flows.VIDEO, "poll"))


async def poll_video_async(config: VideoGenerationConfig, job: GenerationJob) -> VideoJob:
    """The same as `poll_video`, to be awaited."""
    return await flows.run_async(flows.poll_or_cancel(config, job, flows.VIDEO, "poll"))


def cancel_video(config: VideoGenerationConfig, job: GenerationJob) -> VideoJob:
    """Cancels a job, and returns it as it is now. What it has cost so far may still be billed.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        UnsupportedOperationError: the provider cannot cancel jobs.
        TarashError: anything else; `error.job` is the job.
    """
    return flows.run(flows.poll_or_cancel(config, job, flows.VIDEO, "cancel"))


async def cancel_video_async(config: VideoGenerationConfig, job: GenerationJob) -> VideoJob:
    """The same as `cancel_video`, to be awaited."""
    return await flows.run_async(flows.poll_or_cancel(config, job, flows.VIDEO, "cancel"))


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
    return flows.run(flows.resume_video_flow(config, job, save_to, exists), on_progress)


async def resume_video_async(
    config: VideoGenerationConfig,
    job: GenerationJob,
    *,
    on_progress: OnProgress | None = None,
    save_to: Target | None = None,
    exists: Exists = "error",
) -> VideoGenerationResponse:
    """The same as `resume_video`, to be awaited."""
    return await flows.run_async(flows.resume_video_flow(config, job, save_to, exists), on_progress)


def recover_videos(config: VideoGenerationConfig, journal: journals.Journal) -> list[VideoJob]:
    """Lists the jobs of a journal whose video was not fetched yet, those among them whose submit was never answered.

    An intent whose job is not known (the process was killed, the answer was lost) is looked up in the vendor's job
    list, where it has one, and what is found is written to the journal.

    Returns:
        The jobs at this config's provider and address, oldest first; each is one for `resume_video`.

    Raises:
        TarashError: the provider cannot be used.
    """
    return flows.run(flows.recover_jobs(config, journal, flows.VIDEO))


async def recover_videos_async(config: VideoGenerationConfig, journal: journals.Journal) -> list[VideoJob]:
    """The same as `recover_videos`, to be awaited."""
    return await flows.run_async(flows.recover_jobs(config, journal, flows.VIDEO))
