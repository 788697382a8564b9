"""Checking a request's fields, and refusing them in this vendor's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.errors import json_type
from tarash_gateway_sandbox.inputs import data_of, image_size, is_web_url
from tarash_gateway_sandbox.openrouter.errors import RouterError

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call

LONGEST_PROMPT = 100_000
SIZE = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")


def body_of(call: Call) -> Mapping[str, Any]:
    """Returns the fields of a JSON request; this vendor takes no forms.

    Raises:
        RouterError: The body is no JSON object.
    """
    kind = call.request.headers.get("content-type", "")
    if not kind.startswith("application/json") or not isinstance(call.request.json, Mapping):
        raise invalid(name="body", why="expected a JSON object")
    return call.request.json


def invalid(name: str, why: str) -> RouterError:
    """Returns a field that is refused."""
    return RouterError(400, f"Invalid request: {name}: {why}")


def text(body: Mapping[str, Any], name: str, supported: Sequence[str] | None = None) -> str | None:
    """Returns a string of the request, one of `supported` where that is given; None if it is absent.

    Raises:
        RouterError: It is null, no string, or none of the supported ones.
    """
    if name not in body:
        return None
    value = body[name]
    if not isinstance(value, str):
        raise invalid(name, f"expected a string, got {json_type(value)}")
    if supported is not None and value not in supported:
        raise invalid(name, f"'{value}' is not supported. Supported values: {', '.join(supported)}")
    return value


def whole(body: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    """Returns an integer of the request; None if it is absent.

    Raises:
        RouterError: It is no integer, or out of range.
    """
    if name not in body:
        return None
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(name, f"expected an integer, got {json_type(value)}")
    if not least <= value <= most:
        raise invalid(name, f"expected {least} to {most}, got {value}")
    return value


def flag(body: Mapping[str, Any], name: str) -> bool | None:
    """Returns a boolean of the request; None if it is absent.

    Raises:
        RouterError: It is no boolean.
    """
    if name not in body:
        return None
    if not isinstance(body[name], bool):
        raise invalid(name, f"expected a boolean, got {json_type(body[name])}")
    return bool(body[name])


def prompt(body: Mapping[str, Any]) -> str:
    """Returns the prompt.

    Raises:
        RouterError: It is missing, empty or too long.
    """
    value = text(body, "prompt")
    if not value or len(value) > LONGEST_PROMPT:
        raise invalid(name="prompt", why=f"expected 1 to {LONGEST_PROMPT} characters")
    return value


def dimensions(size: str) -> tuple[int, int]:
    """`1280x720` as width and height in pixels.

    Raises:
        RouterError: It is not of that form.
    """
    found = SIZE.fullmatch(size)
    if found is None:
        raise invalid(name="size", why=f"'{size}' is not WIDTHxHEIGHT")
    return int(found[1]), int(found[2])


def images(body: Mapping[str, Any], name: str, kinds: Sequence[str] = ("image_url",)) -> list[Mapping[str, Any]]:
    """Returns the parts of a list of images, each `{"type": "image_url", "image_url": {"url": …}}`.

    Raises:
        RouterError: It is no such list.
    """
    if name not in body:
        return []
    parts = body[name]
    if not isinstance(parts, list):
        raise invalid(name, f"expected an array, got {json_type(parts)}")
    for at, part in enumerate(parts):
        kind = part.get("type") if isinstance(part, Mapping) else None
        inner = part.get(kind) if isinstance(kind, str) and kind in kinds else None
        if not isinstance(inner, Mapping) or not isinstance(inner.get("url"), str):
            raise invalid(name=f"{name}.{at}", why=f"expected an object with a type of {', '.join(kinds)} and its url")
    return parts


def content_of(part: Mapping[str, Any], place: str) -> bytes | None:
    """Returns the bytes of a part; None where it is at a URL, which the sandbox does not fetch.

    Raises:
        RouterError: It is no image.
    """
    url = part[part["type"]]["url"]
    if is_web_url(url):
        return None
    content = data_of(url)
    if not content:
        raise invalid(place, "expected an http(s) URL or a base64 data URL")
    if image_size(content) is None:
        raise invalid(place, "the image cannot be decoded")
    return content
