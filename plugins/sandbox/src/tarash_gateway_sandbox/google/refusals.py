"""Refusals that are played on demand, before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash_gateway_sandbox.google.errors import GoogleError
from tarash_gateway_sandbox.google.state import STORE
from tarash_gateway_sandbox.replies import Answer

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call, Vendor

_BUSY = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.05s"}]

REFUSALS = {
    "string_error": GoogleError(
        400,
        "The value '1:7' is not supported for 'response_format.aspect_ratio'. Supported values: '16:9', '9:16'.",
        word="invalid_request",
    ),
    "int_error": GoogleError(429, "Resource has been exhausted (e.g. check quota).", details=_BUSY),
    "array_error": GoogleError(
        403,
        "Requests to this API generativelanguage.googleapis.com are blocked.",
        listed=True,
        reason="API_KEY_SERVICE_BLOCKED",
    ),
    "unavailable": GoogleError(503, "The model is overloaded. Please try again later."),
    "internal": GoogleError(500, "An internal error has occurred."),
}


def refuse(call: Call, vendor: Vendor, named: frozenset[str]) -> Answer | None:
    """Returns the refusal that a creating request is to meet, if there is one."""
    for name, error in REFUSALS.items():
        if name in named or vendor.google.takes(name):
            return error.answer()
    if "redirect" in named or vendor.google.takes("redirect"):
        return Answer(307, {"location": f"{vendor.foreign_origin}{STORE.rstrip('/')}{call.request.path}"})
    return None
