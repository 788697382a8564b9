"""Sidecars: how an image or a video was made, as JSON beside its file. The file itself stays as the vendor made it.

city.png        the vendor's bytes; writing into them would break the signature that many of them carry
city.png.json   prompt, model, parameters, changes, cost, time, digest
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic_core import to_json

from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.media.files import Exists, atomic_file, check_place
from tarash.tarash_gateway.media.reader import open_regular

MARK: Final = "tarash_sidecar"
"""The key that makes a JSON file a sidecar; its value is the version of the format."""

VERSION: Final = 1

READ_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a JSON file that is read to see whether it is a sidecar."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which call media come from, and what that call was."""

    provider: str | None = None
    model: str | None = None
    request: Mapping[str, Any] | None = None
    """The request as it was sent, plain JSON with digests in place of media."""

    adjustments: Sequence[Any] = ()
    warnings: Sequence[str] = ()
    cost: float | None = None
    """US dollars for all that the call made."""

    cost_source: str | None = None
    outputs: int | None = None
    """Images or videos that the call made."""

    created_at: datetime | None = None
    request_id: str | None = None
    provider_request_id: str | None = None
    job_id: str | None = None

    def facts(self) -> dict[str, Any]:
        """Returns the part of a sidecar that is about the call."""
        parameters = dict(self.request or {})
        made = None if self.created_at is None else self.created_at.astimezone(UTC)
        return {
            "prompt": parameters.pop("prompt", None),
            "provider": self.provider,
            "model": self.model,
            "parameters": parameters,
            "adjustments": list(self.adjustments),
            "warnings": list(self.warnings),
            "cost": self.cost,
            "cost_source": self.cost_source,
            # The cost is the whole call's: a reader who adds up files divides by this.
            "outputs": self.outputs,
            "created_at": None if made is None else made.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "request_id": self.request_id,
            "provider_request_id": self.provider_request_id,
            "job_id": self.job_id,
        }


def sidecar_path(path: Path) -> Path:
    """Returns the path of the sidecar of the file at `path`."""
    return path.with_name(f"{path.name}.json")


def check_sidecar(path: Path, exists: Exists) -> None:
    """Checks before anything is paid whether the sidecar of the file at `path` can be written.

    Raises:
        SaveError: it cannot, or a file of that name is there which `exists` keeps, or which is no sidecar.
        ValidationError: `exists` is none of the three words.
    """
    if check_place(sidecar_path(path), exists):
        _refuse_foreign(path)


def write_sidecar(path: Path, facts: Mapping[str, Any], exists: Exists) -> Path:
    """Writes `facts` beside the file at `path`: the sidecar is either whole or not there.

    Only its owner may read it (0600): there are prompts in it.

    Returns:
        Its path.

    Raises:
        SaveError: as `check_sidecar`.
    """
    place = sidecar_path(path)
    if exists == "replace":
        _refuse_foreign(path)
    name = os.fsencode(path.name).decode("utf-8", "backslashreplace")  # bytes that are no text are spelled out
    text = to_json({MARK: VERSION, "file": name, **facts}, indent=2, fallback=str, inf_nan_mode="null")
    with atomic_file(place, exists, private=True) as file:
        file.write(text + b"\n")
    return place


def _refuse_foreign(path: Path) -> None:
    """Refuses to replace a file that is no sidecar of ours."""
    place = sidecar_path(path)
    if place.exists() and read_sidecar(path) is None:
        msg = (
            f"{place} is already there and is no sidecar of ours, so it is not replaced. "
            f"Move it away, give {path.name} another name, or save without a sidecar."
        )
        raise SaveError(msg)


def read_sidecar(path: Path) -> dict[str, Any] | None:
    """Reads the sidecar of the file at `path`; None where there is none that can be read.

    Any key may be missing, and there may be others: ask with `get`.
    """
    try:
        with open_regular(sidecar_path(path)) as file:
            text = file.read(READ_LIMIT + 1)
        facts = json.loads(text) if len(text) <= READ_LIMIT else None
    except (OSError, ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) and MARK in facts else None
