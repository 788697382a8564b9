"""Whether a value is in a request that arrived, however the vendor writes it."""

from __future__ import annotations

import base64
import re
from typing import Any

from tarash_gateway_testing.fake.requests import Request

__all__ = ["carries", "carries_file"]

_PIXELS = re.compile(r"(\d+)x(\d+)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def carries(request: Request, value: Any) -> bool:
    """Tells whether `value` is anywhere in the path, the query or the body.

    A size may be written as `1024x768`, `1024*768`, or as two numbers; a number as a number, as text, or with a unit.
    """
    leaves = [leaf for leaf in request.leaves() if not isinstance(leaf, bytes)]
    if isinstance(value, bool):
        return any(leaf is value or leaf == str(value).lower() for leaf in leaves)
    numbers = {number for leaf in leaves for number in _numbers(leaf)}
    if isinstance(value, (int, float)):
        return float(value) in numbers
    text = str(value)
    pixels = _PIXELS.fullmatch(text)
    if pixels is not None:
        return {float(pixels[1]), float(pixels[2])} <= numbers
    return any(text.lower() in leaf.lower() for leaf in leaves if isinstance(leaf, str))


def carries_file(request: Request, content: bytes) -> bool:
    """Tells whether the bytes of a file are in the body, as they are or as base64."""
    return content in request.body or base64.b64encode(content) in request.body


def _numbers(leaf: Any) -> list[float]:
    if isinstance(leaf, (int, float)) and not isinstance(leaf, bool):
        return [float(leaf)]
    return [float(found) for found in _NUMBER.findall(leaf)] if isinstance(leaf, str) else []
