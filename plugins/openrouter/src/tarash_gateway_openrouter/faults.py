"""What a refusal or a broken connection means, in the gateway's errors. Pure: it looks at status, headers and body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pydantic_core

from tarash.tarash_gateway.errors import (
    ConnectionFailedError,
    ContentPolicyError,
    InvalidResponseError,
    ModelNotFoundError,
    ProviderError,
    ProviderUnavailableError,
    TarashError,
)
from tarash.tarash_gateway.plugins import error_for_status
from tarash_gateway_openrouter.connection import KEY_VARIABLE
from tarash_gateway_openrouter.texts import Texts

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
    401: f"The key was looked for in api_key, then in {KEY_VARIABLE}.",
    402: "The account has no credits left: waiting does not help, look at openrouter.ai/settings/credits.",
    404: "Is the model's name right, with its author as in google/veo-3.1? list_models('openrouter') shows some, "
    "refresh_models fetches all.",
}

_NO_MODEL = re.compile(r"not a valid model|no endpoints? found|model .{0,80}not found", re.IGNORECASE)
"""How a 400 says that there is no such model."""

_POLICY = re.compile(
    r"content[ _-]?polic|polic(y|ies) violation|violat\w+ .{0,40}polic|moderation|moderated"
    r"|safety (filter|system|check)|was flagged|been flagged|prohibited content|nsfw",
    re.IGNORECASE,
)
"""How the one sentence of a failed job says that moderation ended it."""

MOST_CATEGORIES = 50


def is_policy(text: str) -> bool:
    """Whether a sentence tells of moderation."""
    return _POLICY.search(text) is not None


def status_fault(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: tuple[str, ...],
    prompt: str | None = None,
    creating: bool = True,
) -> TarashError:
    """The error of an answer with a status of 300 or above.

    Args:
        status: the HTTP status.
        headers: the answer's headers.
        body: the answer's body, as far as it was read.
        secrets: the keys that may stand in it.
        prompt: what was asked for, which may stand in it too.
        creating: whether something was to be made, rather than a known job asked about.
    """
    if status < 400:
        host = urlsplit(headers.get("location", "")).hostname or "another address"
        msg = (
            f"the server redirects to {host}, which is not followed so that the key stays at its host; "
            "set base_url to it if you trust it"
        )
        return InvalidResponseError(msg, status_code=status, billable="no")
    fault, raw = _fault(body)
    return _error(status, _Told(fault, raw, Texts(secrets, [prompt], raw), _page(body), headers, creating))


def embedded_fault(status: int, parsed: Mapping[str, Any], texts: Texts) -> TarashError:
    """The error of a good answer that has one in it: its code is what the status would have been.

    Args:
        status: the HTTP status.
        parsed: the answer.
        texts: what takes keys and prompts out of it.
    """
    fault, raw = _as_fault(parsed.get("error")), dict(parsed)
    code = fault.get("code")
    if isinstance(code, int) and 400 <= code < 600:
        return _error(code, _Told(fault, raw, texts))
    told = texts.told(fault.get("message") or "no reason given")
    if is_policy(told):
        return ContentPolicyError(f"moderation: {told}", stage="output", billable="unknown", raw=texts.kept(raw))
    msg = f"the vendor answered {status} with an error in it: {told}"
    return InvalidResponseError(msg, raw=texts.kept(raw), status_code=status, billable="unknown")


def event_fault(event: Mapping[str, Any], texts: Texts) -> ProviderError:
    """The error of an event in a stream: the answer had begun, so that something may have been made."""
    fault = _as_fault(event.get("error"))
    told = texts.told(fault.get("message") or "no reason given")
    code = None if fault.get("code") is None else texts.told(fault["code"])
    known: dict[str, Any] = {"code": code, "raw": texts.kept(dict(event)), "billable": "unknown"}
    if is_policy(f"{code} {told}".replace("_", " ")):
        return ContentPolicyError(f"moderation ended the stream: {told}", stage="output", **known)
    return ProviderUnavailableError(f"the stream ended with an error: {told}", **known)


def connection_fault(error: BaseException, host: str, *, timed_out: bool) -> ConnectionFailedError:
    """The error of a request that got no answer: it says whether the request can have arrived."""
    names = {kind.__name__ for kind in type(error).__mro__}
    detail = str(error) or type(error).__name__
    if not names.intersection(_NOT_SENT):
        what = "did not answer in time" if timed_out else "closed the connection without a whole answer"
        return ConnectionFailedError(f"{host} {what} ({type(error).__name__})", retryable=True, billable="unknown")
    if any(word in detail.upper() for word in ("CERTIFICATE", "SSL", "TLS")):
        msg = (
            f"no secure connection to {host}: {detail}. Is there a proxy with its own certificate (SSL_CERT_FILE), "
            "or does base_url say https where the server speaks http?"
        )
        return ConnectionFailedError(msg, billable="no")
    msg = f"{host} cannot be reached: {detail}. Is base_url right, and is there a network?"
    return ConnectionFailedError(msg, retryable=True, billable="no")


def late(host: str) -> ConnectionFailedError:
    """The error of a request whose time was over before its answer was whole."""
    msg = f"{host} did not answer in time"
    return ConnectionFailedError(msg, retryable=True, billable="unknown")


@dataclass(frozen=True, slots=True)
class _Told:
    """What an answer tells of a fault."""

    fault: Mapping[str, Any]
    raw: Any
    texts: Texts
    page: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    creating: bool = True

    @property
    def metadata(self) -> Mapping[str, Any]:
        known = self.fault.get("metadata")
        return known if isinstance(known, Mapping) else {}

    @property
    def words(self) -> str:
        return self.texts.told(self.fault.get("message") or self.page or "no reason given").rstrip().rstrip(".")

    def known(self) -> dict[str, Any]:
        code = self.fault.get("code")
        return {"code": None if code is None else self.texts.told(code), "raw": self.texts.kept(self.raw)}


def _error(status: int, told: _Told) -> TarashError:
    reasons = told.metadata.get("reasons")
    if "flagged_input" in told.metadata or isinstance(reasons, list):
        listed = reasons[:MOST_CATEGORIES] if isinstance(reasons, list) else []
        msg = f"moderation refused the request: {told.words}"
        categories = [told.texts.told(reason) for reason in listed if isinstance(reason, str)]
        return ContentPolicyError(msg, stage="input", categories=categories, status_code=status, **told.known())
    behind = told.metadata.get("provider_name")
    at = f", from {told.texts.told(behind)[:100]}" if isinstance(behind, str) and behind else ""
    no_model = status == 400 and told.creating and _NO_MODEL.search(told.words) is not None
    hint = "" if status == 404 and not told.creating else _HINTS.get(404 if no_model else status, "")
    text = f"{told.words} (HTTP {status}{at})" + (f". {hint}" if hint else "")
    if no_model:
        return ModelNotFoundError(text, status_code=status, **told.known())
    if status == 499:  # something between gave the request up; it may have been made all the same
        return ProviderUnavailableError(text, status_code=status, retryable=True, billable="unknown", **told.known())
    return error_for_status(status, text, headers=told.headers, **told.known())


def _fault(body: bytes) -> tuple[Mapping[str, Any], Any]:
    """The error object of a body, and the body as far as it is JSON."""
    try:
        parsed = pydantic_core.from_json(body)
    except ValueError:
        return {}, body[:1000].decode(errors="replace")
    return _as_fault(parsed.get("error", parsed) if isinstance(parsed, dict) else None), parsed


def _as_fault(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    return {"message": value} if isinstance(value, str) and value else {}


def _page(body: bytes) -> str | None:
    """A page in place of an answer is a proxy's; its text says little."""
    text = body[:200].decode(errors="replace").strip()
    if not text or text.startswith(("{", "[")):
        return None
    return "a web page came in place of an answer, probably from a proxy" if text.startswith("<") else text
