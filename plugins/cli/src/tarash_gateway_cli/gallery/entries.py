"""The record of each file for the page: plain JSON with the facts that the page shows."""

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
    return [item for item in value if isinstance(item, dict)] or None if isinstance(value, list) else None


def _texts(value: Any) -> list[str] | None:
    return [item for item in value if isinstance(item, str)] or None if isinstance(value, list) else None


_FIELDS: Final[Mapping[str, Callable[[Any], Any]]] = {
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
"""The fields of a sidecar that the page shows, and the reader of each."""

_FACTS: Final = ("width", "height", "duration_seconds")

_LAST_TIME: Final = 8_640_000_000_000_000
"""The last milliseconds since 1970 that a browser can show as a date: the time of a file may be nonsense."""


def entry_of(found: Found, sidecar: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns the record of one file, without the fields that have no value.

    Args:
        found: the file. Its headers are read only if the sidecar has no width and height.
        sidecar: the fields of its sidecar, or None if there is none.
    """
    fields = sidecar or {}
    facts: Mapping[str, Any] = fields
    if "width" not in fields or changed_since(found, fields):
        facts = _facts_of(found)
    created_at = moment(fields.get("created_at"))
    entry = {
        "url": _relative_url(found.name),
        "path": found.name,
        "kind": found.kind,
        "bytes": found.size_bytes,
        "at": min(round(found.changed_at * 1000), _LAST_TIME) if created_at is None else created_at,
        "at_is_file_time": True if created_at is None else None,
        "has_sidecar": sidecar is not None,
        **{name: number(facts.get(name)) or None for name in _FACTS},
        **{name: read(fields.get(name)) for name, read in _FIELDS.items()},
    }
    return {name: value for name, value in entry.items() if value is not None}


def changed_since(found: Found, sidecar: Mapping[str, Any]) -> bool:
    """Whether the size of the file differs from that in its sidecar."""
    size = sidecar.get("size_bytes")
    return isinstance(size, int) and size != found.size_bytes


def _facts_of(found: Found) -> dict[str, Any]:
    try:
        facts = inspect_file(found.path)
    except (BrokenMediaError, OSError):
        return {}  # shown anyway: the browser may read it
    return {name: getattr(facts, name) for name in _FACTS}


def _relative_url(name: str) -> str:
    """Returns the name as a URL relative to the page; bytes that are not UTF-8 stay unchanged."""
    return quote(os.fsencode(PurePosixPath(name)))
