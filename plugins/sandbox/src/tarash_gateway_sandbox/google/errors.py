"""The vendor's error bodies, in their three shapes: a text for a code, a number for a code, and a list."""

from __future__ import annotations

from typing import Any

from tarash_gateway_sandbox.errors import VendorError
from tarash_gateway_sandbox.replies import Answer, json_answer

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
"""The vendor's word for an HTTP status."""


class GoogleError(VendorError):
    """A refusal of this vendor.

    Args:
        status: The HTTP status.
        message: The vendor's sentence.
        word: The code as text, as the interactions have it; None for a number and a status.
        details: What is behind it.
        listed: Whether it comes in a list, as from the front end.
        reason: The status word, where it is another than the usual.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        word: str | None = None,
        details: list[dict[str, Any]] | None = None,
        listed: bool = False,
        reason: str | None = None,
    ) -> None:
        super().__init__(message, status=status)
        self.word, self.details, self.listed, self.reason = word, details, listed, reason

    def answer(self) -> Answer:
        """This error as what goes back over the wire."""
        if self.word is not None:
            content: dict[str, Any] = {"message": self.message, "code": self.word}
        else:
            content = {"code": self.status, "message": self.message}
            content["status"] = self.reason or STATUSES.get(self.status, "UNKNOWN")
            if self.details:
                content["details"] = self.details
        body = {"error": content}
        return json_answer([body] if self.listed else body, status=self.status)


def unsupported(field: str, value: object, values: tuple[str, ...]) -> GoogleError:
    """Returns a value that is none of an interaction's."""
    listed = ", ".join(f"'{value}'" for value in values)
    msg = f"The value '{value}' is not supported for '{field}'. Supported values: {listed}."
    return GoogleError(400, msg, word="invalid_request")


def invalid(message: str) -> GoogleError:
    """Returns a bad request of an interaction."""
    return GoogleError(400, message, word="invalid_request")


def unknown_field(name: str, place: str) -> GoogleError:
    """Returns a field that the models' own routes do not know."""
    return GoogleError(400, f"Invalid JSON payload received. Unknown name \"{name}\" at '{place}': Cannot find field.")
