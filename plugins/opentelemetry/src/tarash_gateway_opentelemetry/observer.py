"""The observer: begins and ends spans, adds events to them, measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash.tarash_gateway.plugins import hookimpl
from tarash_gateway_opentelemetry.attributes import (
    asks_the_vendor,
    call_attributes,
    job_attributes,
    outcome_attributes,
    span_name,
    vendor_attributes,
)
from tarash_gateway_opentelemetry.content import prompt_attributes
from tarash_gateway_opentelemetry.failures import error_attributes, tell_error
from tarash_gateway_opentelemetry.open_spans import OpenSpan, OpenSpans
from tarash_gateway_opentelemetry.sources import Sources

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from tarash.tarash_gateway.models import GenerationJob
    from tarash.tarash_gateway.plugins import CallContext, CallOutcome


class OpenTelemetryObserver:
    """Tells OpenTelemetry of calls: a span for the call, one below it for each attempt, and metrics of the attempts.

    Args:
        tracer_provider: where spans go; None for the one that the application has set.
        meter_provider: where figures go; None for the one that the application has set.

    Example:
        ```python
        with register_plugin(OpenTelemetryObserver(tracer_provider=provider)):
            generate_image(config, request)
        ```
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._sources = Sources(tracer_provider, meter_provider)
        self._open = OpenSpans()

    @hookimpl
    def tarash_before_generate(self, context: CallContext) -> None:
        """Begins the span of a call or of an attempt."""
        tracer = self._sources.tracer()
        if tracer is None:
            return
        from opentelemetry.trace import SpanKind, set_span_in_context

        call = self._open.call_of(context)
        span = tracer.start_span(
            span_name(context),
            context=None if call is None else set_span_in_context(call.span),
            kind=SpanKind.CLIENT if asks_the_vendor(context) else SpanKind.INTERNAL,
            attributes=call_attributes(context) | (prompt_attributes(context) if asks_the_vendor(context) else {}),
        )
        opened = OpenSpan(span)
        # Between two images of a stream its reader does other things: they are not part of the call.
        if context.operation != "stream":
            opened.make_current()
        self._open.add(context, opened)

    @hookimpl
    def tarash_job_updated(self, context: CallContext, job: GenerationJob) -> None:
        """Adds an event to the span, where the job has another status."""
        opened = self._open.find(context)
        if opened is None or opened.told_of_job == (job.id, job.status):
            return  # progress alone is no event: a span holds 128 of them
        opened.told_of_job = (job.id, job.status)
        opened.span.set_attributes(job_attributes(job))
        changes = {"tarash.job.id": job.id, "tarash.job.status": job.status, "tarash.job.progress": job.progress}
        opened.span.add_event(
            "tarash.job.updated", {name: value for name, value in changes.items() if value is not None}
        )

    @hookimpl
    def tarash_after_generate(self, context: CallContext, outcome: CallOutcome) -> None:
        """Ends the span, and measures what it was."""
        opened = self._open.take(context)
        try:
            if asks_the_vendor(context):
                self._measure(context, outcome)
            if opened is not None and opened.span.is_recording():
                opened.span.set_attributes(outcome_attributes(context, outcome))
                if outcome.error is not None:
                    of_job = {} if outcome.job is None else outcome.job.request
                    tell_error(opened.span, outcome.error, context.request or of_job)
        finally:
            if opened is not None:
                opened.end()

    def _measure(self, context: CallContext, outcome: CallOutcome) -> None:
        instruments = self._sources.instruments()
        if instruments is None:
            return
        attributes = {**vendor_attributes(context), "tarash.operation": context.operation}
        instruments.seconds.record(outcome.seconds, {**attributes, **error_attributes(outcome.error)})
        response = outcome.response
        if response is None:
            return
        if response.cost is not None:
            instruments.dollars.add(response.cost, {**attributes, "tarash.cost_source": str(response.cost_source)})
        if response.usage:
            instruments.count_tokens(response.usage, attributes)
