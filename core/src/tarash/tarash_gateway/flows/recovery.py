"""What a crash left open: jobs whose video was not fetched, and intents whose answer nobody read."""

from __future__ import annotations

import logging
from datetime import timedelta

from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.flows.commands import Call, Flow, Now, Today
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.lookup import candidates, claim
from tarash.tarash_gateway.flows.recording import note_job
from tarash.tarash_gateway.journal import Entry, Journal
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.plugins.bridge import supports
from tarash.tarash_gateway.plugins.provider import Provider, UnconfirmedSubmit
from tarash.tarash_gateway.plugins.registry import same_name

SHOWS_WITHIN = timedelta(seconds=30)
"""How long a job may take to show in the vendor's list: an older intent that is not there was never accepted."""


def recover(config: GenerationConfig, provider: Provider, journal: Journal, request_id: str) -> Flow[list[VideoJob]]:
    """The jobs of `journal` at this provider that are not fetched yet; open intents are looked up in its list."""
    started = yield Now()
    context = Context(config, config.model, request_id, started, started + config.timeout, journal)
    entries: list[Entry] = yield Call(journal, "entries")
    taken = {(entry.job.endpoint, entry.job.id) for entry in entries if entry.job is not None}
    jobs: list[VideoJob] = []
    for entry in entries:
        if entry.kind != "video" or not _is_here(entry, config, provider):
            continue
        if entry.job is None and entry.status in ("open", "unconfirmed"):
            found = yield from _looked_up(context, provider, entry, taken)
            jobs += [] if found is None else [found]
        elif entry.job is not None and entry.status == "submitted":
            jobs.append(entry.job)
    return jobs


def _is_here(entry: Entry, config: GenerationConfig, provider: Provider) -> bool:
    same_place = entry.endpoint.rstrip("/") == provider.endpoint.rstrip("/")
    return same_place and same_name(entry.provider) == same_name(config.provider)


def _looked_up(
    context: Context, provider: Provider, entry: Entry, taken: set[tuple[str, str]]
) -> Flow[VideoJob | None]:
    if not supports(provider, "find_video"):
        return None
    lost = UnconfirmedSubmit(entry.model, entry.at, entry.asked)
    found = yield from candidates(context, provider, lost, taken)
    job = next((job for job in found or [] if claim(job)), None)
    if job is None:
        if found is not None and (yield Today()) - entry.at > SHOWS_WITHIN:
            yield from _note_absent(context, entry)
        return None
    job = job.model_copy(update={"request_id": entry.request_id, "asked": entry.asked})
    taken.add((job.endpoint, job.id))
    context.log(logging.WARNING, "job %s was found at the vendor for a submit that was never answered", job.id)
    yield from note_job(context, job, entry.intent)
    return job


def _note_absent(context: Context, entry: Entry) -> Flow[None]:
    context.log(logging.INFO, "intent %s is not in the vendor's job list: it was never accepted", entry.intent)
    try:
        yield Call(context.journal, "write", ("absent",), {"intent": entry.intent})
    except SaveError as error:
        context.log(logging.WARNING, "the journal could not be written (%s)", error)
