"""What was paid for: every creating request that made something, also where its answer was lost."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Paid:
    """One creating request that made something billable."""

    kind: Literal["image", "video"]
    model: str
    """As it was asked for."""
    prompt: str = field(repr=False)
    id: str = ""
    """The job's; pictures have none."""
    count: int = 1
    """Pictures or clips that were made."""


class Ledger:
    """What was paid for, oldest first. Safe to use from any thread."""

    def __init__(self) -> None:
        self._paid: list[Paid] = []
        self._lock = threading.Lock()

    def add(self, paid: Paid) -> None:
        """Note one more."""
        with self._lock:
            self._paid.append(paid)

    def snapshot(self) -> list[Paid]:
        """What was paid for."""
        with self._lock:
            return list(self._paid)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._paid.clear()
