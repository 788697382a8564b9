"""What `tarash jobs resume` and `tarash jobs cancel` do."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from tarash.tarash_gateway.errors import ConfigurationError, ConnectionFailedError, TarashError
from tarash.tarash_gateway.images import cancel_image, poll_image, resume_image
from tarash.tarash_gateway.media.files import Exists
from tarash.tarash_gateway.models import (
    GenerationJob,
    ImageGenerationConfig,
    ImageGenerationResponse,
    ImageJob,
    VideoGenerationConfig,
    VideoGenerationResponse,
    VideoJob,
)
from tarash.tarash_gateway.plugins import expand_home, normalize_name, registry
from tarash.tarash_gateway.videos import cancel_video, poll_video, resume_video
from tarash_gateway_cli.commands.making_images import save_images
from tarash_gateway_cli.commands.making_videos import fetch
from tarash_gateway_cli.config import said
from tarash_gateway_cli.defaults import SANDBOX
from tarash_gateway_cli.errors import CommandError
from tarash_gateway_cli.exit_codes import OK
from tarash_gateway_cli.files import check_places, numbered
from tarash_gateway_cli.generation import Watch
from tarash_gateway_cli.journals import open_journal
from tarash_gateway_cli.output import Output
from tarash_gateway_cli.results import tell_kept
from tarash_gateway_cli.resuming import LeftBehind, shell_command

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


def resume_job(
    job_id: str, output_file: Path | None, exists: Exists, base_url: str | None, timeout: float | None, *, as_json: bool
) -> int:
    """Fetches the result of a job of the journal.

    Returns:
        The exit code.
    """
    output = Output(as_json=as_json)
    job = find_job(job_id)
    ending = ".png" if isinstance(job, ImageJob) else ".mp4"
    place = expand_home(output_file or Path(re.sub(r"[^\w.-]+", "_", job.id)).with_suffix(ending))
    left = _Left(place, exists=exists, base_url=base_url)
    output.note(f"Looking at job {job.id} at {job.endpoint}")
    if isinstance(job, ImageJob):
        return _resume_image(output, job, _image_config(job, base_url, timeout), place, left)
    config = config_of_job(job, base_url, timeout)

    def call(watch: Watch) -> VideoGenerationResponse:
        if _is_here(job.endpoint):
            # A server of this machine is there or not: no patience, as a vendor far away deserves it.
            poll_video(config, job)
        return resume_video(config, job, on_progress=watch, save_to=place, exists=exists)

    return fetch(output, place, exists, left, call)


def _resume_image(output: Output, job: ImageJob, config: ImageGenerationConfig, place: Path, left: LeftBehind) -> int:

    def call(watch: Watch) -> ImageGenerationResponse:
        if _is_here(job.endpoint):
            poll_image(config, job)  # as for a video
        return resume_image(config, job, on_progress=watch)

    places = numbered(place, job.asked.get("n", 1))
    if not check_places(places, left.exists):
        tell_kept(output, places)
        return OK
    return save_images(output, places, left.exists, left, call)


def cancel_job(job_id: str, base_url: str | None, *, as_json: bool) -> int:
    """Cancels a job of the journal.

    Returns:
        The exit code.
    """
    output = Output(as_json=as_json)
    job = find_job(job_id)
    with open_journal():
        try:
            if isinstance(job, ImageJob):
                job = cancel_image(_image_config(job, base_url), job)
            else:
                job = cancel_video(config_of_job(job, base_url), job)
        except TarashError as error:
            raise _explained(error, job) from error
    output.line(f"{job.id} is {job.status}")
    output.note("What it has cost so far may still be billed.")
    output.object({"job": job.model_dump(mode="json", exclude_none=True)})
    return OK


def find_job(job_id: str) -> ImageJob | VideoJob:
    """The job of that id, or of the only one that begins so.

    Raises:
        CommandError: the journal does not know it.
    """
    journal = open_journal()
    jobs = {entry.job.id: entry.job for entry in journal.entries() if entry.job is not None}
    near = [jobs[job_id]] if job_id in jobs else [job for name, job in jobs.items() if name.startswith(job_id)]
    if len(near) == 1:
        return near[0]
    many = f"{len(near)} jobs begin with {job_id!r}" if near else f"the journal knows no job {job_id!r}"
    msg = f"{many} ({journal.path})"
    raise CommandError(msg, hints=("tarash jobs lists those it knows.",))


def config_of_job(job: VideoJob, base_url: str | None, timeout: float | None = None) -> VideoGenerationConfig:
    """The config that can look at a job."""
    return config_of_place(job.provider, job.model, job.endpoint, base_url, timeout)


def _image_config(job: ImageJob, base_url: str | None, timeout: float | None = None) -> ImageGenerationConfig:
    place = _address(job.provider, job.endpoint, base_url)
    return ImageGenerationConfig(provider=job.provider, model=job.model, **said(base_url=place, timeout=timeout))


def config_of_place(
    provider: str, model: str, endpoint: str, base_url: str | None, timeout: float | None = None
) -> VideoGenerationConfig:
    """The config for the place that a journal names.

    A key goes where the command line or the environment says, never where a journal says: only a provider without a
    key is looked for at the journal's own address, on this machine.
    """
    place = _address(provider, endpoint, base_url)
    return VideoGenerationConfig(provider=provider, model=model, **said(base_url=place, timeout=timeout))


def _address(provider: str, endpoint: str, base_url: str | None) -> str | None:
    if base_url is None and _is_here(endpoint) and not registry.spec(provider).key_variables:
        return endpoint
    return base_url


def _is_here(endpoint: str) -> bool:
    return urlsplit(endpoint).hostname in _THIS_MACHINE


class _Left(LeftBehind):
    """Of a job that was taken up again: its server is another process's."""

    def _embedded(self, job: GenerationJob) -> bool:  # noqa: ARG002 # whatever job it is
        return False

    def of_error(self, error: TarashError) -> CommandError:
        return _explained(error, error.job) if isinstance(error, _OF_PLACE) else super().of_error(error)


_OF_PLACE = (ConfigurationError, ConnectionFailedError)


def _explained(error: TarashError, job: GenerationJob | None) -> CommandError:
    """An error with what it means for a job that was submitted elsewhere or earlier."""
    hints: tuple[str, ...] = ()
    if job is not None and isinstance(error, ConnectionFailedError) and normalize_name(job.provider) == SANDBOX:
        hints = ("An embedded sandbox ends with its command, and its jobs end with it.",)
    elif job is not None and isinstance(error, ConfigurationError) and job.endpoint in str(error):
        hints = (f"If you trust that address with your key: {shell_command('--base-url', job.endpoint)}",)
    return CommandError.of(error, hints=hints)
