"""What this vendor refuses, written once for its routes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from tarash_gateway_sandbox.google.errors import GoogleError, invalid, unknown_field, unsupported
from tarash_gateway_sandbox.google.models import SHUT_DOWN
from tarash_gateway_sandbox.operations import split_model

URL_SAFE = str.maketrans("-_", "+/")
FAULT_NAMES = re.compile(r"[a-z0-9_]+(?:,[a-z0-9_]+)*")


def model_and_faults(name: object) -> tuple[str, frozenset[str]]:
    """Returns a model's name, and the faults that its caller put behind an `@`."""
    plain, faults = split_model(name) if isinstance(name, str) else ("", "")
    return plain, frozenset(faults.split(",")) if faults else frozenset()


def known_model(name: str, allowed: Mapping[str, Any] | tuple[str, ...], version: str, verb: str) -> None:
    """Refuses a model that is not there, or not any more."""
    if name in SHUT_DOWN and name not in allowed:
        msg = f"This model models/{name} is no longer available. Please use {SHUT_DOWN[name]} instead."
        raise GoogleError(404, msg)
    if name not in allowed:
        msg = f"models/{name} is not found for API version {version}, or is not supported for {verb}."
        raise GoogleError(404, msg)


def fields(body: object, place: str, allowed: tuple[str, ...]) -> Mapping[str, Any]:
    """Returns an object with no field that the vendor does not know."""
    if not isinstance(body, Mapping):
        msg = f"Invalid value at '{place}': an object is expected."
        raise GoogleError(400, msg)
    for name in body:
        if name not in allowed:
            raise unknown_field(str(name), place)
    return body


def proto_fields(body: object, place: str, allowed: tuple[str, ...]) -> Mapping[str, Any]:
    """Returns an object of a protobuf message: each field in camel case, or as the message spells it, with underscores.

    Returns:
        The fields in camel case.
    """
    if not isinstance(body, Mapping):
        return fields(body, place, allowed)
    named: dict[str, Any] = {}
    for name, value in body.items():
        first, *others = str(name).split("_")
        camel = first + "".join(part[:1].upper() + part[1:] for part in others)
        if camel in named:
            msg = f"Invalid JSON payload received. The field '{camel}' is given twice at '{place}'."
            raise GoogleError(400, msg)
        named[camel if camel in allowed else str(name)] = value
    return fields(named, place, allowed)


def word(body: Mapping[str, Any], name: str, place: str, values: tuple[str, ...]) -> str | None:
    """Returns a text out of a list, or nothing."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or value not in values:
        raise unsupported(field=f"{place}.{name}", value=value, values=values)
    return value


def seconds(value: object, least: int, most: int) -> int | None:
    """Returns a duration as text, such as `6s`, in whole seconds."""
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]+)(?:\.0+)?s", value) if isinstance(value, str) else None
    if found is None:
        msg = f"Invalid value for 'response_format.duration': '{value}' is not a duration such as '6s'."
        raise invalid(msg)
    if not least <= int(found[1]) <= most:
        msg = f"The value '{value}' is not supported for 'response_format.duration'. It must be {least}s to {most}s."
        raise invalid(msg)
    return int(found[1])


def data_of(value: object, place: str) -> bytes:
    """Returns the bytes of base64, in the usual alphabet or in that of URLs, with padding or without."""
    if not isinstance(value, str):
        msg = f"Invalid value at '{place}': base64 is expected."
        raise GoogleError(400, msg)
    text = value.rstrip("=").translate(URL_SAFE)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        msg = f"Invalid value at '{place}' (TYPE_BYTES), Base64 decoding failed."
        raise GoogleError(400, msg) from None


def flag(body: Mapping[str, Any], name: str) -> bool | None:
    """Returns a true or false."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        msg = f"Invalid value for '{name}': a boolean is expected."
        raise invalid(msg)
    return value
