"""What this vendor's refusals mean, over what the kit reads of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from tarash.tarash_gateway.errors import ContentPolicyError, ModelNotFoundError, ProviderUnavailableError, TarashError
from tarash.tarash_gateway.plugins.http import Answer, error_of, read_error_body
from tarash.tarash_gateway.plugins.http import read_error as read_any_error
from tarash_gateway_openrouter.endpoint import KEY_VARIABLE

HINTS: Final = {
    401: f"The key was looked for in api_key, then in {KEY_VARIABLE}.",
    402: "The account has no credits left: waiting does not help, look at openrouter.ai/settings/credits.",
    404: "Is the model's name right, with its author as in google/veo-3.1? list_models('openrouter') shows some, "
    "refresh_models fetches all.",
}

_NO_MODEL: Final = re.compile(r"not a valid model|no endpoints? found|model .{0,80}not found", re.IGNORECASE)
"""How a 400 says that there is no such model."""

_FLAGGED: Final = "flagged_input"
_CUT: Final = "..."
"""What the vendor puts in place of the middle of a long text that it quotes."""


def read_error(answer: Answer) -> TarashError:
    """Returns the error of an answer with a status of 300 or above."""
    body = read_error_body(answer.body)
    metadata = body.details.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    if _FLAGGED in metadata or isinstance(metadata.get("reasons"), list):
        return _refusal(answer, body.body)
    if answer.status < 400:
        return read_any_error(answer)
    behind = metadata.get("provider_name")
    at = f"from {answer.text(behind)[:100]}" if isinstance(behind, str) and behind else ""
    body = replace(body, message=body.words.rstrip().rstrip("."))
    no_model = answer.status == 400 and answer.method == "POST" and _NO_MODEL.search(body.words) is not None
    hints = {**HINTS, 400: HINTS[404]} if no_model else HINTS
    error = error_of(answer, body, hints=hints, at=at)
    details: dict[str, Any] = {"status_code": answer.status, "code": error.code, "raw": error.raw}
    if no_model:
        return ModelNotFoundError(error.message, **details)
    if answer.status == 499:  # something between gave the request up; it may have been made all the same
        return ProviderUnavailableError(error.message, retryable=True, billable="unknown", **details)
    return error


def _refusal(answer: Answer, parsed: Any) -> TarashError:
    """Makes the refusal without the field in which moderation quotes the prompt."""
    quoted = [part for text in _quoted(parsed) for part in (text, *text.split(_CUT))]
    answer = replace(answer, redaction=answer.redaction.hiding(quoted))
    body = read_error_body(_without_quotes(parsed))
    msg = f"moderation refused the request: {answer.text(body.words).rstrip().rstrip('.')}"
    categories = [answer.text(category) for category in body.categories]
    raw = answer.redaction.shown(body.body)
    return ContentPolicyError(msg, categories=categories, status_code=answer.status, code=body.code, raw=raw)


def _quoted(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from ([item] if name == _FLAGGED and isinstance(item, str) else _quoted(item))
    elif isinstance(value, list):
        for item in value:
            yield from _quoted(item)


def _without_quotes(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: f"[prompt, {len(item)} characters]"
            if name == _FLAGGED and isinstance(item, str)
            else _without_quotes(item)
            for name, item in value.items()
        }
    return [_without_quotes(item) for item in value] if isinstance(value, list) else value
