"""Spans between the beginning and the end of what they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from tarash.tarash_gateway.plugins import CallContext

MOST_STREAMS = 1000
"""Spans of streams that are open at once; what is older was left by its reader, and nobody said so."""

_KEY = "tarash-open-span"


@dataclass(slots=True)
class OpenSpan:
    """A span, what was current before it, and whether it has ended."""

    span: Span
    before: Context | None = None
    """The context to go back to; None for a span that was never current."""

    ended: bool = False
    told_of_job: tuple[str, str] | None = None
    """The job and its status that were told last."""

    def make_current(self) -> None:
        """Makes the span current: what happens from here on in this thread or task happens in it."""
        from opentelemetry.context import attach, get_current, set_value
        from opentelemetry.trace import set_span_in_context

        self.before = get_current()
        attach(set_span_in_context(self.span, set_value(_KEY, self)))

    def end(self) -> None:
        """Ends the span, and goes back to the innermost context whose span is still open.

        By looking, not by tokens: two observers of one call end their spans in the order in which they began them.
        """
        from opentelemetry.context import attach, get_current

        self.ended = True
        self.span.end()
        here = context = get_current()
        while isinstance(inner := context.get(_KEY), OpenSpan) and inner.ended and inner.before is not None:
            context = inner.before
        if context is not here:
            attach(context)


class OpenSpans:
    """Found again by call and attempt, in whatever thread the next word of them comes.

    Plain dictionaries: each step is one operation of theirs, so that no lock can be left behind by a fork.
    """

    def __init__(self, most_streams: int = MOST_STREAMS) -> None:
        self._most_streams = most_streams
        self._calls: dict[tuple[str, int | None], OpenSpan] = {}
        self._streams: dict[tuple[str, int | None], OpenSpan] = {}

    def __len__(self) -> int:
        return len(self._calls) + len(self._streams)

    def add(self, context: CallContext, opened: OpenSpan) -> None:
        """Keeps a span until its end is reported."""
        self._kept(context)[context.request_id, context.attempt] = opened
        # A call always ends with a word; only a stream can be left without one.
        too_many = len(self._streams) - self._most_streams
        for key in list(self._streams)[:too_many] if too_many > 0 else ():
            left = self._streams.pop(key, None)
            if left is not None:
                left.span.set_attribute("tarash.left", True)  # noqa: FBT003 # as OpenTelemetry has it
                left.end()

    def call_of(self, context: CallContext) -> OpenSpan | None:
        """Returns the span of the call that an attempt belongs to."""
        return self._kept(context).get((context.request_id, None)) if context.attempt is not None else None

    def find(self, context: CallContext) -> OpenSpan | None:
        """Returns the span of this call or attempt, while it is open."""
        return self._kept(context).get((context.request_id, context.attempt))

    def take(self, context: CallContext) -> OpenSpan | None:
        """Takes out what is kept of a call that has ended."""
        return self._kept(context).pop((context.request_id, context.attempt), None)

    def _kept(self, context: CallContext) -> dict[tuple[str, int | None], OpenSpan]:
        return self._streams if context.operation == "stream" else self._calls
