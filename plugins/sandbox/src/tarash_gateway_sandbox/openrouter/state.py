"""What a test may look at and turn: how many videos a job makes, and what the vendor dropped without a word."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from tarash_gateway_sandbox.memory import LatestList

STORE = "/store/openrouter/"
"""Where videos are kept at another origin."""
SIGNATURE = "X-Signature"


def signature(name: str) -> str:
    """Returns what makes the address of a video as good as the video."""
    return uuid.uuid5(uuid.NAMESPACE_URL, name).hex


def store_address(origin: str, name: str, index: object) -> str:
    """Returns the signed address of a job's video at another origin."""
    return f"{origin}{STORE}{name}/{index}?{SIGNATURE}={signature(name)}"


@dataclass
class State:
    """The face's own state."""

    outputs: int = 1
    """Videos of the jobs that are created from now on."""

    dropped: list[str] = field(default_factory=LatestList)
    """Fields that arrived and were dropped in silence, as the vendor does, oldest first."""

    leaks: list[str] = field(default_factory=LatestList)
    """Paths of the second origin that a key arrived at."""

    fetched: list[str] = field(default_factory=LatestList)
    """Paths of the second origin that were fetched, oldest first."""

    def clear(self) -> None:
        """Makes it as new."""
        self.outputs = 1
        self.dropped, self.leaks, self.fetched = LatestList(), LatestList(), LatestList()
