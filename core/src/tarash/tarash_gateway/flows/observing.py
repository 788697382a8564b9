"""What observers are told: that a call or an attempt begins, what became of it, and each news of a job."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from tarash.tarash_gateway.errors import TarashError, complete
from tarash.tarash_gateway.flows.commands import Flow, Now, Observe, Today
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.recording import request_snapshot
from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.models.request import GenerationRequest, ImageGenerationRequest
from tarash.tarash_gateway.models.response import GenerationResponse
from tarash.tarash_gateway.plugins.observers import CallContext, CallOutcome, Operation

ReturnT = TypeVar("ReturnT")


def seen_call(
    known: dict[str, Any], operation: Operation, request: GenerationRequest | None, **more: Any
) -> Flow[CallContext]:
    """What an observer is told of a call: `known` is its request id, provider and model."""
    kind: Literal["image", "video"] = "image" if isinstance(request, ImageGenerationRequest) else "video"
    asked = {} if request is None else request_snapshot(request)
    told = {"endpoint": None, **known, **more}
    return CallContext(kind=kind, operation=operation, at=(yield Today()), asked=asked, **told)


def observed(seen: CallContext, flow: Flow[ReturnT]) -> Flow[ReturnT]:
    """Runs `flow` and tells observers of its beginning and its end."""
    started = yield Now()
    yield Observe("tarash_before_generate", {"context": seen})
    try:
        result = yield from flow
    except GeneratorExit:  # a stream that its reader left: nobody answers a command, and the driver tells of the end
        raise
    except BaseException as error:
        if isinstance(error, TarashError):
            known = {"provider": seen.provider, "model": seen.model, "request_id": seen.request_id}
            complete(error, known)
        job = (error.job if isinstance(error, TarashError) else None) or seen.job
        outcome = CallOutcome((yield Now()) - started, job=job, error=error)
        yield Observe("tarash_after_generate", {"context": seen, "outcome": outcome})
        raise
    response = result if isinstance(result, GenerationResponse) else None
    job = result if isinstance(result, VideoJob) else getattr(response, "job", None)
    outcome = CallOutcome((yield Now()) - started, response=response, job=job)
    yield Observe("tarash_after_generate", {"context": seen, "outcome": outcome})
    return result


def observe_job(context: Context, job: VideoJob, before: VideoJob | None = None) -> Flow[None]:
    """Tells observers of a job that is new, or is not as it was `before`."""
    news = before is None or (job.status, job.progress) != (before.status, before.progress)
    if context.seen is not None and news:
        yield Observe("tarash_job_updated", {"context": context.seen, "job": job})
