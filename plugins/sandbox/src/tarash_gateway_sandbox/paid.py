"""What was paid for: every creating request that made something, also where its answer was lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tarash_gateway_sandbox.memory import History

MOST_PAID = 200_000
"""Creating requests that are kept."""


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


class Ledger(History[Paid]):
    """What was paid for, oldest first. Safe to use from any thread."""

    def __init__(self) -> None:
        super().__init__(MOST_PAID, lambda paid: len(paid.prompt))
