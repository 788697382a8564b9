"""A job: submitted, polled until it is finished, cancelled. Whatever goes wrong names the job, which is never lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from tarash.tarash_gateway.capabilities.lookup import find_row
from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.errors import (
    ConfigurationError,
    ContentPolicyError,
    GenerationFailedError,
    GenerationTimeoutError,
    JobExpiredError,
    PluginError,
    Problem,
    TarashError,
    ValidationError,
)
from tarash.tarash_gateway.flows.call import call, call_job
from tarash.tarash_gateway.flows.commands import Flow, Now, Observe, ProviderCall, Random, Sleep, Today, continue_with
from tarash.tarash_gateway.flows.context import Context, call_scope, new_request_id
from tarash.tarash_gateway.flows.inputs import fetch_inputs, shape_warnings
from tarash.tarash_gateway.flows.plan import Plan, checked_chain
from tarash.tarash_gateway.flows.recording import record, record_error, record_job, record_request, snapshot_of
from tarash.tarash_gateway.flows.recovery import claim, look_up, recover
from tarash.tarash_gateway.flows.retry import SHORTEST_PAUSE, pause_before, send_creating, send_reading
from tarash.tarash_gateway.flows.validation import check_new_job, checked_report
from tarash.tarash_gateway.journal import Journal
from tarash.tarash_gateway.media.base64 import without_media
from tarash.tarash_gateway.models.config import GenerationConfig, ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.models.job import GenerationJob, ImageJob, MediaKind, VideoJob
from tarash.tarash_gateway.models.request import GenerationRequest
from tarash.tarash_gateway.plugins._bridge import supports
from tarash.tarash_gateway.plugins._registry import normalize_name, registry
from tarash.tarash_gateway.plugins.exchange import (
    ImageStatus,
    JobReport,
    PreparedRequest,
    RequestControl,
    UnconfirmedSubmit,
    VideoStatus,
)
from tarash.tarash_gateway.plugins.provider import Provider

JobT = TypeVar("JobT", bound=GenerationJob)

LONGEST_ID = 2000
"""Characters of a vendor's id of a job."""


@dataclass(frozen=True, slots=True)
class JobKind(Generic[JobT]):
    """Image jobs or video jobs: their types, and the primitives of a provider that they are made of."""

    name: MediaKind
    config: type[GenerationConfig]
    job: type[JobT]
    report: type[Any]
    """What the primitives return."""

    submit: Callable[..., Any]
    poll: Callable[..., Any]
    cancel: Callable[..., Any]
    find: Callable[..., Any] | None = None

    @property
    def running(self) -> str:
        """What to do about a job that was left running."""
        return f"It was left running: resume_{self.name}(config, error.job) picks it up."


_IMAGE_CALLS = (Provider.submit_image, Provider.poll_image, Provider.cancel_image)
_VIDEO_CALLS = (Provider.submit_video, Provider.poll_video, Provider.cancel_video, Provider.find_video)
IMAGE = JobKind("image", ImageGenerationConfig, ImageJob, ImageStatus, *_IMAGE_CALLS)
VIDEO = JobKind("video", VideoGenerationConfig, VideoJob, VideoStatus, *_VIDEO_CALLS)


def kind_of(job: GenerationJob) -> JobKind[Any]:
    """Finds the kind of a job."""
    return IMAGE if isinstance(job, ImageJob) else VIDEO


def prepare(context: Context, plan: Plan[Any], *, in_one: bool = False) -> Flow[list[PreparedRequest[Any]]]:
    """Fetches the inputs of `plan` and returns its requests, ready to be sent; with `in_one`, a single one."""
    images, mask = yield from fetch_inputs(context, plan.images, plan.mask, plan.row)
    request, spec = plan.checked.request, plan.spec
    plan.checked.warnings.extend(shape_warnings(images, request.size, plan.row))
    yield context.emit("submitting")
    return [
        PreparedRequest(
            plan.model,
            request if request.n == n else request.model_copy(update={"n": n}),
            context.request_id,
            plan.row,
            images,
            mask,
            RequestControl(spec.name, spec.concurrency),
        )
        for n in ([request.n] if in_one else plan.checked.batches)
    ]


def submit_call(context: Context, plan: Plan[Any], kind: JobKind[JobT]) -> Flow[JobT]:
    """Submits the job of `plan`, and returns it as soon as the vendor has it."""
    requests = yield from prepare(context, plan)
    if len(requests) > 1:
        msg = f"{len(requests)} requests would be needed, and submit_{kind.name} returns one job: ask for fewer images"
        raise plan.refusal(Problem("n", msg, value=plan.checked.request.n))
    report: JobReport[JobT] = yield from submit(context, plan.open_provider(), kind, requests[0])
    return report.job


def submit(
    context: Context, provider: Provider, kind: JobKind[Any], prepared: PreparedRequest[Any]
) -> Flow[JobReport[Any]]:
    """Submits a job; from here on it has an id."""
    intent = yield from record_request(context, kind.name, provider, prepared)
    request = snapshot_of(prepared)
    lost = UnconfirmedSubmit(prepared.model, (yield Today()), request)

    def find() -> Flow[JobReport[Any] | None]:
        job = yield from look_up(context, provider, lost)
        return None if job is None else VideoStatus(job)

    look_it_up = find if kind.find is not None and supports(provider, kind.find) else None
    call = ProviderCall(provider, kind.submit, (prepared,))
    try:
        answer = yield from send_creating(context, call, look_it_up)
        report: JobReport[Any] = context.without_prompts(checked_report(answer, kind.report, call))
        check_new_job(context, report.job, call)
    except TarashError as error:
        yield from record_error(context, intent, error)
        raise
    job = report.job.model_copy(update={"request_id": context.request_id, "request": request})
    claim(job)
    context.log(logging.INFO, "job %s was submitted", job.id)
    try:
        yield from record_job(context, job, intent)
    except BaseException as error:  # broken off in the middle of writing it down
        attach_job(error, job, context)
        raise
    yield from observe_job(context, job)
    return replace(report, job=job)


def wait(context: Context, provider: Provider, report: JobReport[JobT]) -> Flow[JobReport[JobT]]:
    """Polls the job until it is finished. Whatever breaks this off leaves the job running and says which it is."""
    job, kind = report.job, kind_of(report.job)
    first = True
    try:
        submitted = yield Now()
        while True:
            # What a finished job is, the next step says.
            yield context.emit("in_progress" if job.finished else job.status, progress=job.progress, job=job)
            if job.finished:
                _raise_unless_completed(job, report)
                return report
            now = yield Now()
            left = context.deadline - now
            if left <= 2 * SHORTEST_PAUSE:
                word = f"{job.status} ({job.vendor_status!r})" if job.vendor_status else job.status
                msg = f"job {job.id} was still {word} after {context.config.timeout:g} s. {kind.running}"
                raise GenerationTimeoutError(msg)
            interval, chance = context.config.poll_interval, (yield Random())
            pause = pause_before(report, now - submitted, chance, interval=interval, first=first)
            yield Sleep(min(pause, left - SHORTEST_PAUSE))  # the last poll is in time
            first = False
            call = ProviderCall(provider, kind.poll, (job,))
            answer = yield from send_reading(context, call, job=job)
            report = context.without_prompts(checked_report(answer, kind.report, call))
            before, job = job, merge_job(job, report.job)
            yield from observe_job(context, job, before)
            report = replace(report, job=job)
            del before, answer, call  # ten thousand jobs may wait here: one of each is enough
    except (GenerationFailedError, ContentPolicyError, JobExpiredError) as error:
        attach_job(error, job, context)
        yield from record(context, "failed", result_of=job, error=error)
        raise
    except BaseException as error:
        attach_job(error, job, context)
        raise


def poll_call(context: Context, provider: Provider, job: JobT) -> Flow[JobT]:
    """Polls a job with one request, without patience: that is the caller's."""
    return (yield from _send_once(context, ProviderCall(provider, kind_of(job).poll, (job,)), job))


def cancel_call(context: Context, provider: Provider, job: JobT) -> Flow[JobT]:
    """Cancels a job with one request."""
    latest = yield from _send_once(context, ProviderCall(provider, kind_of(job).cancel, (job,)), job)
    context.log(logging.INFO, "job %s was cancelled", job.id)
    if latest.status == "cancelled":
        error = GenerationFailedError("it was cancelled")
        yield from record(context, "failed", result_of=latest, error=error)
    return latest


def _send_once(context: Context, call: ProviderCall, job: JobT) -> Flow[JobT]:
    answer = yield call.within(context.left((yield Now())))
    report: JobReport[JobT] = context.without_prompts(checked_report(answer, kind_of(job).report, call))
    for warning in report.warnings:  # a job has no place for it
        context.log(logging.WARNING, "%s", warning)
    return merge_job(job, report.job)


def poll_again(context: Context, provider: Provider, job: JobT) -> Flow[JobReport[JobT]]:
    """Resumes a job, however old: it is polled first."""
    kind = kind_of(job)
    yield from record_job(context, job)
    call = ProviderCall(provider, kind.poll, (job,))
    answer = yield from send_reading(context, call, job=job)
    report: JobReport[JobT] = context.without_prompts(checked_report(answer, kind.report, call))
    report = replace(report, job=merge_job(job, report.job))
    yield from observe_job(context, report.job, job)
    return report


def observe_job(context: Context, job: GenerationJob, before: GenerationJob | None = None) -> Flow[None]:
    """Notifies observers of a job that is new, or is not as it was `before`."""
    changed = before is None or (job.status, job.progress) != (before.status, before.progress)
    if context.call_context is not None and changed:
        yield Observe("tarash_job_updated", {"context": context.call_context, "job": job})


# What the functions of the face do with a job


def submit_flow(config: GenerationConfig, request: GenerationRequest, kind: JobKind[JobT]) -> Flow[JobT]:
    """Checks a request and submits its job."""
    yield from ()  # the check is a step of the flow: of a thousand calls that begin together, each waits for its turn
    flow: Flow[JobT] = call(checked_chain(config, request), partial(submit_call, kind=kind), call_scope("submit"))
    return continue_with(flow)


def poll_or_cancel(
    config: GenerationConfig, job: GenerationJob, kind: JobKind[JobT], operation: Literal["poll", "cancel"]
) -> Flow[JobT]:
    """Polls or cancels a job with one request."""
    provider, own_job = open_job(config, job, kind)
    steps = poll_call if operation == "poll" else cancel_call
    return call_job(config, own_job, lambda context: steps(context, provider, own_job), call_scope(operation))


def recover_jobs(config: GenerationConfig, journal: Journal, kind: JobKind[JobT]) -> Flow[list[JobT]]:
    """Lists the jobs of `journal` that belong to `config` and are not fetched yet.

    Raises:
        ValidationError: config and journal are not of these types.
    """
    if not isinstance(config, kind.config) or not isinstance(journal, Journal):
        types = f"{type(config).__name__} and {type(journal).__name__}"
        msg = f"{_with_article(kind.config)} and a Journal belong here, not {types}"
        raise ValidationError(msg)
    return recover(config, registry.create(config), journal, new_request_id(), kind.job)


def open_job(config: GenerationConfig, job: GenerationJob, kind: JobKind[JobT]) -> tuple[Provider, JobT]:
    """Makes the provider that a job lives at, and returns it with the job.

    Raises:
        ValidationError: config and job are not of this kind.
        ConfigurationError: the job lives at another provider or another address.
    """
    if not isinstance(config, kind.config) or not isinstance(job, kind.job):
        wanted = f"{_with_article(kind.config)} and {_with_article(kind.job)} belong here"
        msg = f"{wanted}, not {type(config).__name__} and {type(job).__name__}"
        raise ValidationError(msg)
    provider = registry.create(config)
    check_home(config, job, provider)
    return provider, job


def priced_row(config: GenerationConfig) -> ModelRow | None:
    """Returns the row whose price a resumed job has; None where only another model's row is known."""
    row, own = find_row(config, registry.spec(config.provider))
    return row if own else None


def _with_article(kind: type) -> str:
    return f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}"


def check_home(config: GenerationConfig, job: GenerationJob, provider: Provider) -> None:
    """Makes sure that the key of `config` goes nowhere but to the place that it is for.

    Raises:
        ConfigurationError: the job lives at another provider or another address.
    """
    if not 0 < len(job.id) <= LONGEST_ID or not job.id.isprintable():
        source = f"submit_{kind_of(job).name} or an error"
        msg = f"the job has no id that a vendor could know: give the job as {source} gave it"
        raise ConfigurationError(msg, provider=config.provider, model=job.model)
    if normalize_name(job.provider) != normalize_name(config.provider):
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


def merge_job(job: JobT, latest: GenerationJob) -> JobT:
    """Puts the latest answer over what is known and a vendor does not repeat."""
    changes = {name: getattr(latest, name) for name in latest.model_fields_set if name not in _KEPT}
    return job.model_copy(update=changes)


_KEPT = ("request", "request_id", "endpoint", "provider", "model", "id")


def _raise_unless_completed(job: GenerationJob, report: JobReport[Any]) -> None:
    if job.status == "completed":
        return
    raw = without_media(report.raw)
    if job.status == "expired":
        msg = f"job {job.id} expired: the vendor keeps its result no longer."
        raise JobExpiredError(msg, job=job, raw=raw)
    why = ": ".join(part for part in (job.error_code, job.error_message) if part) or "the vendor gives no reason"
    msg = f"job {job.id} was {job.status}: {why}" if job.status == "cancelled" else f"job {job.id} failed: {why}"
    raise GenerationFailedError(msg, code=job.error_code, job=job, raw=raw)


def attach_job(error: BaseException, job: GenerationJob, context: Context, *, resumable: bool = True) -> None:
    """Adds the job to whatever breaks a call off after the submit, and says how to resume it where that is possible."""
    if isinstance(error, TarashError):
        error.job = job if error.job is None else merge_job(job, error.job)
        kind = kind_of(job)
        if isinstance(error, GenerationTimeoutError) and f"resume_{kind.name}" not in error.message and resumable:
            error.message = f"{error.message.rstrip('.')}. {kind.running}"
            error.args = (error.message,)
        if error.billable == "no" or isinstance(error, (GenerationTimeoutError, PluginError)):
            error.billable = "yes" if job.status == "completed" else "unknown"
        if not resumable:
            error.add_note(f"job {job.id} exists at {job.provider}: nothing was sent again")
    elif not isinstance(error, GeneratorExit):
        fetch = f"; its {kind_of(job).name} can still be fetched" if resumable else ""
        error.add_note(f"job {job.id} at {job.provider} was left running{fetch}")
        with suppress(AttributeError):  # a foreign class may have no room for it
            error.job = job  # type: ignore[attr-defined]
        context.log(logging.INFO, "was broken off; job %s was left running", job.id)
