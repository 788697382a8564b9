"""What is said of a call: in the words of the GenAI conventions where they have one, else under `tarash.`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tarash_gateway_opentelemetry.usage import usage_attributes

if TYPE_CHECKING:
    from tarash.tarash_gateway.models import GenerationJob
    from tarash.tarash_gateway.models.response import GenerationResponse
    from tarash.tarash_gateway.plugins import CallContext, CallOutcome

OPERATIONS = {
    "generate": "generate_content",
    "stream": "generate_content",
    "submit": "generate_content",
    "poll": "fetch_response",
    "resume": "fetch_response",
    "cancel": "cancel_response",
}
"""Our function → `gen_ai.operation.name`. For cancelling the conventions have no word yet."""

PROVIDERS = {"azure_openai": "azure.ai.openai"}
"""Our provider → `gen_ai.provider.name`, where the conventions have another word."""

REQUEST = {
    "seed": "gen_ai.request.seed",
    "n": "gen_ai.request.choice.count",
    **{
        name: f"tarash.request.{name}"
        for name in (
            "size",
            "aspect_ratio",
            "resolution",
            "quality",
            "style",
            "background",
            "output_format",
            "duration_seconds",
            "generate_audio",
            "operation",
        )
    },
}
"""A field of the request → its attribute. Nothing that a person wrote is among them."""

_AT_A_JOB = ("poll", "resume", "cancel")
_PORTS = {"http": 80, "https": 443}


def asks_the_vendor(context: CallContext) -> bool:
    """Whether this is what goes to the vendor: an attempt, or a call about a job, which has no attempts."""
    return context.attempt is not None or context.operation in _AT_A_JOB


def span_name(context: CallContext) -> str:
    """Names a span: the vendor's part as the conventions say, the call around it as our function."""
    if asks_the_vendor(context):
        return f"{OPERATIONS[context.operation]} {context.model}"
    return f"{context.operation}_{context.kind}"


def call_attributes(context: CallContext) -> dict[str, Any]:
    """Returns what is known when a span begins."""
    attributes: dict[str, Any] = {
        "tarash.request_id": context.request_id,
        "tarash.operation": context.operation,
        "tarash.kind": context.kind,
        "tarash.provider": context.provider,
        "tarash.model": context.model,
    }
    if context.attempt is not None:
        attributes["tarash.attempt"] = context.attempt
    if not asks_the_vendor(context):
        return attributes  # what the conventions name is on the vendor's part alone, so that sums are right
    if context.operation == "stream":
        attributes["gen_ai.request.stream"] = True
    if context.job is not None:
        attributes |= job_attributes(context.job)
    request = {name: value for name, value in context.request.items() if name in REQUEST}
    return attributes | vendor_attributes(context) | {REQUEST[name]: value for name, value in request.items()}


def vendor_attributes(context: CallContext) -> dict[str, Any]:
    """Returns what spans and metrics of one request to a vendor share: few values each."""
    provider = context.provider.replace("-", "_").lower()
    return {
        "gen_ai.operation.name": OPERATIONS[context.operation],
        "gen_ai.provider.name": PROVIDERS.get(provider, provider),
        "gen_ai.request.model": context.model,
        "gen_ai.output.type": context.kind,
        **_server(context.endpoint),
    }


def job_attributes(job: GenerationJob) -> dict[str, Any]:
    """Returns which job it is, and which call submitted it."""
    attributes = {"gen_ai.response.id": job.id, "tarash.job.id": job.id, "tarash.job.request_id": job.request_id}
    return {name: value for name, value in attributes.items() if value is not None}


def outcome_attributes(context: CallContext, outcome: CallOutcome) -> dict[str, Any]:
    """Returns what is known when a span ends, its error aside."""
    response = outcome.response
    if not asks_the_vendor(context):
        return {} if response is None else {"tarash.attempts": len(response.attempts)}
    attributes = {} if response is None else _response(response)
    return attributes if outcome.job is None else attributes | job_attributes(outcome.job)


def _response(response: GenerationResponse) -> dict[str, Any]:
    attributes = {
        "gen_ai.response.id": response.provider_request_id,
        "tarash.provider_request_id": response.provider_request_id,
        "tarash.cost_usd": response.cost,
        "tarash.cost_source": response.cost_source,
        "tarash.outputs": len(response.media),
        "tarash.output.seconds": getattr(response, "duration_seconds", None),
        **usage_attributes(response.usage),
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _server(endpoint: str | None) -> dict[str, Any]:
    try:
        address = urlsplit(endpoint or "")
        host, port = address.hostname, address.port or _PORTS.get(address.scheme)
    except ValueError:
        return {}
    return {} if host is None or port is None else {"server.address": host, "server.port": port}
