"""Checking a request against a model's row, and refusing it in the vendor's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.errors import (
    VendorError,
    invalid_type,
    invalid_value,
    json_type,
    listed,
    missing_parameter,
    unknown_parameter,
)
from tarash_gateway_sandbox.openai.models import FreeSize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tarash_gateway_sandbox.openai.models import ImageModel

SIZE = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")
MOST_PIXELS = 3840 * 3840
"""What the sandbox draws for a deployment whose model it does not know."""


def known_keys(body: Mapping[str, Any], allowed: Iterable[str]) -> None:
    """Refuses keys the vendor does not know.

    Args:
        body: The request's fields.
        allowed: The keys there are.

    Raises:
        VendorError: There is another key.
    """
    names = set(allowed)
    for name in body:
        if name not in names:
            raise unknown_parameter(name)


def text(body: Mapping[str, Any], name: str, supported: tuple[str, ...] = ()) -> str | None:
    """Returns a string of the request.

    Args:
        body: The request's fields.
        name: The key.
        supported: The values there are; empty is any.

    Returns:
        The string, None if it is absent or null.

    Raises:
        VendorError: It is no string, or none of the supported ones.
    """
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid_type(name, f"one of {listed(supported, 'or')}" if supported else "a string", value)
    if supported and value not in supported:
        raise invalid_value(name, value, supported)
    return value


def prompt(body: Mapping[str, Any], longest: int) -> str:
    """Returns the prompt, which every request has.

    Args:
        body: The request's fields.
        longest: Most characters.

    Returns:
        The prompt.

    Raises:
        VendorError: It is missing, empty, too long or no string.
    """
    value = text(body, "prompt")
    if value is None:
        raise missing_parameter(name="prompt")
    if not value:
        message = (
            "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string instead."
        )
        raise VendorError(message, param="prompt", code="empty_string")
    if len(value) > longest:
        message = (
            f"Invalid 'prompt': string too long. Expected a string with maximum length {longest}, "
            f"but got a string with length {len(value)} instead."
        )
        raise VendorError(message, param="prompt", code="string_above_max_length")
    return value


def whole(body: Mapping[str, Any], name: str, least: int, most: int, *, form: bool = False) -> int | None:
    """Returns an integer of the request.

    Args:
        body: The request's fields.
        name: The key.
        least: The smallest value.
        most: The largest value.
        form: Whether the request is a form, where numbers arrive as text.

    Returns:
        The integer, None if it is absent or null.

    Raises:
        VendorError: It is no integer, or out of range.
    """
    value = body.get(name)
    if value is None:
        return None
    if form and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_type(name, "an integer", value)
    if value < least:
        message = (
            f"Invalid '{name}': integer below minimum value. Expected a value >= {least}, but got {value} instead."
        )
        raise VendorError(message, param=name, code="integer_below_min_value")
    if value > most:
        message = f"Invalid '{name}': integer above maximum value. Expected a value <= {most}, but got {value} instead."
        raise VendorError(message, param=name, code="integer_above_max_value")
    return value


def flag(body: Mapping[str, Any], name: str, *, form: bool = False) -> bool:
    """Returns a boolean of the request, False if it is absent or null.

    Args:
        body: The request's fields.
        name: The key.
        form: Whether the request is a form, where booleans arrive as text.

    Returns:
        The boolean.

    Raises:
        VendorError: It is no boolean.
    """
    value = body.get(name)
    if form and value in ("true", "false"):
        return bool(value == "true")
    if value is not None and not isinstance(value, bool):
        raise invalid_type(name, "a boolean", value)
    return bool(value)


def image_size(body: Mapping[str, Any], model: ImageModel) -> tuple[int, int]:
    """Returns the size of an image, `auto` and nothing being 1024x1024.

    Args:
        body: The request's fields.
        model: The row to check against.

    Returns:
        Width and height, in pixels.

    Raises:
        VendorError: The model does not make that size.
    """
    value = text(body, "size", model.sizes if isinstance(model.sizes, tuple) else ())
    if value is None or value == "auto":
        return (1024, 1024)
    width, height = dimensions(value)
    if isinstance(model.sizes, FreeSize):
        _free_size(value, width, height, model.sizes)
    return (width, height)


def dimensions(value: str) -> tuple[int, int]:
    """`1280x720` as width and height in pixels.

    Args:
        value: The size.

    Returns:
        Width and height.

    Raises:
        VendorError: It is not of that form, or more than the sandbox draws.
    """
    found = SIZE.fullmatch(value)
    if found is None:
        message = f"Invalid size '{value}'. Expected a size of the form WIDTHxHEIGHT, for example '1024x1024'."
        raise VendorError(message, param="size", code="invalid_value")
    width, height = int(found[1]), int(found[2])
    if width * height > MOST_PIXELS:
        message = f"Invalid size '{value}'. The requested resolution exceeds the maximum of {MOST_PIXELS} pixels."
        raise VendorError(message, param="size", code="invalid_value")
    return (width, height)


def _free_size(value: str, width: int, height: int, rule: FreeSize) -> None:
    pixels = width * height
    problem = None
    if width % rule.step or height % rule.step:
        problem = f"Width and height must both be divisible by {rule.step}."
    elif max(width, height) > min(width, height) * rule.ratio:
        problem = "The requested aspect ratio must be between 1:3 and 3:1."
    elif max(width, height) > rule.edge:
        problem = f"The longest edge must be at most {rule.edge} pixels."
    elif not rule.least <= pixels <= rule.most:
        problem = f"The total number of pixels must be between {rule.least} and {rule.most}."
    if problem:
        msg = f"Invalid size '{value}'. {problem}"
        raise VendorError(msg, param="size", code="invalid_value")


def fields(value: Any) -> Mapping[str, Any]:
    """Returns a parsed JSON body as the object it has to be.

    Args:
        value: The parsed body.

    Returns:
        The object.

    Raises:
        VendorError: It is another JSON type.
    """
    if not isinstance(value, Mapping):
        message = f"Invalid type for request body: expected an object, but got {json_type(value)} instead."
        raise VendorError(message, code="invalid_type")
    return value
