"""What a refusal or a broken connection means, in the gateway's errors. Pure: it looks at status, headers and body."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pydantic_core

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConnectionFailedError,
    InvalidResponseError,
    TarashError,
)
from tarash.tarash_gateway.media.decoding import without_media
from tarash.tarash_gateway.plugins import error_for_status
from tarash.tarash_gateway.redaction import mask, mask_all

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
    401: "The key was looked for in {where}.",
    404: "Is the model's name right, and is it one of this backend? Preview models are shut down often.",
}

_SHORT_STATUS = re.compile(r"[A-Za-z][\w.-]{0,99}")

TOLD = 2000
"""Characters of a vendor's words that a message shows."""


def status_fault(
    status: int, headers: Mapping[str, str], body: bytes, *, secrets: Iterable[str] = (), where: str = "api_key"
) -> TarashError:
    """The error of an answer with a status of 300 or above.

    Args:
        status: the HTTP status.
        headers: the answer's headers.
        body: the answer's body.
        secrets: the keys that may stand in it.
        where: where a key is looked for, for the text.
    """
    known = tuple(secrets)
    if status < 400:
        host = urlsplit(headers.get("location", "")).hostname or "another address"
        msg = (
            f"the server redirects to {host}, which is not followed so that the key stays at its host; "
            "set base_url to it if you trust it"
        )
        return InvalidResponseError(msg, status_code=status, billable="no")
    fault, raw = read_fault(body)
    code = code_of(fault)
    told = told_words(fault.get("message") or _page(body) or "no reason given", known).rstrip()
    more: dict[str, Any] = {
        "code": None if code is None else told_words(code, known),
        "raw": mask_all(without_media(raw), known),
    }
    if "API_KEY_INVALID" in _reasons(fault):  # a bad key is a 400 here
        msg = f"{told} (HTTP {status}, API_KEY_INVALID). {_HINTS[401].format(where=where)}"
        return AuthenticationError(msg, status_code=status, **{**more, "code": "API_KEY_INVALID"})
    hint = _HINTS.get(status, "").format(where=where)
    named = f", {more['code']}" if code else ""
    text = f"{told} (HTTP {status}{named})" + (f". {hint}" if hint else "")
    error = error_for_status(status, text, headers=headers, **more)
    if error.retry_after is None:
        error.retry_after = _retry_delay(fault)
    return error


def read_fault(body: bytes) -> tuple[Mapping[str, Any], Any]:
    """The error object of a body, and the body as far as it is JSON. The front end wraps it into a list."""
    try:
        parsed = pydantic_core.from_json(body)
    except ValueError:
        return {}, body[:1000].decode(errors="replace")
    first = parsed[0] if isinstance(parsed, list) and parsed else parsed
    fault = first.get("error", first) if isinstance(first, dict) else {}
    return fault if isinstance(fault, dict) else {"message": fault}, parsed


def code_of(fault: Mapping[str, Any]) -> str | None:
    """The vendor's word for an error: a text code, else its status, else its number."""
    for value in (fault.get("code"), fault.get("status")):
        if isinstance(value, str) and _SHORT_STATUS.fullmatch(value):
            return value
    number = fault.get("code")
    return str(number) if isinstance(number, int) else None


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
    return ConnectionFailedError(f"{host} did not answer in time", retryable=True, billable="unknown")


def told_words(words: object, secrets: Iterable[str]) -> str:
    """What a vendor says, without a key in it and no longer than a message should be."""
    text = str(words)
    kept = mask(text[: 2 * TOLD], secrets)
    return kept if len(kept) <= TOLD and len(text) <= 2 * TOLD else f"{kept[:TOLD]}…"


def without_prompt(error: TarashError, prompt: object) -> None:
    """Takes the prompt out of an error's text, where the vendor quotes it."""
    if isinstance(prompt, str) and len(prompt) >= _SHORTEST_PROMPT and prompt in error.message:
        error.message = error.message.replace(prompt, "[prompt]")
        error.args = (error.message,)


_SHORTEST_PROMPT = 8
"""Characters; a shorter prompt may be a word of the vendor's own sentence."""


def _details(fault: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = fault.get("details")
    return [item for item in details if isinstance(item, Mapping)] if isinstance(details, list) else []


def _reasons(fault: Mapping[str, Any]) -> set[str]:
    return {str(item.get("reason")) for item in _details(fault)} | {str(fault.get("status"))}


def _retry_delay(fault: Mapping[str, Any]) -> float | None:
    """Seconds of `google.rpc.RetryInfo`, which come as text such as `34.5s`."""
    for item in _details(fault):
        found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,9})?)s", str(item.get("retryDelay")))
        if found:
            return float(found[1])
    return None


def _page(body: bytes) -> str | None:
    """A page in place of an answer is a proxy's; its text says little."""
    text = body[:200].decode(errors="replace").strip()
    if not text:
        return None
    return "a web page came in place of an answer, probably from a proxy" if text.startswith("<") else text
