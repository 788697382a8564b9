"""What `tarash jobs recover` does: it asks the vendors about requests of which the journal knows no answer."""

from __future__ import annotations

from collections import Counter
from typing import Final

from tarash.tarash_gateway.display.text import one_line
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.journal import Entry, Journal
from tarash.tarash_gateway.models import GenerationJob, ImageJob
from tarash.tarash_gateway.plugins import normalize_name
from tarash.tarash_gateway.videos import recover_videos
from tarash_gateway_cli.commands.resuming_jobs import config_of_place
from tarash_gateway_cli.exit_codes import OK, exit_code
from tarash_gateway_cli.journals import open_journal
from tarash_gateway_cli.output import Output
from tarash_gateway_cli.resuming import resume_command, shell_command

_UNANSWERED: Final = ("open", "unconfirmed")


def recover_jobs(provider: str | None, base_url: str | None, *, as_json: bool) -> int:
    """Looks up the videos that were sent and never answered, and lists the jobs whose clip is still to be fetched.

    Returns:
        The exit code: that of a vendor that could not be asked, or 0.
    """
    output = Output(as_json=as_json)
    journal = open_journal()
    # One look for each address; which model it is does not matter for that.
    places = {(normalize_name(entry.provider), entry.endpoint): entry for entry in _waiting(journal, provider)}
    jobs: dict[tuple[str, str], GenerationJob] = {}
    not_asked: list[tuple[Entry, TarashError]] = []
    for entry in places.values():
        try:
            config = config_of_place(entry.provider, entry.model, entry.endpoint, base_url)
            jobs |= {(job.endpoint, job.id): job for job in recover_videos(config, journal)}
        except TarashError as error:
            not_asked.append((entry, error))
    jobs |= {(job.endpoint, job.id): job for job in _image_jobs(journal, provider)}
    left = [entry for entry in _waiting(journal, provider) if entry.status in _UNANSWERED]
    _show(output, list(jobs.values()), not_asked, left)
    return exit_code(not_asked[-1][1]) if not_asked else OK


def _waiting(journal: Journal, provider: str | None) -> list[Entry]:
    """The videos that may still be fetched, or that nobody knows of."""
    return [
        entry
        for entry in journal.entries()
        if (provider is None or normalize_name(entry.provider) == normalize_name(provider))
        and entry.kind == "video"
        and entry.status in (*_UNANSWERED, "submitted")
    ]


def _image_jobs(journal: Journal, provider: str | None) -> list[GenerationJob]:
    """The image jobs that were not fetched yet; no vendor lists those whose answer was lost."""
    return [
        job
        for job in journal.jobs()
        if isinstance(job, ImageJob) and (provider is None or normalize_name(job.provider) == normalize_name(provider))
    ]


def _show(
    output: Output, jobs: list[GenerationJob], not_asked: list[tuple[Entry, TarashError]], left: list[Entry]
) -> None:
    for job in jobs:
        output.line(f"{job.id}  {job.provider}/{job.model}  {one_line(job.asked.get('prompt') or '', 60)}".rstrip())
    if jobs:
        what = "the images" if isinstance(jobs[-1], ImageJob) else "a video"
        output.note(f"Fetch {what}, at no further cost: {resume_command(jobs[-1].id)}")
    for entry, error in not_asked:
        output.warn(f"{entry.provider} at {entry.endpoint} could not be asked: {error}")
    for (provider, endpoint), count in Counter((entry.provider, entry.endpoint) for entry in left).items():
        output.warn(f"not known of {count} sent to {provider} at {endpoint}: it may have been accepted, and billed")
        command = shell_command("tarash", "jobs", "recover", "--base-url", endpoint)
        output.note(f"If you trust that address with your key: {command}")
    if not (jobs or not_asked or left):
        output.note("Nothing was left behind.")
    output.object(
        {
            "jobs": [job.model_dump(mode="json", exclude_none=True) for job in jobs],
            "not_known": [entry.intent for entry in left],
            "not_asked": [
                {"provider": entry.provider, "endpoint": entry.endpoint, "error": str(error)}
                for entry, error in not_asked
            ],
        }
    )
