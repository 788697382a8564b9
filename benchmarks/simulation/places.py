"""The folder of the files, which is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tarash_gateway_batch.results import SavedFile


class Places:
    """The folder of the files, as far as a decision looks at it."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        """Rows whose file is in its place, of those in flight."""

    def taken(self, name: str, count: int) -> list[str]:  # noqa: ARG002 # as a batch asks
        """The files of a row."""
        return [f"{name}.png"] if name in self.files else []

    def place(self, name: str) -> Path:
        """Where they are."""
        return Path(name)

    def found(self, name: str, files: Any) -> list[SavedFile]:
        """Those that are still there."""
        return list(files) if name in self.files else []

    def left_by(self, name: str, count: int, past: Any) -> list[SavedFile]:  # noqa: ARG002 # as a batch asks
        """Those that no line tells of."""
        return [SavedFile(path=Path(name))] if name in self.files else []
