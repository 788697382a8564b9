"""What became of a submit whose answer was lost: the vendor's job list tells whether there is a job.

Within a call it is looked up at once; after a crash, the journal says which submits were never answered. Which job it
is, is decided here for all vendors: the same prompt, model, size and length, made since the request was about to be
sent, and not known as another request's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, TypeVar

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.commands import Either, Flow, Now, ProviderCall, Sleep, Today
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.recording import record, record_job
from tarash.tarash_gateway.flows.retry import send_reading
from tarash.tarash_gateway.journal import Entry, Journal
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.models.job import GenerationJob, VideoJob
from tarash.tarash_gateway.plugins._bridge import supports
from tarash.tarash_gateway.plugins._registry import normalize_name
from tarash.tarash_gateway.plugins.exchange import UnconfirmedSubmit
from tarash.tarash_gateway.plugins.provider import Provider

JobT = TypeVar("JobT", bound=GenerationJob)

CLOCKS_DIFFER = timedelta(seconds=60)
"""How far the vendor's clock may be from ours."""

MOST_CLAIMED = 20_000

_claimed: dict[tuple[str, str], object] = {}
"""Jobs of this process: each answers one request, and is no other's."""


def claim(job: GenerationJob) -> bool:
    """Remembers that this job has its request; False where it had one before."""
    mine = object()
    first = _claimed.setdefault((job.endpoint, job.id), mine) is mine  # one step, whichever thread
    while len(_claimed) > MOST_CLAIMED:
        _claimed.pop(next(iter(_claimed)), None)
    return first


def look_up(context: Context, provider: Provider, lost: UnconfirmedSubmit) -> Flow[VideoJob | None]:
    """Finds the job of a lost answer; None where the vendor's list shows none."""
    for pause in context.policy.lookup_pauses:
        if (yield Now()) + pause >= context.deadline:
            break
        yield Sleep(pause)
        found = yield from _candidates(context, provider, lost)
        if found is None:
            break
        job = next((job for job in found if claim(job)), None)
        if job is not None:
            context.log(logging.WARNING, "the answer was lost, and job %s was found in the vendor's list", job.id)
            return job
    return None


def _candidates(
    context: Context, provider: Provider, lost: UnconfirmedSubmit, taken: Iterable[tuple[str, str]] = ()
) -> Flow[list[VideoJob] | None]:
    """Lists the jobs that may be it, the likeliest first; None where the list could not be read.

    Args:
        context: the call.
        provider: whom to ask.
        lost: what to look for.
        taken: endpoint and id of jobs that are known as other requests', besides those of this process.
    """
    try:
        call = ProviderCall(provider, Provider.find_video, (lost,))
        jobs = yield from send_reading(context, call, max_tries=context.policy.lookup_tries)
    except TarashError as error:
        context.log(logging.WARNING, "the vendor's job list cannot be read (%s)", error)
        return None
    others = {*_claimed, *taken}
    return sorted(
        (job for job in jobs if (job.endpoint, job.id) not in others and _is_it(job, lost)),
        key=lambda job: abs(job.created_at - lost.since) if job.created_at else CLOCKS_DIFFER,
    )


def _is_it(job: VideoJob, lost: UnconfirmedSubmit) -> bool:
    """Tells whether `job` may be what `lost` asked for. The prompt must be told by the vendor; the rest where it is."""
    request: Any = lost.request
    if job.request.get("prompt") != request.get("prompt"):
        return False
    if job.created_at is not None and job.created_at < lost.since - CLOCKS_DIFFER:
        return False
    seconds, size = request.get("duration_seconds"), request.get("size")
    return (
        (job.model == lost.model or job.model.startswith(f"{lost.model}-") or not job.model)
        and (seconds is None or job.duration_seconds is None or job.duration_seconds == seconds)
        and (size is None or job.size is None or job.size == size)
    )


def recover(
    config: GenerationConfig, provider: Provider, journal: Journal, request_id: str, kind: type[JobT]
) -> Flow[list[JobT]]:
    """Lists the jobs of `journal` at this provider that are not fetched yet; open intents are looked up in its list.

    Args:
        config: whose jobs.
        provider: the provider of `config`.
        journal: where they were written down.
        request_id: our id of this call.
        kind: `ImageJob` or `VideoJob`.
    """
    started = yield Now()
    context = Context(config, config.model, request_id, started, started + config.timeout, journal)
    entries: list[Entry] = yield Either(journal.entries, journal.entries_async)
    taken = {(entry.job.endpoint, entry.job.id) for entry in entries if entry.job is not None}
    jobs: list[JobT] = []
    home = normalize_name(config.provider), provider.endpoint.rstrip("/")
    for entry in entries:
        same_home = (normalize_name(entry.provider), entry.endpoint.rstrip("/")) == home
        if entry.kind != kind.model_fields["kind"].default or not same_home:
            continue
        if entry.job is None and entry.status in ("open", "unconfirmed"):
            found = yield from _looked_up(context, provider, entry, taken)
            jobs += [found] if isinstance(found, kind) else []
        elif isinstance(entry.job, kind) and entry.status == "submitted":
            jobs.append(entry.job)
    return jobs


def _looked_up(
    context: Context, provider: Provider, entry: Entry, taken: set[tuple[str, str]]
) -> Flow[VideoJob | None]:
    if entry.kind == "image" or not supports(provider, Provider.find_video):
        return None
    lost = UnconfirmedSubmit(entry.model, entry.at, entry.request)
    found = yield from _candidates(context, provider, lost, taken)
    job = next((job for job in found or [] if claim(job)), None)
    if job is None:
        if found is not None and (yield Today()) - entry.at > timedelta(seconds=context.policy.listed_within):
            context.log(logging.INFO, "intent %s is not in the vendor's job list: it was never accepted", entry.intent)
            yield from record(context, "absent", intent=entry.intent)
        return None
    job = job.model_copy(update={"request_id": entry.request_id, "request": entry.request})
    taken.add((job.endpoint, job.id))
    context.log(logging.WARNING, "job %s was found at the vendor for a submit that was never answered", job.id)
    yield from record_job(context, job, entry.intent)
    return job
