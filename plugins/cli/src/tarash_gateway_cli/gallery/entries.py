"""One record for each file, as the page reads it: plain JSON with no more than the page shows."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from tarash.tarash_gateway.media.structure import BrokenMediaError, inspect_file
from tarash_gateway_cli.gallery.folder import Found
from tarash_gateway_cli.gallery.sidecars import moment, number, text

__all__ = ["changed_since", "entry_of"]


def _record(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) and value else None


def _records(value: Any) -> list[dict[str, Any]] | None:
    return [one for one in value if isinstance(one, dict)] or None if isinstance(value, list) else None


def _texts(value: Any) -> list[str] | None:
    return [one for one in value if isinstance(one, str)] or None if isinstance(value, list) else None


_TAKEN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "prompt": text,
    "revised_prompt": text,
    "provider": text,
    "model": text,
    "parameters": _record,
    "adjustments": _records,
    "warnings": _texts,
    "cost": number,
    "cost_source": text,
    "outputs": number,
    "request_id": text,
    "provider_request_id": text,
    "job_id": text,
    "sha256": text,
}
"""The fields of a sidecar that the page shows, and what makes sense of each."""

_FACTS: Final = ("width", "height", "duration_seconds")

_LAST_TIME: Final = 8_640_000_000_000_000
"""Milliseconds since 1970 that a browser can write as a date: the time of a file may be nonsense."""


def entry_of(found: Found, sidecar: Mapping[str, Any] | None) -> dict[str, Any]:
    """The record of one file. What is not known is not in it.

    Args:
        found: the file. Its headers are read only where the sidecar does not tell its width and height.
        sidecar: the fields of its sidecar, or None where there is none.
    """
    told = sidecar or {}
    facts: Mapping[str, Any] = told
    if "width" not in told or changed_since(found, told):
        facts = _facts_of(found)
    made = moment(told.get("created_at"))
    entry = {
        "url": _relative_url(found.name),
        "path": found.name,
        "kind": found.kind,
        "bytes": found.size_bytes,
        "at": min(round(found.changed_at * 1000), _LAST_TIME) if made is None else made,
        "at_is_file_time": True if made is None else None,
        "has_sidecar": sidecar is not None,
        **{name: number(facts.get(name)) or None for name in _FACTS},
        **{name: take(told.get(name)) for name, take in _TAKEN.items()},
    }
    return {name: value for name, value in entry.items() if value is not None}


def changed_since(found: Found, sidecar: Mapping[str, Any]) -> bool:
    """Whether the file has another size than when its sidecar was written."""
    size = sidecar.get("size_bytes")
    return isinstance(size, int) and size != found.size_bytes


def _facts_of(found: Found) -> dict[str, Any]:
    try:
        facts = inspect_file(found.path)
    except (BrokenMediaError, OSError):
        return {}  # shown all the same: the browser may know better
    return {name: getattr(facts, name) for name in _FACTS}


def _relative_url(name: str) -> str:
    """The name as an address from the page. Bytes that are not UTF-8 stay what they are."""
    return quote(os.fsencode(PurePosixPath(name)))
