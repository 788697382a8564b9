"""The vendor's error bodies, spelled as the vendor spells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash_gateway_sandbox.replies import Answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Sequence


class VendorError(Exception):
    """A refusal, to be answered with `{"error": {"message", "type", "param", "code"}}`.

    Args:
        message: The vendor's sentence.
        param: The parameter it is about.
        code: The vendor's code.
        status: The HTTP status.
        kind: The vendor's `type`.
    """

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.message, self.param, self.code, self.status, self.kind = message, param, code, status, kind

    def answer(self) -> Answer:
        """This error as what goes back over the wire."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return json_answer({"error": error}, status=self.status)


def listed(values: Sequence[str], last: str = "and") -> str:
    """Returns values in single quotes with the vendor's commas: `'a', 'b', and 'c'`."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return f" {last} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {last} {quoted[-1]}"


def unknown_parameter(name: str) -> VendorError:
    """Returns a key the vendor does not know."""
    return VendorError(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def missing_parameter(name: str) -> VendorError:
    """Returns a key the vendor insists on."""
    return VendorError(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def invalid_value(name: str, value: object, supported: Sequence[str]) -> VendorError:
    """Returns a value outside the vendor's list."""
    message = f"Invalid value: '{value}'. Supported values are: {listed(supported)}."
    return VendorError(message, param=name, code="invalid_value")


def invalid_type(name: str, expected: str, value: object) -> VendorError:
    """Returns a value of the wrong JSON type."""
    message = f"Invalid type for '{name}': expected {expected}, but got {json_type(value)} instead."
    return VendorError(message, param=name, code="invalid_type")


def model_not_found(model: str) -> VendorError:
    """Returns a model the vendor does not have."""
    message = f"The model '{model}' does not exist or you do not have access to it."
    return VendorError(message, param="model", code="model_not_found", status=404)


def json_type(value: object) -> str:
    """Returns a JSON value's type with its article, as in `got an integer instead`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    names: tuple[tuple[type, str], ...] = (
        (int, "an integer"),
        (float, "a decimal number"),
        (str, "a string"),
        (list, "an array"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "an object")
