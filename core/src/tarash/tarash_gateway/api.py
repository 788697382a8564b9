"""The functions of the public face."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash.tarash_gateway.capabilities.cost import CostEstimate
from tarash.tarash_gateway.capabilities.lookup import find_row
from tarash.tarash_gateway.errors import TarashError, ValidationError
from tarash.tarash_gateway.flows.commands import Flow
from tarash.tarash_gateway.flows.context import Context, new_request_id
from tarash.tarash_gateway.flows.drivers import OnProgress, iterate, iterate_async, run, run_async
from tarash.tarash_gateway.flows.fallback import Skipped, with_fallbacks
from tarash.tarash_gateway.flows.image import image_call
from tarash.tarash_gateway.flows.jobs import at_job, cancel_call, check_home, poll_call, resume_call, submit_call
from tarash.tarash_gateway.flows.plan import Plan, make_plan, warn_of_lifecycle
from tarash.tarash_gateway.flows.stream import streamed
from tarash.tarash_gateway.flows.video import already_there, video_call
from tarash.tarash_gateway.media.saving import Exists, check_place
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    ImageGenerationUpdate,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
    VideoJob,
)
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.plugins.provider import Provider
from tarash.tarash_gateway.plugins.registry import PluginRegistry, Registration
from tarash.tarash_gateway.problems import Problem

RequestT = TypeVar("RequestT", ImageGenerationRequest, VideoGenerationRequest)

logger = logging.getLogger("tarash.calls")

registry = PluginRegistry()


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
    return iterate(streamed(_chain(config, request, stream=True), new_request_id()))


def stream_image_async(
    config: ImageGenerationConfig, request: ImageGenerationRequest
) -> AsyncIterator[ImageGenerationUpdate]:
    """The same as `stream_image`, for `async for`."""
    return iterate_async(streamed(_chain(config, request, stream=True), new_request_id()))


def submit_video(config: VideoGenerationConfig, request: VideoGenerationRequest) -> VideoJob:
    """Submits a video and returns as soon as the vendor has the job.

    Args:
        config: who makes it, and how careful the call is.
        request: what is to be seen.

    Returns:
        The job: plain JSON without a secret (`job.model_dump_json()`), which `resume_video` picks up in any process.

    Raises:
        ValidationError: the request cannot be right; nothing was sent.
        UnconfirmedGenerationError: the answer was lost; the video may have been billed.
        TarashError: whatever else went wrong.
    """
    job: VideoJob = run(with_fallbacks(_chain(config, request), new_request_id(), submit_call))
    return job


async def submit_video_async(config: VideoGenerationConfig, request: VideoGenerationRequest) -> VideoJob:
    """The same as `submit_video`, to be awaited."""
    job: VideoJob = await run_async(with_fallbacks(_chain(config, request), new_request_id(), submit_call))
    return job


def poll_video(config: VideoGenerationConfig, job: VideoJob) -> VideoJob:
    """Looks at a job with one request.

    Args:
        config: the config that made the job.
        job: the job, however old.

    Returns:
        The job as it is now.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        JobExpiredError: the vendor does not know it (any more).
        TarashError: whatever else went wrong; `error.job` is the job.
    """
    return run(_job_flow(config, job, poll_call))


async def poll_video_async(config: VideoGenerationConfig, job: VideoJob) -> VideoJob:
    """The same as `poll_video`, to be awaited."""
    return await run_async(_job_flow(config, job, poll_call))


def cancel_video(config: VideoGenerationConfig, job: VideoJob) -> VideoJob:
    """Cancels a job. What it has cost so far may still be billed.

    Args:
        config: the config that made the job.
        job: the job.

    Returns:
        The job as it is now.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        UnsupportedOperationError: the provider cannot cancel jobs.
        TarashError: whatever else went wrong; `error.job` is the job.
    """
    return run(_job_flow(config, job, cancel_call))


async def cancel_video_async(config: VideoGenerationConfig, job: VideoJob) -> VideoJob:
    """The same as `cancel_video`, to be awaited."""
    return await run_async(_job_flow(config, job, cancel_call))


def resume_video(
    config: VideoGenerationConfig,
    job: VideoJob,
    *,
    on_progress: OnProgress | None = None,
    save_to: Path | str | os.PathLike[str] | None = None,
    exists: Exists = "error",
) -> VideoGenerationResponse:
    """Waits for a job and downloads its video: one that was submitted here, elsewhere, or left behind by an error.

    Args:
        config: the config that made the job; its `timeout` counts from now.
        job: the job, however old: it is looked at first.
        on_progress: called with a `VideoGenerationUpdate` at each step.
        save_to: a file that the clip is streamed to.
        exists: what becomes of a file that is already there: `error`, `replace` or `skip`.

    Returns:
        The clip, checked to be whole, and the job. Nothing is made anew.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        SaveError: `save_to` cannot be written.
        GenerationTimeoutError: the deadline passed; the job is left running.
        TarashError: whatever else went wrong; `error.job` is the job.
    """
    return run(_resume_flow(config, job, save_to, exists), on_progress)


async def resume_video_async(
    config: VideoGenerationConfig,
    job: VideoJob,
    *,
    on_progress: OnProgress | None = None,
    save_to: Path | str | os.PathLike[str] | None = None,
    exists: Exists = "error",
) -> VideoGenerationResponse:
    """The same as `resume_video`, to be awaited."""
    return await run_async(_resume_flow(config, job, save_to, exists), on_progress)


def check_request(
    config: ImageGenerationConfig | VideoGenerationConfig,
    request: ImageGenerationRequest | VideoGenerationRequest,
) -> list[Problem]:
    """Every problem that would keep `request` from being sent with `config`; empty when it is fine. Nothing is sent.

    Raises:
        PluginError: the provider is not installed, or its plugin is broken.
    """
    return list(_plan(config, request).problems)


def estimate_cost(
    config: ImageGenerationConfig | VideoGenerationConfig, request: ImageGenerationRequest | VideoGenerationRequest
) -> CostEstimate | None:
    """What the call may cost, as a range with its basis; None where the price is not known. Nothing is sent.

    Raises:
        PluginError: the provider is not installed, or its plugin is broken.
    """
    return _plan(config, request).expected_cost()


def list_providers() -> list[str]:
    """The names of the providers that are installed, sorted. No plugin is imported."""
    return registry.names()


def list_models(
    provider: str | None = None,
    *,
    kind: Literal["image", "video"] | None = None,
    status: Literal["current", "deprecated", "retired"] | None = None,
) -> list[ImageModel | VideoModel]:
    """The capability rows of one provider, or of all; no SDK is imported.

    A broken plugin has no rows here when all are listed; asked for by name it raises.

    Args:
        provider: only this one's.
        kind: only `image` or only `video` models.
        status: only models that stand there in their life today.

    Raises:
        PluginError: `provider` is not installed, or its plugin is broken.
    """
    today = datetime.now(UTC).date()
    return [
        row
        for row in _rows(provider)
        if (kind is None or isinstance(row, ImageModel if kind == "image" else VideoModel))
        and (status is None or row.lifecycle.status_on(today) == status)
    ]


def _rows(provider: str | None) -> list[ImageModel | VideoModel]:
    if provider is not None:
        spec = registry.spec(provider)
        return [*spec.image_models, *spec.video_models]
    rows: list[ImageModel | VideoModel] = []
    for name in registry.names():
        try:
            rows += _rows(name)
        except TarashError as error:
            logger.warning("%s has no rows here: %s", name, error)
    return rows


def register_plugin(plugin: object, *, replace: bool = False) -> Registration:
    """Registers a plugin of this process, for tests and notebooks.

    Args:
        plugin: a module or an object whose functions are marked with `hookimpl`.
        replace: take the place of a provider of the same name.

    Returns:
        What unregisters it again: `registration.unregister()`, or `with register_plugin(plugin): …`.

    Raises:
        PluginConflictError: a provider of that name is there already.
        PluginLoadError: the plugin is broken.
        PluginApiVersionError: it was written for another version of the contract.
    """
    return registry.register(plugin, replace=replace)


def _image_flow(config: ImageGenerationConfig, request: ImageGenerationRequest) -> Flow[ImageGenerationResponse]:
    chain = _chain(config, request)
    return with_fallbacks(chain, new_request_id(), image_call)


def _video_flow(
    config: VideoGenerationConfig,
    request: VideoGenerationRequest,
    save_to: Path | str | os.PathLike[str] | None,
    exists: Exists,
) -> Flow[VideoGenerationResponse]:
    chain = _chain(config, request)
    first = next(plan for plan in chain if isinstance(plan, Plan))
    place = None if save_to is None else Path(save_to)

    def one(context: Context, plan: Plan[VideoGenerationRequest]) -> Flow[VideoGenerationResponse]:
        return video_call(context, plan, place, exists)

    request_id = new_request_id()
    if place is not None and not check_place(place, exists):
        return already_there(place, request_id, first.config, first.model)
    return with_fallbacks(chain, request_id, one)


def _job_flow(
    config: VideoGenerationConfig, job: VideoJob, one: Callable[[Context, Provider, VideoJob], Flow[VideoJob]]
) -> Flow[VideoJob]:
    provider = _provider_of(config, job)
    return at_job(config, job, new_request_id(), lambda context: one(context, provider, job))


def _resume_flow(
    config: VideoGenerationConfig,
    job: VideoJob,
    save_to: Path | str | os.PathLike[str] | None,
    exists: Exists,
) -> Flow[VideoGenerationResponse]:
    provider = _provider_of(config, job)
    row, _ = find_row(config, registry.spec(config.provider))
    place = None if save_to is None else Path(save_to)
    request_id = new_request_id()
    if place is not None and not check_place(place, exists):
        return already_there(place, request_id, config, job.model)
    return at_job(
        config,
        job,
        request_id,
        lambda context: resume_call(context, provider, job, row=row, save_to=place, exists=exists),
    )


def _provider_of(config: VideoGenerationConfig, job: VideoJob) -> Provider:
    if not isinstance(config, VideoGenerationConfig) or not isinstance(job, VideoJob):
        msg = (
            f"a VideoGenerationConfig and a VideoJob belong here, not {type(config).__name__} and {type(job).__name__}"
        )
        raise ValidationError(msg)
    provider = registry.create(config)
    check_home(config, job, provider)
    return provider


def _chain(config: GenerationConfig, request: Any, *, stream: bool = False) -> list[Plan[Any] | Skipped]:
    """Checks every config of the chain before anything is sent; the first one must be able to take the request."""
    first = _plan(config, request, stream=stream)
    first.refuse_problems()
    provider = first.open_provider()
    first.open_provider = lambda: provider
    chain: list[Plan[Any] | Skipped] = [first]
    for link in config.fallback_configs:
        try:
            plan = _plan(link, request, stream=stream)
            plan.refuse_problems()
            chain.append(plan)
        except TarashError as error:
            logger.warning("the fallback %s/%s is skipped: %s", link.provider, link.model, error)
            chain.append(Skipped(link.provider, link.model, error))
    for checked in chain:
        if isinstance(checked, Plan):
            warn_of_lifecycle(checked)
            for warning in checked.checked.warnings:
                logger.warning("%s: %s", checked.subject, warning)
    return chain


def _plan(config: Any, request: Any, *, stream: bool = False) -> Plan[Any]:
    for given, kinds in (
        (config, (ImageGenerationConfig, VideoGenerationConfig)),
        (request, (ImageGenerationRequest, VideoGenerationRequest)),
    ):
        if not isinstance(given, kinds):
            msg = (
                f"a {type(given).__name__} was given where one of {', '.join(kind.__name__ for kind in kinds)} belongs"
            )
            raise ValidationError(msg)
    if isinstance(config, ImageGenerationConfig) is not isinstance(request, ImageGenerationRequest):
        pair = f"{type(config).__name__} and {type(request).__name__}"
        msg = f"{pair} do not go together: use both of images or both of videos"
        raise ValidationError(msg)
    return make_plan(config, request, registry, stream=stream)
