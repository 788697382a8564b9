"""The vendor's error bodies: its models' `detail` lists, and its platform's sentences."""

from __future__ import annotations

from typing import Any

from tarash_gateway_sandbox.errors import VendorError
from tarash_gateway_sandbox.replies import Answer, json_answer


class FalError(VendorError):
    """A refusal of the platform: `{"detail": text}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message, status=status)

    def answer(self) -> Answer:
        """This error as what goes back over the wire."""
        return json_answer({"detail": self.message}, status=self.status)


class ModelError(FalError):
    """A refusal of a model: `{"detail": [{"loc", "msg", "type", "input"}]}`, with what was sent in it.

    Args:
        place: The field.
        message: The sentence.
        kind: The entry's `type`.
        value: What was sent.
        more: Further entries of it.
    """

    def __init__(self, place: str, message: str, kind: str, value: Any, **details: Any) -> None:
        super().__init__(422, message)
        self.entry = {"loc": ["body", place], "msg": message, "type": kind, "input": value, **details}

    def answer(self) -> Answer:
        """This error as what goes back over the wire."""
        return json_answer({"detail": [self.entry]}, status=422, headers={"x-fal-retryable": "false"})
