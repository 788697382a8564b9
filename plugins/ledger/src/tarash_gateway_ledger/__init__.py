"""A spend ledger: one JSON line for each call, in the file that TARASH_LEDGER names. Without it, nothing happens."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tarash.tarash_gateway.plugins import data_folder, hookimpl, read_variable
from tarash_gateway_ledger.entry import TAG, entry_of
from tarash_gateway_ledger.jobs import Jobs
from tarash_gateway_ledger.lines import append

if TYPE_CHECKING:
    from tarash.tarash_gateway.models import GenerationJob
    from tarash.tarash_gateway.plugins import CallContext, CallOutcome

__all__ = ["TAG", "VARIABLE", "tarash_after_generate", "tarash_job_updated", "turn_on"]

VARIABLE = "TARASH_LEDGER"
"""The environment variable that names the file."""

_jobs = Jobs()


def turn_on() -> None:
    """Lets this process write to `ledger.jsonl` in the user's data folder, where TARASH_LEDGER says nothing.

    The command line and the MCP server do; TARASH_LEDGER set to nothing keeps it off.
    """
    folder = None if VARIABLE in os.environ else data_folder()
    if folder is not None:
        os.environ[VARIABLE] = str(folder / "ledger.jsonl")


@hookimpl
def tarash_job_updated(context: CallContext, job: GenerationJob) -> None:
    """Remembers the job of a call: one that is broken off does not tell it."""
    if read_variable(VARIABLE):
        _jobs.note(context.request_id, job.id)


@hookimpl
def tarash_after_generate(context: CallContext, outcome: CallOutcome) -> None:
    """Writes the line of a call."""
    path = read_variable(VARIABLE)
    if path and context.attempt is None and context.operation != "poll":  # a look costs nothing
        append(path, entry_of(context, outcome, _jobs.take(context.request_id)))
