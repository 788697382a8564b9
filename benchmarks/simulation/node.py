"""A machine of a batch, and what its death comes to."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from simulation.journal import Disk


class Node:
    """A machine."""

    def __init__(self, number: int, disk: Disk) -> None:
        self.number = number
        self.disk = disk
        self.dead = False
        self.works: dict[int, tuple[Any, float]] = {}
        """What it works on, by the row's number, and since when."""

        self.tasks: dict[asyncio.Task[None], None] = {}
        """In the order in which they began: the order in which they end with it must not be one of chance."""


@dataclass(slots=True)
class Death:
    """What a machine's death came to."""

    at: float
    in_flight: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    """Where its rows were."""

    steps: Counter[str] = field(default_factory=Counter)
    """What was then done about them."""

    seconds_thrown_away: float = 0.0
    """Of work on rows that began anew or got no file, all rows together."""

    orphans: int = 0
    """Requests that were paid, and whose results nobody will have."""

    orphan_dollars: float = 0.0
