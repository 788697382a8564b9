"""How a span tells of an error: its kind, our own message, never a foreign text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.errors import TarashError
from tarash_gateway_opentelemetry.content import without_prompt

if TYPE_CHECKING:
    from opentelemetry.trace import Span


def error_attributes(error: BaseException | None) -> dict[str, Any]:
    """Returns `error.type` of an error; none for a reader who left a stream."""
    return {} if error is None or isinstance(error, GeneratorExit) else {"error.type": type(error).__qualname__}


def tell_error(span: Span, error: BaseException, request: Mapping[str, Any]) -> None:
    """Writes an error on a span: its status, and an event with its class and message.

    Args:
        span: the span that it ends.
        error: what broke the call off.
        request: the request, whose prompts the message must not quote.
    """
    from opentelemetry.trace import Status, StatusCode

    if isinstance(error, GeneratorExit):
        span.set_attribute("tarash.left", True)  # noqa: FBT003 # as OpenTelemetry has it
        return
    kind = type(error)
    builtin = kind.__module__ == "builtins"
    event = {"exception.type": kind.__qualname__ if builtin else f"{kind.__module__}.{kind.__qualname__}"}
    message = None
    if isinstance(error, TarashError):
        # Ours alone: its keys are masked. A trace would show the texts of its causes, which are a stranger's.
        message = event["exception.message"] = without_prompt(str(error), request)
        details = {"code": error.code, "status_code": error.status_code, "billable": error.billable}
        span.set_attributes({f"tarash.error.{name}": value for name, value in details.items() if value is not None})
    span.add_event("exception", event)
    span.set_attributes(error_attributes(error))
    span.set_status(Status(StatusCode.ERROR, message))
