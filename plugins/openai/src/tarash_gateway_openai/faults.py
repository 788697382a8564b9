"""What a refusal or a broken connection means, in the gateway's errors. Pure: it looks at status, headers and body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import pydantic_core

from tarash.tarash_gateway.errors import (
    ConnectionFailedError,
    ContentPolicyError,
    InvalidResponseError,
    ProviderUnavailableError,
    QuotaExceededError,
    TarashError,
)
from tarash.tarash_gateway.plugins import error_for_status
from tarash.tarash_gateway.redaction import mask, mask_all

_MODERATION = {
    "content_policy_violation",
    "moderation_blocked",
    "content_filter",
    "contentfilter",
    "responsibleaipolicyviolation",
    "sentinel_block",
}
"""Codes with which moderation refuses, in lower case: OpenAI's, and Azure's in all its spellings."""

_OUT_OF_MONEY = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}

_NOT_SENT = (
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedProtocol",
    "LocalProtocolError",
)
"""Names of the transport's exceptions after which nothing can have arrived."""

_HINTS = {
    401: "The key was looked for in api_key, then in {variable}.",
    404: "Is the model's name right, and does base_url end where the API begins (usually /v1)?",
}

_DEPLOYMENT = (
    "Azure asks for the deployment's name as `model`, not for the model's: is it spelled as in the resource, "
    "is base_url that resource's, and is the deployment older than a few minutes?"
)
_ROUTE = (
    "Azure has no such route here: is base_url the resource's address, and does api_version have it? "
    "Without api_version requests go to the v1 route, which has images, edits and videos."
)

TOLD = 2000
"""Characters of a vendor's words that a message shows."""

MOST_CATEGORIES = 50

_AFTER_GENERATING = ("generated image", "generated video", "generated content")
"""Words of a refusal, in lower case, that tell of a result which was withheld."""


def status_fault(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Iterable[str],
    variable: str,
    about_a_job: bool = False,
) -> TarashError:
    """The error of an answer with a status of 300 or above.

    Args:
        status: the HTTP status.
        headers: the answer's headers.
        body: the answer's body.
        secrets: the keys that may stand in it.
        variable: the environment variable that a key is read from, for the text.
        about_a_job: whether a known job was asked about, so that a 404 says nothing about a model's name.
    """
    known = tuple(secrets)
    if status < 400:
        host = urlsplit(headers.get("location", "")).hostname or "another address"
        msg = (
            f"the server redirects to {host}, which is not followed so that the key stays at its host; "
            "set base_url to it if you trust it"
        )
        return InvalidResponseError(msg, status_code=status, billable="no")
    fault, raw = _fault(body)
    code = _code(fault)
    code = None if code is None else told_words(code, known)
    told = told_words(fault.get("message") or _page(body) or "no reason given", known)
    known_more: dict[str, Any] = {"code": code, "raw": mask_all(raw, known)}
    if is_moderation(fault):
        stage = stage_of(fault)
        msg = f"moderation {'withheld the result' if stage == 'output' else 'refused the request'}: {told}"
        categories = categories_of(fault, known)
        return ContentPolicyError(msg, stage=stage, categories=categories, status_code=status, **known_more)
    hint = "" if status == 404 and about_a_job else _hint(status, fault).format(variable=variable)
    text = f"{told.rstrip()} (HTTP {status}{f', {code}' if code else ''})" + (f". {hint}" if hint else "")
    if code in _OUT_OF_MONEY:
        return QuotaExceededError(
            f"{text}. Waiting does not help: look at the account's billing.", status_code=status, **known_more
        )
    return error_for_status(status, text, headers=headers, **known_more)


def event_fault(message: str, body: Any, *, secrets: Iterable[str] = ()) -> TarashError:
    """The error of an event in a stream: the answer had begun, so that something may have been made."""
    known = tuple(secrets)
    fault = body if isinstance(body, dict) else {}
    code = _code(fault)
    known_more: dict[str, Any] = {
        "code": None if code is None else told_words(code, known),
        "raw": mask_all(body, known),
        "billable": "unknown",
    }
    told = told_words(message, known)
    if is_moderation(fault):
        msg = f"moderation ended the stream: {told}"
        return ContentPolicyError(msg, stage="output", categories=categories_of(fault, known), **known_more)
    return ProviderUnavailableError(f"the stream ended with an error: {told}", **known_more)


def connection_fault(error: BaseException, base_url: str, *, timed_out: bool) -> ConnectionFailedError:
    """The error of a request that got no answer: it says whether the request can have arrived."""
    cause = error.__cause__ or error
    names = {kind.__name__ for kind in type(cause).__mro__}
    sent = not names.intersection(_NOT_SENT)
    host = urlsplit(base_url).hostname
    detail = str(cause) or type(cause).__name__
    if sent:
        what = "did not answer in time" if timed_out else "closed the connection without a whole answer"
        return ConnectionFailedError(f"{host} {what} ({type(cause).__name__})", retryable=True, billable="unknown")
    if any(word in detail.upper() for word in ("CERTIFICATE", "SSL", "TLS")):
        msg = (
            f"no secure connection to {host}: {detail}. Is there a proxy with its own certificate (SSL_CERT_FILE), "
            "or does base_url say https where the server speaks http?"
        )
        return ConnectionFailedError(msg, billable="no")
    msg = f"{host} cannot be reached: {detail}. Is base_url right, and is there a network?"
    return ConnectionFailedError(msg, retryable=True, billable="no")


def late(base_url: str) -> ConnectionFailedError:
    """The error of a request whose time was over before its answer was whole."""
    msg = f"{urlsplit(base_url).hostname} did not answer in time"
    return ConnectionFailedError(msg, retryable=True, billable="unknown")


def is_moderation(fault: Mapping[str, Any]) -> bool:
    """Whether moderation refused, in any of the vendor's spellings."""
    inner = _inner(fault)
    words = (fault.get("code"), fault.get("type"), inner.get("code"))
    return any(str(word).lower() in _MODERATION for word in words if word)


def stage_of(fault: Mapping[str, Any]) -> Literal["input", "output"]:
    """Whether moderation refused what was asked for, or withheld what was made of it."""
    details = fault.get("moderation_details")
    if isinstance(details, Mapping) and details.get("moderation_stage") in ("input", "output"):
        return "output" if details["moderation_stage"] == "output" else "input"
    text = str(fault.get("message") or "").lower()
    return "output" if any(word in text for word in _AFTER_GENERATING) else "input"


def categories_of(fault: Mapping[str, Any], secrets: Iterable[str] = ()) -> tuple[str, ...]:
    """What the content filter objected to; empty where the vendor does not say."""
    known = tuple(secrets)
    inner = _inner(fault)
    found: list[str] = []
    for table in (inner, fault):
        for spelling in ("content_filter_results", "content_filter_result"):
            results = table.get(spelling)
            if isinstance(results, Mapping):
                found += [
                    str(name)
                    for name, result in results.items()
                    if isinstance(result, Mapping) and (result.get("filtered") or result.get("detected"))
                ]
    details = fault.get("moderation_details")
    if isinstance(details, Mapping) and isinstance(details.get("categories"), list):
        found += [str(category) for category in details["categories"]]
    return tuple(dict.fromkeys(told_words(name, known) for name in found[:MOST_CATEGORIES]))


def told_words(words: object, secrets: Iterable[str]) -> str:
    """What a vendor says, without a key in it and no longer than a message should be."""
    text = str(words)
    kept = mask(text[: 2 * TOLD], secrets)
    return kept if len(kept) <= TOLD and len(text) <= 2 * TOLD else f"{kept[:TOLD]}…"


def _hint(status: int, fault: Mapping[str, Any]) -> str:
    """What to look at, by status; Azure has words of its own for what is not there."""
    if status == 404:
        message = str(fault.get("message") or "").lower()
        if fault.get("code") == "DeploymentNotFound" or "api deployment" in message:
            return _DEPLOYMENT
        if str(fault.get("code")) == "404":
            return _ROUTE
    return _HINTS.get(status, "")


def _inner(fault: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = fault.get("inner_error") or fault.get("innererror") or {}
    return inner if isinstance(inner, Mapping) else {}


def _fault(body: bytes) -> tuple[Mapping[str, Any], Any]:
    """The error object of a body, and the body as far as it is JSON."""
    try:
        parsed = pydantic_core.from_json(body)
    except ValueError:
        return {}, body[:1000].decode(errors="replace")
    fault = parsed.get("error", parsed) if isinstance(parsed, dict) else {}
    return fault if isinstance(fault, dict) else {"message": fault}, parsed


def _code(fault: Mapping[str, Any]) -> str | None:
    code = fault.get("code") or fault.get("type")
    return str(code) if code else None


def _page(body: bytes) -> str | None:
    """A page in place of an answer is a proxy's; its text says little."""
    text = body[:200].decode(errors="replace").strip()
    if not text:
        return None
    return "a web page came in place of an answer, probably from a proxy" if text.startswith("<") else text
