"""A job by itself: submitted, looked at, resumed and cancelled, each with one config, in any process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.errors import ConfigurationError, GenerationFailedError, TarashError, complete
from tarash.tarash_gateway.flows.commands import Call, Flow, Now
from tarash.tarash_gateway.flows.context import NO_SCOPE, CallScope, Context
from tarash.tarash_gateway.flows.observing import observe_job, observed, seen_call
from tarash.tarash_gateway.flows.plan import Plan
from tarash.tarash_gateway.flows.recording import note_end, note_job
from tarash.tarash_gateway.flows.retry import send_reading
from tarash.tarash_gateway.flows.validation import checked_status
from tarash.tarash_gateway.flows.video import download, merged, submit, video_response, wait
from tarash.tarash_gateway.media.saving import Exists
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.models.request import VideoGenerationRequest
from tarash.tarash_gateway.models.response import VideoGenerationResponse
from tarash.tarash_gateway.models.update import VideoGenerationUpdate
from tarash.tarash_gateway.plugins.provider import Provider, VideoStatus
from tarash.tarash_gateway.plugins.registry import same_name

ReturnT = TypeVar("ReturnT")


def check_home(config: GenerationConfig, job: VideoJob, provider: Provider) -> None:
    """Makes sure that the key of `config` goes nowhere but to the place that it is for.

    Raises:
        ConfigurationError: the job lives at another provider or another address.
    """
    if not _is_an_id(job.id):
        msg = "the job has no id that a vendor could know: give the job as submit_video or an error gave it"
        raise ConfigurationError(msg, provider=config.provider, model=job.model)
    if same_name(job.provider) != same_name(config.provider):
        msg = (
            f"job {job.id} lives at {job.provider}, the config is for {config.provider}; give the one that made the job"
        )
        raise ConfigurationError(msg, provider=config.provider, model=job.model, job=job)
    if job.endpoint.rstrip("/") != provider.endpoint.rstrip("/"):
        msg = (
            f"job {job.id} lives at {job.endpoint}, the config goes to {provider.endpoint}; "
            "give the config that made the job, since its key must go nowhere else"
        )
        raise ConfigurationError(msg, provider=config.provider, model=job.model, job=job)


LONGEST_ID = 2000
"""Characters of a vendor's id of a job."""


def _is_an_id(text: str) -> bool:
    return 0 < len(text) <= LONGEST_ID and text.isprintable()


def submit_call(context: Context, plan: Plan[VideoGenerationRequest]) -> Flow[VideoJob]:
    """Submits the job of `plan`, and returns as soon as the vendor has it."""
    status = yield from submit(context, plan, plan.open_provider())
    return status.job


def at_job(
    config: GenerationConfig,
    job: VideoJob,
    request_id: str,
    one: Callable[[Context], Flow[ReturnT]],
    scope: CallScope = NO_SCOPE,
) -> Flow[ReturnT]:
    """Runs `one` for a job; whatever goes wrong says which job it is."""
    started = yield Now()
    context = Context(config, job.model, request_id, started, started + config.timeout, scope.journal)
    try:
        if not scope.observed:
            return (yield from one(context))
        seen = yield from seen_call(context.known(), scope.operation, None, endpoint=job.endpoint, job=job)
        return (yield from observed(seen, one(replace(context, seen=seen))))
    except TarashError as error:
        complete(error, {**context.known(), "job": job})
        raise


def poll_call(context: Context, provider: Provider, job: VideoJob) -> Flow[VideoJob]:
    """Looks at a job with one request, without patience: that is the caller's."""
    status = yield Call(provider, "poll_video", (job,), {"timeout": context.left((yield Now()))})
    status = checked_status(status, provider, "poll_video")
    _log_warnings(context, status)
    return merged(job, status.job)


def cancel_call(context: Context, provider: Provider, job: VideoJob) -> Flow[VideoJob]:
    """Cancels a job with one request."""
    status = yield Call(provider, "cancel_video", (job,), {"timeout": context.left((yield Now()))})
    status = checked_status(status, provider, "cancel_video")
    _log_warnings(context, status)
    context.log(logging.INFO, "job %s was cancelled", job.id)
    seen = merged(job, status.job)
    if seen.status == "cancelled":
        yield from note_end(context, seen, GenerationFailedError("it was cancelled"))
    return seen


def _log_warnings(context: Context, status: VideoStatus) -> None:
    """What else the caller should know: a job has no place for it."""
    for warning in status.warnings:
        context.log(logging.WARNING, "%s", warning)


def resume_call(
    context: Context,
    provider: Provider,
    job: VideoJob,
    *,
    row: ModelRow | None,
    save_to: Path | None,
    exists: Exists,
) -> Flow[VideoGenerationResponse]:
    """Waits for a job and downloads its video. The job may be as old as it likes: it is looked at first."""
    yield from note_job(context, job)
    waiting = partial(VideoGenerationUpdate, job=job)
    seen: Any = yield from send_reading(context, Call(provider, "poll_video", (job,)), waiting=waiting)
    seen = checked_status(seen, provider, "poll_video")
    status = replace(seen, job=merged(job, seen.job))
    yield from observe_job(context, status.job, job)
    finished = yield from wait(context, provider, status)
    videos = yield from download(context, provider, finished.job, save_to, exists)
    return video_response(context, videos, row=row, finished=finished)
