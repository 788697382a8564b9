"""Spans and metrics of the gateway's calls, in OpenTelemetry's conventions for generative AI.

Installing this distribution is all there is to do: calls are told to the tracer and meter providers that the
application has set. An application with providers of its own gives them to an `OpenTelemetryObserver`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash.tarash_gateway.plugins import hookimpl
from tarash_gateway_opentelemetry.observer import OpenTelemetryObserver

if TYPE_CHECKING:
    from tarash.tarash_gateway.models import GenerationJob
    from tarash.tarash_gateway.plugins import CallContext, CallOutcome

__all__ = [
    "OpenTelemetryObserver",
    "tarash_after_generate",
    "tarash_before_generate",
    "tarash_job_updated",
]

_installed = OpenTelemetryObserver()


@hookimpl
def tarash_before_generate(context: CallContext) -> None:
    """Begins the span of a call or of an attempt."""
    _installed.tarash_before_generate(context)


@hookimpl
def tarash_job_updated(context: CallContext, job: GenerationJob) -> None:
    """Adds an event to the span: the job has another status."""
    _installed.tarash_job_updated(context, job)


@hookimpl
def tarash_after_generate(context: CallContext, outcome: CallOutcome) -> None:
    """Ends the span, and measures what it was."""
    _installed.tarash_after_generate(context, outcome)
