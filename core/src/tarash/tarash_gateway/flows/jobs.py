"""A job: submitted, polled until it is finished, cancelled. Whatever goes wrong names the job, which is never lost."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace

from tarash.tarash_gateway.errors import (
    ConfigurationError,
    ContentPolicyError,
    GenerationFailedError,
    GenerationTimeoutError,
    JobExpiredError,
    PluginError,
    TarashError,
)
from tarash.tarash_gateway.flows.commands import Emit, Flow, Now, Observe, ProviderCall, Random, Sleep, Today
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.inputs import fetch_inputs
from tarash.tarash_gateway.flows.plan import Plan
from tarash.tarash_gateway.flows.polling import SHORTEST_WAIT, pause_before
from tarash.tarash_gateway.flows.recording import (
    record_error,
    record_failed_job,
    record_job,
    record_request,
    request_snapshot,
)
from tarash.tarash_gateway.flows.recovery import claim, look_up
from tarash.tarash_gateway.flows.retry import send_creating, send_reading
from tarash.tarash_gateway.flows.validation import check_new_job, checked_status
from tarash.tarash_gateway.media.decoding import without_media
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.models.request import VideoGenerationRequest
from tarash.tarash_gateway.plugins.bridge import supports
from tarash.tarash_gateway.plugins.provider import (
    InputFile,
    PreparedRequest,
    Provider,
    UnconfirmedSubmit,
    VideoStatus,
)
from tarash.tarash_gateway.plugins.registry import same_name

RUNNING = "It was left running: resume_video(config, error.job) picks it up."

LONGEST_ID = 2000
"""Characters of a vendor's id of a job."""


def submit(context: Context, plan: Plan[VideoGenerationRequest], provider: Provider) -> Flow[VideoStatus]:
    """Submits the job; from here on it has an id."""
    images, _ = yield from fetch_inputs(context, plan.images, None, plan.row)
    plan.checked.warnings.extend(_shape_warnings(plan, images))
    prepared = PreparedRequest(plan.model, plan.checked.request, context.request_id, plan.row, images)
    request = request_snapshot(plan.checked.request, images)
    yield Emit(context.update((yield Now()), "submitting"))
    intent = yield from record_request(context, "video", provider.endpoint, request)
    lost = UnconfirmedSubmit(plan.model, (yield Today()), request)

    def find() -> Flow[VideoStatus | None]:
        job = yield from look_up(context, provider, lost)
        return None if job is None else VideoStatus(job)

    look_it_up = find if supports(provider, Provider.find_video) else None
    call = ProviderCall(provider, Provider.submit_video, (prepared,))
    try:
        answer = yield from send_creating(context, call, look_it_up)
        status = checked_status(answer, provider, "submit_video")
        check_new_job(context, status, provider)
        plan.checked.warnings.extend(status.warnings)
    except TarashError as error:
        yield from record_error(context, intent, error)
        raise
    job = status.job.model_copy(update={"request_id": context.request_id, "asked": request})
    claim(job)
    context.log(logging.INFO, "job %s was submitted", job.id)
    try:
        yield from record_job(context, job, intent)
    except BaseException as error:  # broken off in the middle of writing it down
        attach_job(error, job, context)
        raise
    yield from observe_job(context, job)
    return replace(status, job=job)


def wait(context: Context, provider: Provider, status: VideoStatus) -> Flow[VideoStatus]:
    """Polls the job until it is finished. Whatever breaks this off leaves the job running and says which it is."""
    job = status.job
    first = True
    try:
        submitted = yield Now()
        while True:
            # A finished job is told by what happens next.
            status_word = "in_progress" if job.finished else job.status
            yield Emit(context.update((yield Now()), status_word, progress=job.progress, job=job))
            if job.finished:
                _raise_unless_completed(job, status)
                return status
            now = yield Now()
            left = context.deadline - now
            if left <= 2 * SHORTEST_WAIT:
                word = f"{job.status} ({job.vendor_status!r})" if job.vendor_status else job.status
                msg = f"job {job.id} was still {word} after {context.config.timeout:g} s. {RUNNING}"
                raise GenerationTimeoutError(msg)
            interval, chance = context.config.poll_interval, (yield Random())
            pause = pause_before(status, now - submitted, chance, interval=interval, first=first)
            yield Sleep(min(pause, left - SHORTEST_WAIT))  # the last look is in time
            first = False
            answer = yield from send_reading(context, ProviderCall(provider, Provider.poll_video, (job,)), job=job)
            status = checked_status(answer, provider, "poll_video")
            before, job = job, merge_job(job, status.job)
            yield from observe_job(context, job, before)
            status = replace(status, job=job)
            del before, answer  # ten thousand jobs may wait here: one of each is enough
    except (GenerationFailedError, ContentPolicyError, JobExpiredError) as error:
        attach_job(error, job, context)
        yield from record_failed_job(context, job, error)
        raise
    except BaseException as error:
        attach_job(error, job, context)
        raise


def poll_call(context: Context, provider: Provider, job: VideoJob) -> Flow[VideoJob]:
    """Polls a job with one request, without patience: that is the caller's."""
    call = ProviderCall(provider, Provider.poll_video, (job,))
    status = checked_status((yield call.within(context.left((yield Now())))), provider, call.name)
    _log_warnings(context, status)
    return merge_job(job, status.job)


def cancel_call(context: Context, provider: Provider, job: VideoJob) -> Flow[VideoJob]:
    """Cancels a job with one request."""
    call = ProviderCall(provider, Provider.cancel_video, (job,))
    status = checked_status((yield call.within(context.left((yield Now())))), provider, call.name)
    _log_warnings(context, status)
    context.log(logging.INFO, "job %s was cancelled", job.id)
    latest = merge_job(job, status.job)
    if latest.status == "cancelled":
        yield from record_failed_job(context, latest, GenerationFailedError("it was cancelled"))
    return latest


def _log_warnings(context: Context, status: VideoStatus) -> None:
    """What else the caller should know: a job has no place for it."""
    for warning in status.warnings:
        context.log(logging.WARNING, "%s", warning)


def observe_job(context: Context, job: VideoJob, before: VideoJob | None = None) -> Flow[None]:
    """Tells observers of a job that is new, or is not as it was `before`."""
    changed = before is None or (job.status, job.progress) != (before.status, before.progress)
    if context.call_context is not None and changed:
        yield Observe("tarash_job_updated", {"context": context.call_context, "job": job})


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


def _is_an_id(text: str) -> bool:
    return 0 < len(text) <= LONGEST_ID and text.isprintable()


def merge_job(job: VideoJob, latest: VideoJob) -> VideoJob:
    """Puts the latest answer over what is known and a vendor does not repeat."""
    changes = {name: getattr(latest, name) for name in latest.model_fields_set if name not in _KEPT}
    return job.model_copy(update=changes)


_KEPT = ("asked", "request_id", "endpoint", "provider", "model", "id")


def _raise_unless_completed(job: VideoJob, status: VideoStatus) -> None:
    if job.status == "completed":
        return
    raw = without_media(status.raw)
    if job.status == "expired":
        msg = f"job {job.id} expired: the vendor keeps its result no longer."
        raise JobExpiredError(msg, job=job, raw=raw)
    why = ": ".join(part for part in (job.error_code, job.error_message) if part) or "the vendor gives no reason"
    msg = f"job {job.id} was {job.status}: {why}" if job.status == "cancelled" else f"job {job.id} failed: {why}"
    raise GenerationFailedError(msg, code=job.error_code, job=job, raw=raw)


def attach_job(error: BaseException, job: VideoJob, context: Context) -> None:
    """Adds the job to whatever breaks a call off after the submit, and says how to resume it."""
    if isinstance(error, TarashError):
        error.job = job if error.job is None else merge_job(job, error.job)
        if isinstance(error, GenerationTimeoutError) and "resume_video" not in error.message:
            error.message = f"{error.message.rstrip('.')}. {RUNNING}"
            error.args = (error.message,)
        if error.billable == "no" or isinstance(error, (GenerationTimeoutError, PluginError)):
            error.billable = "yes" if job.status == "completed" else "unknown"
    elif not isinstance(error, GeneratorExit):
        error.add_note(f"job {job.id} at {job.provider} was left running; its video can still be fetched")
        with suppress(AttributeError):  # a foreign class may have no room for it
            error.job = job  # type: ignore[attr-defined]
        context.log(logging.INFO, "was broken off; job %s was left running", job.id)


def _shape_warnings(plan: Plan[VideoGenerationRequest], images: tuple[InputFile, ...]) -> list[str]:
    """Tells of an input image whose size is not the video's, where the model wants them equal."""
    size = plan.checked.request.size
    if size is None or not getattr(plan.row, "input_match_size", False):
        return []
    return [
        f"image_list.{at}: the image has {file.width}x{file.height} pixels, not the video's {size}; it may be refused"
        for at, file in enumerate(images)
        if file.width and f"{file.width}x{file.height}" != size
    ]
