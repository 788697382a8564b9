"""`tarash jobs`: lists the journal, and resumes, cancels and recovers jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from tarash_gateway_cli.options import Json

if TYPE_CHECKING:
    from datetime import datetime

    from cyclopts.completion import CompletionContext
    from rich.table import Table
    from rich.text import Text

    from tarash.tarash_gateway.errors import TarashError
    from tarash.tarash_gateway.journal import Entry, Journal
    from tarash.tarash_gateway.models import (
        GenerationJob,
        ImageGenerationResponse,
        ImageJob,
        VideoGenerationResponse,
        VideoJob,
    )
    from tarash_gateway_cli.config import ConfigT
    from tarash_gateway_cli.generation import CallMonitor
    from tarash_gateway_cli.output import Output

NOTES = """\
The list is the journal of this machine. It is in your data folder, or in the
folder of TARASH_JOURNAL, and holds prompts and job ids, never a key."""

app = App(name="jobs", help_epilogue=NOTES)


def job_ids(_context: CompletionContext) -> Mapping[str, str]:
    """Completes the id of a job: those of the journal, the ones that wait first, each with its prompt."""
    from tarash_gateway_cli.generation import open_journal

    entries = [entry for entry in reversed(open_journal().entries()) if entry.job is not None]
    entries.sort(key=lambda entry: entry.status != "submitted")
    return {entry.job.id: str(entry.request.get("prompt", ""))[:60] for entry in entries if entry.job is not None}


JobId = Annotated[str, Parameter(name="JOB", completer=job_ids)]
BaseUrl = Annotated[str | None, Parameter(metavar="URL")]
Timeout = Annotated[float | None, Parameter(metavar="SECONDS")]


@app.default
@app.command(name="list")
def list_jobs(
    *,
    limit: Annotated[int, Parameter(metavar="NUMBER")] = 20,
    kind: Literal["image", "video"] | None = None,
    as_json: Json = False,
) -> int:
    """Lists past requests, the newest first.

    Args:
        limit: How many; 0 for all.
        kind: Only images, or only videos.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash_gateway_cli.generation import open_journal, resume_command
    from tarash_gateway_cli.output import Output

    output = Output(as_json=as_json)
    journal = open_journal()
    entries = [entry for entry in reversed(journal.entries()) if kind in (None, entry.kind)]
    newest = entries[:limit] if limit > 0 else entries
    output.object({"journal": str(journal.path), "jobs": [_entry_as_json(entry) for entry in newest]})
    if newest:
        output.show(_table(newest))
    if len(newest) < len(entries):
        output.note(f"{len(entries) - len(newest)} older requests: --limit 0 shows all")
    waiting = next((entry.job.id for entry in newest if entry.status == "submitted" and entry.job is not None), None)
    if waiting is not None:
        output.note(f"Fetch the result of a job: {resume_command(waiting)}")
    if not newest:
        output.note(f"There are no requests yet ({journal.path}).")
    return 0


@app.command
def resume(
    job_id: JobId,
    /,
    *,
    file: Annotated[Path | None, Parameter(name=("--output", "-o"), metavar="FILE")] = None,
    exists: Literal["error", "replace", "skip"] = "error",
    base_url: BaseUrl = None,
    timeout: Timeout = None,
    as_json: Json = False,
) -> int:
    """Waits for a job and fetches its result. Nothing is generated or paid again.

    Args:
        job_id: The id of the job, or its beginning, as tarash jobs shows it.
        file: The file to write; default: the id with the ending .png or .mp4.
        exists: If the file exists: stop, replace it, or keep it.
        base_url: The address that the job was submitted to, if it is not the vendor's own.
        timeout: Seconds to wait; the job is left running after that.
        as_json: Print one JSON object on stdout, errors too.
    """
    import re

    from tarash.tarash_gateway.images import poll_image, resume_image
    from tarash.tarash_gateway.models import ImageGenerationConfig, ImageJob, VideoGenerationConfig
    from tarash.tarash_gateway.plugins import expand_home
    from tarash.tarash_gateway.videos import poll_video, resume_video
    from tarash_gateway_cli.generation import ResumeHint, generate
    from tarash_gateway_cli.output import Output
    from tarash_gateway_cli.results import numbered_paths

    output = Output(as_json=as_json)
    job = _find_job(job_id)
    ending = ".png" if isinstance(job, ImageJob) else ".mp4"
    path = expand_home(file or Path(re.sub(r"[^\w.-]+", "_", job.id)).with_suffix(ending))
    hint = ResumeHint(path, exists=exists, base_url=base_url, resumed=True)
    output.note(f"Resuming job {job.id} at {job.endpoint}")

    # A server of this machine is polled first, without retries: if it is gone, waiting does not bring it back.
    if isinstance(job, ImageJob):
        image_job, image_config = job, _build_config(ImageGenerationConfig, job, base_url, timeout)

        def fetch_images(monitor: CallMonitor) -> ImageGenerationResponse:
            if _is_local(image_job.endpoint):
                poll_image(image_config, image_job)
            return resume_image(image_config, image_job, on_progress=monitor)

        return generate(output, numbered_paths(path, job.request.get("n", 1)), exists, hint, fetch_images)

    video_job, video_config = job, _build_config(VideoGenerationConfig, job, base_url, timeout)

    def fetch_video(monitor: CallMonitor) -> VideoGenerationResponse:
        if _is_local(video_job.endpoint):
            poll_video(video_config, video_job)
        return resume_video(video_config, video_job, on_progress=monitor, save_to=path, exists=exists)

    return generate(output, [path], exists, hint, fetch_video)


@app.command
def cancel(job_id: JobId, /, *, base_url: BaseUrl = None, as_json: Json = False) -> int:
    """Cancels a job. What it has cost so far may still be billed.

    Args:
        job_id: The id of the job, or its beginning, as tarash jobs shows it.
        base_url: The address that the job was submitted to, if it is not the vendor's own.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash.tarash_gateway.errors import TarashError
    from tarash.tarash_gateway.images import cancel_image
    from tarash.tarash_gateway.models import ImageGenerationConfig, ImageJob, VideoGenerationConfig
    from tarash.tarash_gateway.videos import cancel_video
    from tarash_gateway_cli.generation import explain_address, open_journal
    from tarash_gateway_cli.output import Output

    output = Output(as_json=as_json)
    job = _find_job(job_id)
    with open_journal():
        try:
            if isinstance(job, ImageJob):
                job = cancel_image(_build_config(ImageGenerationConfig, job, base_url), job)
            else:
                job = cancel_video(_build_config(VideoGenerationConfig, job, base_url), job)
        except TarashError as error:
            raise explain_address(error, job) from error
    output.line(f"{job.id} is {job.status}")
    output.note("What it has cost so far may still be billed.")
    output.object({"job": job.model_dump(mode="json", exclude_none=True)})
    return 0


@app.command
def recover(
    *, provider: Annotated[str | None, Parameter(alias="-p")] = None, base_url: BaseUrl = None, as_json: Json = False
) -> int:
    """Asks the vendors about videos without an answer, as after a crash. Sends none again.

    Lists every job whose result was not fetched yet.

    Args:
        provider: Only this provider.
        base_url: The address that they were sent to, if it is not the vendor's own.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash.tarash_gateway.errors import TarashError
    from tarash.tarash_gateway.models import ImageJob, VideoGenerationConfig
    from tarash.tarash_gateway.plugins import normalize_name
    from tarash.tarash_gateway.videos import recover_videos
    from tarash_gateway_cli.exit_codes import exit_code
    from tarash_gateway_cli.generation import open_journal
    from tarash_gateway_cli.output import Output

    journal = open_journal()
    # One request to each address; the list of its jobs does not depend on the model.
    addresses = {(normalize_name(entry.provider), entry.endpoint): entry for entry in _unfetched(journal, provider)}
    jobs: dict[tuple[str, str], GenerationJob] = {}
    failed: list[tuple[Entry, TarashError]] = []
    for entry in addresses.values():
        try:
            config = _build_config(VideoGenerationConfig, entry, base_url)
            jobs |= {(job.endpoint, job.id): job for job in recover_videos(config, journal)}
        except TarashError as error:
            failed.append((entry, error))
    # No vendor lists the image jobs whose answer was lost: those with an id are known here.
    jobs |= {
        (job.endpoint, job.id): job
        for job in journal.jobs()
        if isinstance(job, ImageJob) and (provider is None or normalize_name(job.provider) == normalize_name(provider))
    }
    unknown = [entry for entry in _unfetched(journal, provider) if entry.status in _UNANSWERED]
    _print_recovered(Output(as_json=as_json), list(jobs.values()), failed, unknown)
    return exit_code(failed[-1][1]) if failed else 0


_UNANSWERED: Final = ("open", "unconfirmed")


def _unfetched(journal: Journal, provider: str | None) -> list[Entry]:
    """Returns the videos that may still be fetched, or have no answer."""
    from tarash.tarash_gateway.plugins import normalize_name

    return [
        entry
        for entry in journal.entries()
        if (provider is None or normalize_name(entry.provider) == normalize_name(provider))
        and entry.kind == "video"
        and entry.status in (*_UNANSWERED, "submitted")
    ]


def _print_recovered(
    output: Output, jobs: list[GenerationJob], failed: list[tuple[Entry, TarashError]], unknown: list[Entry]
) -> None:
    from collections import Counter

    from tarash.tarash_gateway.display.text import one_line
    from tarash.tarash_gateway.models import ImageJob
    from tarash_gateway_cli.generation import resume_command
    from tarash_gateway_cli.output import shell_command

    for job in jobs:
        output.line(f"{job.id}  {job.provider}/{job.model}  {one_line(job.request.get('prompt') or '', 60)}".rstrip())
    if jobs:
        what = "the images" if isinstance(jobs[-1], ImageJob) else "the video"
        output.note(f"Fetch {what}, at no further cost: {resume_command(jobs[-1].id)}")
    for entry, error in failed:
        output.warn(f"{entry.provider} at {entry.endpoint} could not be asked: {error}")
    for (provider, endpoint), count in Counter((entry.provider, entry.endpoint) for entry in unknown).items():
        requests = "1 request" if count == 1 else f"{count} requests"
        output.warn(f"no answer to {requests} to {provider} at {endpoint}: possibly accepted, and billed")
        command = shell_command("tarash", "jobs", "recover", "--base-url", endpoint)
        output.note(f"If you trust that address with your key: {command}")
    if not (jobs or failed or unknown):
        output.note("There is no job to recover.")
    errors = ({"provider": entry.provider, "endpoint": entry.endpoint, "error": str(error)} for entry, error in failed)
    output.object(
        {
            "jobs": [job.model_dump(mode="json", exclude_none=True) for job in jobs],
            "not_known": [entry.intent for entry in unknown],
            "not_asked": list(errors),
        }
    )


def _find_job(job_id: str) -> ImageJob | VideoJob:
    """Returns the job of that id, or the only one whose id begins with it.

    Raises:
        CommandError: the journal has none, or several.
    """
    from tarash_gateway_cli.errors import CommandError
    from tarash_gateway_cli.generation import open_journal

    journal = open_journal()
    jobs = {entry.job.id: entry.job for entry in journal.entries() if entry.job is not None}
    matches = [jobs[job_id]] if job_id in jobs else [job for name, job in jobs.items() if name.startswith(job_id)]
    if len(matches) == 1:
        return matches[0]
    problem = f"{len(matches)} jobs begin with {job_id!r}" if matches else f"the journal has no job {job_id!r}"
    msg = f"{problem} ({journal.path})"
    raise CommandError(msg, hints=("tarash jobs lists the jobs it has.",))


def _build_config(
    config_class: type[ConfigT], source: GenerationJob | Entry, base_url: str | None, timeout: float | None = None
) -> ConfigT:
    """Builds the config for the provider, model and address of a job or of an entry.

    A key goes where the command line or the environment says, never where only a journal says: the address of the
    journal is used on this machine and for a provider without a key, and nowhere else.
    """
    from tarash.tarash_gateway.plugins import registry
    from tarash_gateway_cli.config import without_unset

    if base_url is None and _is_local(source.endpoint) and not registry.spec(source.provider).key_variables:
        base_url = source.endpoint
    options = without_unset(base_url=base_url, timeout=timeout)
    return config_class(provider=source.provider, model=source.model, **options)


def _is_local(endpoint: str) -> bool:
    from urllib.parse import urlsplit

    return urlsplit(endpoint).hostname in ("127.0.0.1", "::1", "localhost")


def _entry_as_json(entry: Entry) -> dict[str, Any]:
    from dataclasses import asdict

    job = None if entry.job is None else entry.job.model_dump(mode="json", exclude_none=True)
    return {**asdict(entry), "at": entry.at.isoformat(), "job": job}


COLOURS: Final = {
    "open": "yellow",
    "unconfirmed": "bold yellow",
    "absent": "dim",
    "refused": "dim",
    "submitted": "cyan",
    "failed": "red",
    "made": "green",
    "saved": "green",
}


def _table(entries: list[Entry]) -> Table:
    from datetime import UTC, datetime

    from rich.table import Table
    from rich.text import Text

    now = datetime.now(UTC)
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("when", no_wrap=True, style="dim")
    table.add_column("status", no_wrap=True)
    table.add_column("what", overflow="fold", ratio=1)
    for entry in entries:
        status = Text(entry.status, COLOURS.get(entry.status, ""))
        table.add_row(_age(entry.at, now), status, Text("\n").join(_lines(entry)))
    return table


def _lines(entry: Entry) -> Iterator[Text]:
    from rich.text import Text

    from tarash.tarash_gateway.display.text import one_line

    yield Text(one_line(entry.request.get("prompt") or "(no prompt)", 60), "bold")
    yield Text(f"{entry.provider}/{entry.model} {entry.kind}")
    if entry.job is not None:
        yield Text(one_line(entry.job.id))
    for file in entry.files:
        yield Text(one_line(file["path"]), "green")
    if entry.error is not None and entry.status in ("unconfirmed", "failed", "refused"):
        yield Text(one_line(entry.error, 200), "dim")


def _age(at: datetime, now: datetime) -> str:
    """Returns the minutes since `at`; after an hour, its date."""
    from tarash.tarash_gateway.display.text import duration

    age = (now - at).total_seconds()
    if age < 60:
        return "just now"
    return f"{duration(age).partition(' min')[0]} min ago" if age < 3600 else at.astimezone().strftime("%Y-%m-%d %H:%M")
