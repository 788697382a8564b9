"""One video call with one config: submit, wait, download. Each step is a flow of its own, and a call is their sum."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.flows.call import call, call_job
from tarash.tarash_gateway.flows.commands import Blocking, Flow, Now, continue_with
from tarash.tarash_gateway.flows.context import Context, call_scope
from tarash.tarash_gateway.flows.download import download, existing_video
from tarash.tarash_gateway.flows.jobs import VIDEO, open_job, poll_again, prepare, priced_row, submit, wait
from tarash.tarash_gateway.flows.outputs import media_warnings
from tarash.tarash_gateway.flows.plan import Plan, checked_chain
from tarash.tarash_gateway.flows.recording import record_job, record_video
from tarash.tarash_gateway.media.base64 import without_media
from tarash.tarash_gateway.media.files import Exists, Target, as_place, check_place
from tarash.tarash_gateway.models.config import VideoGenerationConfig
from tarash.tarash_gateway.models.job import GenerationJob, VideoJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import VideoGenerationRequest
from tarash.tarash_gateway.models.response import Adjustment, CostSource, VideoGenerationResponse
from tarash.tarash_gateway.plugins.exchange import JobReport, VideoStatus
from tarash.tarash_gateway.plugins.provider import Provider


def video_flow(
    config: VideoGenerationConfig, request: VideoGenerationRequest, save_to: Target | None, exists: Exists
) -> Flow[VideoGenerationResponse]:
    """Makes a video with the first config of the chain that succeeds."""
    chain = checked_chain(config, request)
    place = as_place(save_to)
    scope = call_scope("generate")
    if place is not None and not (yield Blocking(check_place, place, exists)):
        first = next(plan for plan in chain if isinstance(plan, Plan))
        now = yield Now()
        context = Context(first.config, first.model, scope.request_id, now, now)
        return continue_with(existing_file_response(context, place))
    return continue_with(call(chain, partial(video_call, save_to=place, exists=exists), scope))


def resume_video_flow(
    config: VideoGenerationConfig, job: GenerationJob, save_to: Target | None, exists: Exists
) -> Flow[VideoGenerationResponse]:
    """Waits for a job and downloads its video."""
    provider, video_job = open_job(config, job, VIDEO)
    place = as_place(save_to)
    if place is not None and not (yield Blocking(check_place, place, exists)):
        steps = partial(existing_file_response, place=place, job=video_job)
    else:
        row = priced_row(config)
        steps = partial(resume_call, provider=provider, job=video_job, row=row, save_to=place, exists=exists)
    return continue_with(call_job(config, video_job, steps, call_scope("resume")))


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
    [prepared] = yield from prepare(context, plan)
    report = yield from submit(context, provider, VIDEO, prepared)
    warnings = [*plan.notices, *plan.checked.warnings, *report.warnings]
    finished = yield from wait(context, provider, replace(report, warnings=()))
    videos = yield from download(context, provider, finished.job, save_to, exists)
    return video_response(
        context, videos, finished, row=plan.priced, adjustments=plan.checked.adjustments, warnings=warnings
    )


def resume_call(
    context: Context,
    provider: Provider,
    job: VideoJob,
    *,
    row: ModelRow | None,
    save_to: Path | None,
    exists: Exists,
) -> Flow[VideoGenerationResponse]:
    """Waits for a job and downloads its video."""
    report = yield from poll_again(context, provider, job)
    finished = yield from wait(context, provider, report)
    videos = yield from download(context, provider, finished.job, save_to, exists)
    return video_response(context, videos, finished, row=row)


def existing_file_response(context: Context, place: Path, job: VideoJob | None = None) -> Flow[VideoGenerationResponse]:
    """Makes the response of a video that `exists="skip"` keeps, of a job where one is resumed. Nothing is sent.

    Raises:
        SaveError: what is there is not a whole video.
    """
    video: Media = yield Blocking(existing_video, place)
    if job is not None:
        yield from record_job(context, job)
        yield from record_video(context, job, video)
    yield context.emit("completed", job=job)
    finished = None if job is None else VideoStatus(job)
    return video_response(context, [video], finished, warnings=[f"{place} was already there; nothing was sent"])


def video_response(
    context: Context,
    videos: list[Media],
    finished: JobReport[VideoJob] | None = None,
    *,
    row: ModelRow | None = None,
    adjustments: list[Adjustment] | None = None,
    warnings: list[str] | None = None,
) -> VideoGenerationResponse:
    """Makes the response of a finished job; without one, of a file that was there."""
    first = videos[0]
    cost, cost_source = _cost(row, finished, first)
    return VideoGenerationResponse(
        videos=videos,
        duration_seconds=first.duration_seconds,
        size=f"{first.width}x{first.height}" if first.width and first.height else None,
        request_id=context.request_id,
        provider=context.config.provider,
        model=context.model,
        job=finished.job if finished else None,
        request=finished.job.request if finished else {},
        provider_request_id=finished.job.provider_request_id if finished else None,
        usage=finished.usage if finished else None,
        cost=cost,
        cost_source=cost_source,
        adjustments=adjustments or [],
        warnings=[*(warnings or []), *(finished.warnings if finished else ()), *_media_warnings(videos)],
        raw_response=without_media(finished.raw) if finished else None,
    )


def _media_warnings(videos: list[Media]) -> list[str]:
    names = ["the video"] if len(videos) == 1 else [f"video {at + 1} of {len(videos)}" for at in range(len(videos))]
    return [line for video, name in zip(videos, names, strict=True) for line in media_warnings(video, name)]


def _cost(
    row: ModelRow | None, finished: JobReport[VideoJob] | None, first: Media
) -> tuple[float | None, CostSource | None]:
    """Computes US dollars: what the vendor reports, else the price of the seconds; None where neither is known."""
    if finished is None:
        return None, None
    if finished.cost is not None:
        return finished.cost, "vendor"
    price = row.price if row is not None else None
    request: dict[str, Any] = finished.job.request
    size, tier, sound = f"{first.width}x{first.height}", request.get("resolution"), request.get("generate_audio")
    each = price.for_second(None if tier else size, tier, audio=sound) if price is not None else None
    if each is None or each[0] != each[1] or first.duration_seconds is None:
        return None, None
    return each[0] * round(first.duration_seconds) * finished.job.outputs, "computed"
