"""Images: made, edited and streamed; and step by step, where a vendor's images are jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from tarash.tarash_gateway import flows
from tarash.tarash_gateway import journal as journals
from tarash.tarash_gateway.models import (
    GenerationJob,
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    ImageGenerationUpdate,
    ImageJob,
)
from tarash.tarash_gateway.models.update import OnProgress


def generate_image(
    config: ImageGenerationConfig, request: ImageGenerationRequest, *, on_progress: OnProgress | None = None
) -> ImageGenerationResponse:
    """Makes images, or edits them where `request.image_list` is given.

    Args:
        config: who makes them, and how careful the call is.
        request: what to make.
        on_progress: called with an `ImageGenerationUpdate` at each step; a plain or an async function. What it
            raises is logged and goes no further.

    Returns:
        At least one image, each checked to be whole.

    Raises:
        ValidationError: the request cannot be right; nothing was sent.
        ConfigurationError: a key or an endpoint is missing; nothing was sent.
        PluginError: the provider is not installed, or its plugin is broken.
        UnconfirmedGenerationError: the answer was lost; the image may have been billed.
        TarashError: anything else; see `tarash.tarash_gateway.errors`.
    """
    return flows.run(flows.image_flow(config, request), on_progress)


async def generate_image_async(
    config: ImageGenerationConfig, request: ImageGenerationRequest, *, on_progress: OnProgress | None = None
) -> ImageGenerationResponse:
    """The same as `generate_image`, to be awaited."""
    return await flows.run_async(flows.image_flow(config, request), on_progress)


def stream_image(config: ImageGenerationConfig, request: ImageGenerationRequest) -> Iterator[ImageGenerationUpdate]:
    """Makes an image and yields its partial images as they come.

    The request is checked when this is called and sent when the first update is asked for. Leaving the loop early
    closes the connection; what the vendor has begun may still be billed.

    Args:
        config: who makes it, and how careful the call is.
        request: what to make; `extra_params["partial_images"]` says how many partial images, where the vendor
            has that parameter.

    Returns:
        Updates: with the status `partial` and an `image`, and at last `completed` with the `response`.

    Raises:
        ValidationError: the request cannot be right, or the model does not stream; nothing was sent.
        TarashError: as `generate_image`.
    """
    return flows.iterate(flows.stream_flow(config, request))


def stream_image_async(
    config: ImageGenerationConfig, request: ImageGenerationRequest
) -> AsyncIterator[ImageGenerationUpdate]:
    """The same as `stream_image`, for `async for`."""
    return flows.iterate_async(flows.stream_flow(config, request))


def submit_image(config: ImageGenerationConfig, request: ImageGenerationRequest) -> ImageJob:
    """Submits an image job and returns as soon as the vendor has it: for vendors whose images are jobs.

    Returns:
        The job: plain JSON without a secret (`job.model_dump_json()`), which `resume_image` picks up in any process.

    Raises:
        ValidationError: the request cannot be right; nothing was sent.
        UnsupportedOperationError: the vendor answers at once: use `generate_image`.
        UnconfirmedGenerationError: the answer was lost; the images may have been billed.
        TarashError: anything else.
    """
    return flows.run(flows.submit_flow(config, request, flows.IMAGE))


async def submit_image_async(config: ImageGenerationConfig, request: ImageGenerationRequest) -> ImageJob:
    """The same as `submit_image`, to be awaited."""
    return await flows.run_async(flows.submit_flow(config, request, flows.IMAGE))


def poll_image(config: ImageGenerationConfig, job: GenerationJob) -> ImageJob:
    """Polls a job, however old, with one request, and returns it as it is now.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        JobExpiredError: the vendor does not know it (any more).
        TarashError: anything else; `error.job` is the job.
    """
    return flows.run(flows.poll_or_cancel(config, job, flows.IMAGE, "poll"))


async def poll_image_async(config: ImageGenerationConfig, job: GenerationJob) -> ImageJob:
    """The same as `poll_image`, to be awaited."""
    return await flows.run_async(flows.poll_or_cancel(config, job, flows.IMAGE, "poll"))


def cancel_image(config: ImageGenerationConfig, job: GenerationJob) -> ImageJob:
    """Cancels a job, and returns it as it is now. What it has cost so far may still be billed.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        UnsupportedOperationError: the provider cannot cancel jobs.
        TarashError: anything else; `error.job` is the job.
    """
    return flows.run(flows.poll_or_cancel(config, job, flows.IMAGE, "cancel"))


async def cancel_image_async(config: ImageGenerationConfig, job: GenerationJob) -> ImageJob:
    """The same as `cancel_image`, to be awaited."""
    return await flows.run_async(flows.poll_or_cancel(config, job, flows.IMAGE, "cancel"))


def resume_image(
    config: ImageGenerationConfig, job: GenerationJob, *, on_progress: OnProgress | None = None
) -> ImageGenerationResponse:
    """Waits for an image job and fetches its images: one submitted here, elsewhere, or left behind by an error.

    Args:
        config: the config that made the job; its `timeout` counts from now.
        job: the job, however old: it is polled first.
        on_progress: called with an `ImageGenerationUpdate` at each step.

    Returns:
        The images, each checked to be whole, and the job. Nothing is made again.

    Raises:
        ConfigurationError: the job lives at another provider or address than the config's.
        GenerationTimeoutError: the deadline passed; the job is left running.
        TarashError: anything else; `error.job` is the job.
    """
    return flows.run(flows.resume_image_flow(config, job), on_progress)


async def resume_image_async(
    config: ImageGenerationConfig, job: GenerationJob, *, on_progress: OnProgress | None = None
) -> ImageGenerationResponse:
    """The same as `resume_image`, to be awaited."""
    return await flows.run_async(flows.resume_image_flow(config, job), on_progress)


def recover_images(config: ImageGenerationConfig, journal: journals.Journal) -> list[ImageJob]:
    """Lists the image jobs of a journal whose images were not fetched yet.

    Returns:
        The jobs at this config's provider and address, oldest first; each is one for `resume_image`.

    Raises:
        TarashError: the provider cannot be used.
    """
    return flows.run(flows.recover_jobs(config, journal, flows.IMAGE))


async def recover_images_async(config: ImageGenerationConfig, journal: journals.Journal) -> list[ImageJob]:
    """The same as `recover_images`, to be awaited."""
    return await flows.run_async(flows.recover_jobs(config, journal, flows.IMAGE))
