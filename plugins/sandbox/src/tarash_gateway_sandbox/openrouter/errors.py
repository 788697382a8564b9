"""The vendor's error bodies: a number for a code, and at times what is behind it."""

from __future__ import annotations

from typing import Any

from tarash_gateway_sandbox.errors import VendorError
from tarash_gateway_sandbox.replies import Answer, json_answer


class RouterError(VendorError):
    """A refusal, to be answered with `{"error": {"code", "message", "metadata"}}`.

    Args:
        status: The HTTP status, which is the code too.
        message: The vendor's sentence.
        metadata: What is behind it.
    """

    def __init__(self, status: int, message: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(message, status=status)
        self.metadata = metadata

    def answer(self) -> Answer:
        """This error as what goes back over the wire."""
        return refusal(self.status, self.message, self.metadata)


def refusal(status: int, message: str, metadata: dict[str, Any] | None = None, **headers: str) -> Answer:
    """Returns a refusal as the vendor writes it.

    Args:
        status: The HTTP status.
        message: The vendor's sentence.
        metadata: What is behind it.
        **headers: Further headers; an underscore stands for a hyphen.

    Returns:
        The answer.
    """
    content: dict[str, Any] = {"code": status, "message": message}
    if metadata is not None:
        content["metadata"] = metadata
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return json_answer({"error": content}, status=status, headers=named)
