"""Rows as a vendor publishes them: fetched on demand, kept in the user's cache folder with their age.

A request never fetches them: it reads the cache, once for each process and file. A row that is older than
a day converts values and refuses none.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from tarash.tarash_gateway._environment import cache_folder
from tarash.tarash_gateway.capabilities.rows import ImageModel, ModelRow, VideoModel
from tarash.tarash_gateway.errors import SaveError, ValidationError
from tarash.tarash_gateway.media.files import atomic_file
from tarash.tarash_gateway.models.job import MediaKind

FRESH_SECONDS = 24 * 3600.0
"""How long a live row may refuse a value."""

MOST_BYTES = 32 * 1024 * 1024
"""Of one provider's cache file; a larger one is not read."""

_KINDS: dict[MediaKind, type[ModelRow]] = {"image": ImageModel, "video": VideoModel}


class _Cached:
    """The rows of one file; each is made on its first use."""

    def __init__(self, path: Path | None) -> None:
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}
        self._made: dict[tuple[str, str], ModelRow | None] = {}
        self.fetched_at = 0.0
        if path is None:
            return
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            if path.stat().st_size > MOST_BYTES:
                return
            stored = json.loads(path.read_bytes())
            self.fetched_at = float(stored["fetched_at"])
            for kind in _KINDS:
                for row in stored[kind]:
                    for name in (row["model"], *row.get("aliases", ())):
                        self._rows.setdefault((kind, name), row)

    def row(self, kind: MediaKind, name: str) -> ModelRow | None:
        key = (kind, name)
        if key not in self._made:
            self._made[key] = _row(kind, self._rows[key]) if key in self._rows else None
        return self._made[key]

    def rows(self, kind: MediaKind) -> list[ModelRow]:
        names = [
            row["model"] for (row_kind, name), row in self._rows.items() if row_kind == kind and name == row["model"]
        ]
        return [row for name in names if (row := self.row(kind, name)) is not None]


_cached: dict[str, tuple[float, _Cached]] = {}


def live_row(provider: str, kind: MediaKind, name: str) -> tuple[ModelRow | None, bool]:
    """Returns the row that the vendor published, and whether it is young enough to refuse a value."""
    cached = _of(provider)
    return cached.row(kind, name), time.time() - cached.fetched_at < FRESH_SECONDS


def live_rows(provider: str) -> list[ImageModel | VideoModel]:
    """Lists the rows that were fetched from a provider; empty where nobody fetched them."""
    cached = _of(provider)
    rows = [row for kind in _KINDS for row in cached.rows(kind)]
    return [row for row in rows if isinstance(row, (ImageModel, VideoModel))]


def keep(provider: str, rows: Sequence[ModelRow]) -> None:
    """Writes fetched rows into the cache; a cache that cannot be written is no failure of the fetch."""
    stored: dict[str, Any] = {"fetched_at": time.time()}
    for kind, model in _KINDS.items():
        stored[kind] = [row.model_dump(mode="json", exclude_defaults=True) for row in rows if isinstance(row, model)]
    path = _path(provider)
    if path is None:
        return
    with suppress(OSError, SaveError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path, "replace") as file:
            file.write(json.dumps(stored).encode())
    _cached.pop(provider, None)


def _of(provider: str) -> _Cached:
    path = _path(provider)
    try:
        changed = 0.0 if path is None else path.stat().st_mtime
    except OSError:
        changed = 0.0
    entry = _cached.get(provider)
    if entry is None or entry[0] != changed:
        entry = _cached[provider] = (changed, _Cached(path))
    return entry[1]


_PLACES = ("TARASH_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE", "HOME")
"""The variables that say where the cache is."""


def _path(provider: str) -> Path | None:
    return _path_by(provider, *map(os.environ.get, _PLACES))


@lru_cache(maxsize=64)
def _path_by(provider: str, *_variables: str | None) -> Path | None:
    # Put together once: each check of a request asks for it, and it took as long as the check.
    folder = cache_folder()
    return None if folder is None else folder / "models" / f"{provider}.json"


def _row(kind: MediaKind, stored: dict[str, Any]) -> ModelRow | None:
    """Makes a stored row; None where this version cannot read what another one wrote."""
    try:
        return _KINDS[kind].model_validate(stored)
    except ValidationError:
        return None
