"""What a batch is told besides its rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.media.files import Exists
from tarash.tarash_gateway.plugins import expand_home

MOST_IN_FLIGHT: Final = 10_000
"""Rows side by side at the most; more would only wait for one another."""

Changed = Literal["keep", "refuse", "redo"]
"""What becomes of a row whose id an earlier run sent with another request: its result is kept, with a warning; or it
fails; or it is made again, and paid again."""

JOURNAL: Final = ".journal"
"""The journal's folder in that of the files: hidden, and beside what it is about."""

RESULTS: Final = "results.jsonl"

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""What `s3://bucket` begins with, also after a `Path` made of it what it makes; a drive has one letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a batch is run.

    Raises:
        ValidationError: one of them cannot be right.
    """

    out: Path
    journal: Path
    defaults: dict[str, Any] = field(default_factory=dict)
    concurrency: int = 16
    exists: Exists = "error"
    max_cost: float | None = None
    rate: float | None = None
    retry_failed: bool = False
    retry_unconfirmed: bool = False
    changed: Changed = "keep"
    strict: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        for name in ("out", "journal"):
            object.__setattr__(self, name, expand_home(getattr(self, name)))
        if not _whole(self.concurrency) or not 1 <= self.concurrency <= MOST_IN_FLIGHT:
            msg = f"concurrency={self.concurrency!r} is not a whole number from 1 to {MOST_IN_FLIGHT:,}"
            raise ValidationError(msg)
        if self.exists not in get_args(Exists):
            msg = f"exists={self.exists!r} is none of {', '.join(get_args(Exists))}"
            raise ValidationError(msg)
        if self.changed not in get_args(Changed):
            msg = f"changed={self.changed!r} is none of {', '.join(get_args(Changed))}"
            raise ValidationError(msg)
        for name in ("out", "journal"):
            if _ADDRESS.match(str(getattr(self, name))):
                msg = (
                    f"{name}={str(getattr(self, name))!r} is an address. A batch writes to folders, since a journal is "
                    "appended to and synced: give one, such as that at which a bucket is mounted."
                )
                raise ValidationError(msg)
        for name, unit in (("max_cost", "US dollars"), ("rate", "requests a minute")):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if value is not None and not (number and 0 < value < float("inf")):
                msg = f"{name}={value!r} is not a positive number of {unit}"
                raise ValidationError(msg)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
