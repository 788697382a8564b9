"""The folder of the files, which is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tarash_gateway_batch.results import SavedFile


class Places:
    """The folder of the files, as far as a decision reads it."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        """Rows whose file is in its place, of those in flight."""

    def existing_names(self, name: str, count: int) -> list[str]:  # noqa: ARG002 # as a batch asks
        """The files of a row."""
        return [f"{name}.png"] if name in self.files else []

    def row_folder(self, name: str) -> Path:
        """Where they are."""
        return Path(name)

    def existing_files(self, name: str, files: Any) -> list[SavedFile]:
        """Those that are still there."""
        return list(files) if name in self.files else []

    def files_of(self, request: Any, name: str, count: int) -> list[SavedFile]:  # noqa: ARG002 # as a batch asks
        """Those that no line tells of."""
        return [SavedFile(path=Path(name))] if name in self.files else []
