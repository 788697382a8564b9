"""One video call with one config: submit, wait, download. Each step is a flow of its own, and a call is their sum."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.errors import (
    ConnectionFailedError,
    ContentPolicyError,
    DownloadError,
    GenerationFailedError,
    GenerationTimeoutError,
    InvalidResponseError,
    JobExpiredError,
    PluginError,
    ProviderUnavailableError,
    RateLimitError,
    TarashError,
)
from tarash.tarash_gateway.flows import sinks
from tarash.tarash_gateway.flows.commands import Call, Emit, Flow, Now, Random, Sleep, Today
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.inputs import resolve_inputs
from tarash.tarash_gateway.flows.lookup import claim, look_up, reserve
from tarash.tarash_gateway.flows.observing import observe_job
from tarash.tarash_gateway.flows.plan import Plan
from tarash.tarash_gateway.flows.polling import SHORTEST_WAIT, pause_before
from tarash.tarash_gateway.flows.recording import intend, note_end, note_job, note_outcome, note_video, request_snapshot
from tarash.tarash_gateway.flows.retry import FIRST_DELAY, send_creating, send_reading
from tarash.tarash_gateway.flows.sinks import FileSink, MediaSink, MemorySink
from tarash.tarash_gateway.flows.validation import check_new_job, checked_status
from tarash.tarash_gateway.media.decoding import without_media
from tarash.tarash_gateway.media.saving import Exists
from tarash.tarash_gateway.media.structure import BrokenMediaError
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import VideoGenerationRequest
from tarash.tarash_gateway.models.response import VideoGenerationResponse
from tarash.tarash_gateway.models.update import VideoGenerationUpdate
from tarash.tarash_gateway.plugins.bridge import supports
from tarash.tarash_gateway.plugins.provider import InputFile, PreparedRequest, Provider, UnconfirmedSubmit, VideoStatus

DOWNLOAD_TRIES = 5

RESUME = "It costs nothing to fetch it again: resume_video(config, error.job)."
RUNNING = "It was left running: resume_video(config, error.job) picks it up."


def video_call(
    context: Context,
    plan: Plan[VideoGenerationRequest],
    save_to: Path | None = None,
    exists: Exists = "error",
) -> Flow[VideoGenerationResponse]:
    """Makes the video of `plan` and downloads it.

    Raises:
        TarashError: there is no video; `error.job` is the job, where one exists.
    """
    provider = plan.open_provider()
    finished = yield from wait(context, provider, (yield from submit(context, plan, provider)))
    videos = yield from download(context, provider, finished.job, save_to, exists)
    warnings = [*plan.notices, *plan.checked.warnings]
    told: dict[str, Any] = {"adjustments": plan.checked.adjustments, "warnings": warnings}
    return video_response(context, videos, row=plan.priced, finished=finished, **told)


def already_there(place: Path, request_id: str, config: GenerationConfig, model: str) -> Flow[VideoGenerationResponse]:
    """The clip that `exists="skip"` keeps: nothing is sent and nothing is paid.

    Raises:
        SaveError: what is there is not a whole clip.
    """
    now = yield Now()
    return (yield from kept(Context(config, model, request_id, now, now), place))


def kept(context: Context, place: Path, job: VideoJob | None = None) -> Flow[VideoGenerationResponse]:
    """The response of a clip that is there already, of a job where one is resumed.

    Raises:
        SaveError: what is there is not a whole clip.
    """
    clip: Media = yield Call(sinks, "clip_at", (place,))
    if job is not None:
        yield from note_job(context, job)
        yield from note_video(context, job, clip)
    yield Emit(_update(context, (yield Now()), status="completed", job=job))
    known: dict[str, Any] = {} if job is None else {"job": job, "asked": job.asked}
    return video_response(context, [clip], warnings=[f"{place} was already there; nothing was sent"], **known)


def submit(context: Context, plan: Plan[VideoGenerationRequest], provider: Provider) -> Flow[VideoStatus]:
    """Submits the job; from here on it has an id."""
    images, _ = yield from resolve_inputs(context, plan)
    plan.checked.warnings.extend(_shape_warnings(plan, images))
    prepared = PreparedRequest(plan.model, plan.checked.request, context.request_id, plan.row, images)

    def send(left: float) -> Flow[VideoStatus]:
        options = {"timeout": left - reserve(provider, left)}
        status: VideoStatus = yield Call(provider, "submit_video", (prepared,), options)
        return status

    def found() -> Flow[VideoStatus | None]:
        job = yield from look_up(context, provider, lost)
        return None if job is None else VideoStatus(job)

    asked = request_snapshot(plan.checked.request, images)
    yield Emit(_update(context, (yield Now()), status="submitting"))
    intent = yield from intend(context, "video", provider.endpoint, asked)
    lost = UnconfirmedSubmit(plan.model, (yield Today()), asked)
    try:
        look_it_up = found if supports(provider, "find_video") else None
        status: VideoStatus = yield from send_creating(context, send, VideoGenerationUpdate, look_it_up)
        status = checked_status(status, provider, "submit_video")
        check_new_job(context, status, provider)
        plan.checked.warnings.extend(status.warnings)
    except TarashError as error:
        yield from note_outcome(context, intent, error)
        raise
    job = status.job.model_copy(update={"request_id": context.request_id, "asked": asked})
    claim(job)
    context.log(logging.INFO, "job %s was submitted", job.id)
    try:
        yield from note_job(context, job, intent)
    except BaseException as error:  # broken off in the middle of writing it down
        _attach(error, job, context)
        raise
    yield from observe_job(context, job)
    return replace(status, job=job)


def wait(context: Context, provider: Provider, status: VideoStatus) -> Flow[VideoStatus]:
    """Looks at the job until it is finished. Whatever breaks this off leaves the job running and says which it is."""
    job = status.job
    first = True
    try:
        submitted = yield Now()
        while True:
            yield Emit(_update(context, (yield Now()), status=_told(job), progress=job.progress, job=job))
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
            status = yield from send_reading(
                context, Call(provider, "poll_video", (job,)), waiting=partial(VideoGenerationUpdate, job=job)
            )
            status = checked_status(status, provider, "poll_video")
            before, job = job, merged(job, status.job)
            yield from observe_job(context, job, before)
            status = replace(status, job=job)
            del before  # ten thousand jobs may wait here: one of each is enough
    except (GenerationFailedError, ContentPolicyError, JobExpiredError) as error:
        _attach(error, job, context)
        yield from note_end(context, job, error)
        raise
    except BaseException as error:
        _attach(error, job, context)
        raise


def download(
    context: Context, provider: Provider, job: VideoJob, save_to: Path | None = None, exists: Exists = "error"
) -> Flow[list[Media]]:
    """Fetches the videos of a finished job. A failure costs nothing: the job keeps them until it expires."""
    try:
        yield Emit(_update(context, (yield Now()), status="downloading", progress=job.progress, job=job))
        videos = []
        for index in range(job.outputs):
            video = yield from _one(context, provider, job, _sink(save_to, exists, index), index)
            videos.append(video)
            yield from note_video(context, job, video)
        yield Emit(_update(context, (yield Now()), status="completed", progress=100.0, job=job))
    except JobExpiredError as error:
        _attach(error, job, context)
        yield from note_end(context, job, error)
        raise
    except BaseException as error:
        _attach(error, job, context)
        raise
    return videos


def _sink(save_to: Path | None, exists: Exists, index: int) -> MediaSink:
    return MemorySink() if save_to is None else FileSink(_numbered(save_to, index), exists)


def _one(context: Context, provider: Provider, job: VideoJob, sink: MediaSink, index: int) -> Flow[Media]:
    """One video into a sink, which is opened first and closed where it comes to nothing; no event loop waits for it."""
    try:
        yield Call(sink, "open")
        return (yield from _into(context, provider, job, sink, index))
    except GeneratorExit:  # nobody answers a command any more
        sink.close()
        raise
    except BaseException:
        yield Call(sink, "close")
        raise


def _into(context: Context, provider: Provider, job: VideoJob, sink: MediaSink, index: int) -> Flow[Media]:
    """One video into one sink: continued where it was cut, begun anew once where it is not a whole clip."""
    broken: Exception | None = None
    for tries in range(DOWNLOAD_TRIES):
        if tries:
            yield Sleep(min(FIRST_DELAY * 2.0 ** (tries - 1), max(context.deadline - (yield Now()), 0.0)))
        call = Call(provider, "download_video", (job, sink), {"index": index})
        try:
            waiting = partial(VideoGenerationUpdate, job=job)
            yield from send_reading(context, call, most=DOWNLOAD_TRIES, waiting=waiting)
        except TarashError as error:
            told = _not_fetched(job, error)
            if told is error:
                raise
            raise told from error
        if sink.closed:
            name = f"{type(provider).__name__}.download_video"
            msg = f"{name} closed what it was to write to. This is a defect of the plugin."
            raise PluginError(msg, billable="yes")
        # Hashing and syncing 200 MB takes a second, which no event loop should stand still for.
        found: Media | DownloadError | BrokenMediaError = yield Call(sink, "finish")
        if isinstance(found, Media):
            return found
        if isinstance(found, BrokenMediaError):
            if isinstance(broken, BrokenMediaError):
                break
            sink.restart()
        broken = found
        context.log(logging.WARNING, "the download of job %s is not whole (%s), it goes on", job.id, broken)
    kind = f" ({sink.content_type})" if sink.content_type else ""
    msg = f"what came for job {job.id} is not a whole clip{kind}: {broken}. {RESUME}"
    raise DownloadError(msg) from broken


def _not_fetched(job: VideoJob, error: TarashError) -> TarashError:
    """What ended the tries to fetch a clip: the clip is there all the same, unless the vendor says that it is not."""
    passed = isinstance(error, GenerationTimeoutError) and error.__cause__ is not None
    if not passed and not isinstance(error, _PASSING):
        return error
    msg = f"the video of job {job.id} could not be fetched: {str(error).rstrip('.')}. {RESUME}"
    return DownloadError(msg, status_code=error.status_code, code=error.code, raw=error.raw, retryable=True)


_PASSING = (ConnectionFailedError, DownloadError, InvalidResponseError, ProviderUnavailableError, RateLimitError)
"""What a download may run into that says nothing of the clip."""


def _told(job: VideoJob) -> Any:
    """The status for an update; a finished job is told by what happens next."""
    return "in_progress" if job.finished else job.status


def merged(known: VideoJob, seen: VideoJob) -> VideoJob:
    """What was seen last, over what is known and a vendor does not repeat."""
    news = {name: getattr(seen, name) for name in seen.model_fields_set if name not in _KEPT}
    return known.model_copy(update=news)


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


def _attach(error: BaseException, job: VideoJob, context: Context) -> None:
    """Whatever breaks a call off after the submit says which job is there to be resumed."""
    if isinstance(error, TarashError):
        error.job = job if error.job is None else merged(job, error.job)
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


def _numbered(path: Path, index: int) -> Path:
    return path if index == 0 else path.with_stem(f"{path.stem}-{index + 1}")


def _update(context: Context, now: float, **known: Any) -> VideoGenerationUpdate:
    return VideoGenerationUpdate(elapsed_seconds=now - context.started, **context.known(), **known)


def video_response(
    context: Context,
    videos: list[Media],
    *,
    row: ModelRow | None = None,
    finished: VideoStatus | None = None,
    **told: Any,
) -> VideoGenerationResponse:
    """The response of a finished job; without one, of a file that was there."""
    first = videos[0]
    known = dict(told)
    if finished is not None:
        known |= {
            "job": finished.job,
            "asked": finished.job.asked,
            "provider_request_id": finished.job.provider_request_id,
            "usage": finished.usage,
            **_cost(row, finished, first),
            "raw_response": without_media(finished.raw),
            "warnings": [*told.get("warnings", ()), *finished.warnings],
        }
    return VideoGenerationResponse(
        videos=videos,
        duration_seconds=first.duration_seconds,
        size=f"{first.width}x{first.height}" if first.width and first.height else None,
        **context.known(),
        **known,
    )


def _cost(row: ModelRow | None, finished: VideoStatus, first: Media) -> dict[str, Any]:
    """US dollars as the vendor tells, else by the price of a second; nothing where neither is known."""
    if finished.cost is not None:
        return {"cost": finished.cost, "cost_source": "vendor"}
    price = row.price if row is not None else None
    asked = finished.job.asked
    size, tier, sound = f"{first.width}x{first.height}", asked.get("resolution"), asked.get("generate_audio")
    each = price.for_second(None if tier else size, tier, audio=sound) if price is not None else None
    if each is None or each[0] != each[1] or first.duration_seconds is None:
        return {}
    return {"cost": each[0] * round(first.duration_seconds) * finished.job.outputs, "cost_source": "computed"}
