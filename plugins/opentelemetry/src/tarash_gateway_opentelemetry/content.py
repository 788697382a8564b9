"""Prompts: told where the environment asks for them, and kept out of everything else."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins import CallContext

VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""OpenTelemetry's own switch for prompts."""

_ON_SPANS = ("true", "span_only", "span_and_event")
_WRITTEN = ("prompt", "negative_prompt")

_SHORTEST = 4
"""Characters; a shorter prompt would be found in every other word."""


def prompt_attributes(context: CallContext) -> dict[str, Any]:
    """Returns the prompts of a request as the conventions want them; nothing unless the environment asks for it."""
    if os.environ.get(VARIABLE, "").strip().lower() not in _ON_SPANS or "prompt" not in context.request:
        return {}
    message = {"role": "user", "parts": [{"type": "text", "content": context.request["prompt"]}]}
    attributes = {"gen_ai.input.messages": json.dumps([message], ensure_ascii=False)}
    if "negative_prompt" in context.request:
        attributes["tarash.request.negative_prompt"] = context.request["negative_prompt"]
    return attributes


def without_prompt(text: str, request: Mapping[str, Any]) -> str:
    """Removes the prompts of the request from `text`: a vendor may quote them in its refusal."""
    for name in _WRITTEN:
        written = request.get(name)
        if isinstance(written, str) and len(written) >= _SHORTEST:
            for spelling in (written, json.dumps(written)[1:-1], json.dumps(written, ensure_ascii=False)[1:-1]):
                text = text.replace(spelling, f"[{name}]")
    return text
