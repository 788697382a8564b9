"""The last update of a call that fails: whoever shows its progress can stop."""

from __future__ import annotations

from typing import Any, TypeVar

from tarash.tarash_gateway.flows.commands import Emit, Flow, Now
from tarash.tarash_gateway.models.update import ImageGenerationUpdate, VideoGenerationUpdate

ReturnT = TypeVar("ReturnT")


def told_when_failing(
    flow: Flow[ReturnT], kind: type[ImageGenerationUpdate | VideoGenerationUpdate], known: dict[str, Any]
) -> Flow[ReturnT]:
    """Runs `flow`; where it fails or is broken off, an update says so, with the job where there is one.

    Args:
        flow: the call.
        kind: which kind of update.
        known: request id, provider and model.
    """
    started = yield Now()
    try:
        return (yield from flow)
    except GeneratorExit:
        raise
    except BaseException as error:
        ours = isinstance(error, Exception)
        told = {**known, "message": (str(error) if ours else "") or f"broken off ({type(error).__name__})"}
        job = getattr(error, "job", None)
        if job is not None:
            told["job"] = job
        yield Emit(kind(status="failed", elapsed_seconds=(yield Now()) - started, **told))
        raise
