"""What the refusals of Kiln mean. Whether something may be on a bill is part of every error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError, TarashError
from tarash.tarash_gateway.plugins import error_for_status
from tarash.tarash_gateway.redaction import mask, mask_all

MODERATION = ("not_for_our_kiln",)
"""The vendor's words for a refusal by moderation."""

MEANS = {"kiln_full": 429, "no_clay": 402, "unknown_glaze": 404}
"""Kiln's word to the status that says the same everywhere else; Kiln sends 409 for all of them."""


def refusal(status: int, headers: Mapping[str, str], content: bytes, secrets: Iterable[str]) -> TarashError:
    """The error that an answer with a status of 300 or above means.

    Args:
        status: the HTTP status.
        headers: the answer's, for Retry-After.
        content: its body.
        secrets: keys, which a vendor's text may quote.
    """
    if status < 400:
        msg = "the server redirects, which is not followed: set base_url to where the API is"
        return InvalidResponseError(msg, status_code=status, billable="no")
    kind, told, raw = read_fault(content, secrets)
    if kind in MODERATION:
        return ContentPolicyError(f"moderation refused it: {told}", status_code=status, code=kind, raw=raw)
    msg = f"Kiln refuses it: {told}"
    error = error_for_status(MEANS.get(str(kind), status), msg, headers=headers, code=kind, raw=raw)
    error.status_code = status
    return error


def read_fault(content: bytes, secrets: Iterable[str]) -> tuple[str | None, str, object]:
    """The vendor's word, its sentence, and its whole answer, each without the key."""
    known = tuple(secrets)
    try:
        answer = json.loads(content)
    except ValueError:
        answer = content[:2000].decode(errors="replace")
    fault = answer.get("fault") if isinstance(answer, dict) else None
    kind = fault.get("kind") if isinstance(fault, dict) else None
    told = fault.get("words") if isinstance(fault, dict) else None
    words = mask(told, known) if isinstance(told, str) else "(it gives no reason)"
    return mask(str(kind), known) if kind is not None else None, words, mask_all(answer, known)
