"""A submit whose answer was lost: the vendor's job list tells whether there is a job.

Which job it is, is decided here for all vendors: the same prompt, model, size and length, made since the request was
about to be sent, and not known as another request's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.commands import Call, Flow, Now, Sleep
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.retry import send_reading
from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.plugins.bridge import supports
from tarash.tarash_gateway.plugins.provider import Provider, UnconfirmedSubmit

PAUSES = (0.3, 1.0, 3.0)
"""Seconds before each look: a job that was just made may show late."""

CLOCKS_DIFFER = timedelta(seconds=60)
"""How far the vendor's clock may be from ours."""

RESERVED = 10.0
"""Seconds of the deadline that a submit leaves for the lookup, at the most a fifth of it."""

LIST_TRIES = 3
"""Tries to read the list at one look."""

MOST_CLAIMED = 20_000

_claimed: dict[tuple[str, str], object] = {}
"""Jobs of this process: each answers one request, and is no other's."""


def claim(job: VideoJob) -> bool:
    """Remembers that this job has its request; False where it had one before."""
    mine = object()
    first = _claimed.setdefault((job.endpoint, job.id), mine) is mine  # one step, whichever thread
    while len(_claimed) > MOST_CLAIMED:
        _claimed.pop(next(iter(_claimed)), None)
    return first


def reserve(provider: Provider, left: float) -> float:
    """Seconds to leave for a lookup, of the seconds that are left."""
    return min(RESERVED, left / 5) if supports(provider, "find_video") else 0.0


def look_up(context: Context, provider: Provider, lost: UnconfirmedSubmit) -> Flow[VideoJob | None]:
    """The job that a lost answer told of; None where the vendor shows none."""
    for pause in PAUSES:
        if (yield Now()) + pause >= context.deadline:
            break
        yield Sleep(pause)
        found = yield from candidates(context, provider, lost)
        if found is None:
            break
        job = next((job for job in found if claim(job)), None)
        if job is not None:
            context.log(logging.WARNING, "the answer was lost, and job %s was found in the vendor's list", job.id)
            return job
    return None


def candidates(
    context: Context, provider: Provider, lost: UnconfirmedSubmit, taken: Iterable[tuple[str, str]] = ()
) -> Flow[list[VideoJob] | None]:
    """The jobs that may be it, the likeliest first; None where the list could not be read.

    Args:
        context: the call.
        provider: whom to ask.
        lost: what to look for.
        taken: endpoint and id of jobs that are known as other requests', besides those of this process.
    """
    try:
        seen = yield from send_reading(context, Call(provider, "find_video", (lost,)), most=LIST_TRIES)
    except TarashError as error:
        context.log(logging.WARNING, "the vendor's job list cannot be read (%s)", error)
        return None
    others = {*_claimed, *taken}
    return sorted(
        (job for job in seen if (job.endpoint, job.id) not in others and is_it(job, lost)),
        key=lambda job: abs(job.created_at - lost.since) if job.created_at else CLOCKS_DIFFER,
    )


def is_it(job: VideoJob, lost: UnconfirmedSubmit) -> bool:
    """Whether `job` may be what `lost` asked for. The prompt must be told by the vendor; the rest where it is."""
    asked: Any = lost.asked
    if job.asked.get("prompt") != asked.get("prompt"):
        return False
    if job.created_at is not None and job.created_at < lost.since - CLOCKS_DIFFER:
        return False
    seconds, size = asked.get("duration_seconds"), asked.get("size")
    return (
        (job.model == lost.model or job.model.startswith(f"{lost.model}-") or not job.model)
        and (seconds is None or job.duration_seconds is None or job.duration_seconds == seconds)
        and (size is None or job.size is None or job.size == size)
    )
