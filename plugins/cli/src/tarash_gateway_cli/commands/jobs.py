"""`tarash jobs`: what can be typed. What it does is in `listing_jobs`, `resuming_jobs`, `recovering_jobs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from tarash_gateway_cli.completing import job_ids
from tarash_gateway_cli.options import Json

NOTES = """\
The list is the journal of this machine. It lies in your data folder, or where
TARASH_JOURNAL says, and holds prompts and job ids, never a key."""

app = App(name="jobs", help_epilogue=NOTES)

JobId = Annotated[str, Parameter(completer=job_ids)]
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
    """Lists what was asked for, the newest first.

    Args:
        limit: How many; 0 for all.
        kind: Only pictures, or only videos.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash_gateway_cli.commands.listing_jobs import show_jobs  # noqa: PLC0415 # help needs none of it

    return show_jobs(limit, kind, as_json=as_json)


@app.command
def resume(
    job: JobId,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o", metavar="FILE")] = None,
    exists: Literal["error", "replace", "skip"] = "error",
    base_url: BaseUrl = None,
    timeout: Timeout = None,
    as_json: Json = False,
) -> int:
    """Waits for a video job and fetches its clip. Nothing is made anew, and nothing is paid again.

    Args:
        job: The vendor's id of the job, as tarash jobs shows it.
        output: The file to write; without it, the id with the ending .mp4.
        exists: When the file is there already: stop, replace it, or keep it.
        base_url: The address that the job was submitted to, where it was not the vendor's own.
        timeout: Seconds to wait; the job is left running after that.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash_gateway_cli.commands.resuming_jobs import resume_job  # noqa: PLC0415 # help needs none of it

    return resume_job(job, output, exists, base_url, timeout, as_json=as_json)


@app.command
def cancel(job: JobId, /, *, base_url: BaseUrl = None, as_json: Json = False) -> int:
    """Cancels a video job. What it has cost so far may still be billed.

    Args:
        job: The vendor's id of the job, as tarash jobs shows it.
        base_url: The address that the job was submitted to, where it was not the vendor's own.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash_gateway_cli.commands.resuming_jobs import cancel_job  # noqa: PLC0415 # help needs none of it

    return cancel_job(job, base_url, as_json=as_json)


@app.command
def recover(
    *, provider: Annotated[str | None, Parameter(alias="-p")] = None, base_url: BaseUrl = None, as_json: Json = False
) -> int:
    """Asks the vendors about videos that were sent and never answered, as after a crash. Nothing is sent again.

    Lists every job whose clip was not fetched yet.

    Args:
        provider: Only this vendor.
        base_url: The address that they were sent to, where it was not the vendor's own.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash_gateway_cli.commands.recovering_jobs import recover_jobs  # noqa: PLC0415 # help needs none of it

    return recover_jobs(provider, base_url, as_json=as_json)
