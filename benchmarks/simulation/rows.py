"""The rows of a batch, made as they are wanted: a million of them fill no list."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simulation.faults import Fault, Kind, faults_of
from simulation.profiles import CLIP_SECONDS, SIZE, Profile
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationRequest


@dataclass(slots=True)
class Row:
    """One row, and what it will meet."""

    number: int
    kind: Kind
    vendor: int
    """The number of its vendor."""

    fault: Fault | None = None
    met: int = 0
    """How often it met its fault."""

    model: str = ""
    began: float | None = None
    """When its first request was sent, seconds."""

    @property
    def id(self) -> str:
        """Its id, and its prompt: no two rows have one."""
        return f"row-{self.number}"

    def request(self) -> Any:
        """What is asked for."""
        if self.kind == "image":
            return ImageGenerationRequest(prompt=self.id, size=SIZE)
        return VideoGenerationRequest(prompt=self.id, duration_seconds=CLIP_SECONDS)

    def meets(self, *moments: str) -> Fault | None:
        """Its fault, where it strikes at one of these moments and is not used up."""
        fault = self.fault
        if fault is None or fault.at not in moments or (fault.times is not None and self.met >= fault.times):
            return None
        self.met += 1
        return fault


@dataclass(frozen=True, slots=True)
class Mix:
    """What the rows of a batch are.

    Attributes:
        rows: how many there are.
        videos: the share of them that are videos.
        faults: the share of them that meets a fault.
        names: the faults that there are; None for all.
        by_model: whether a row names its fault in its model, as a row for the sandbox does; then each fault has a rate
            limit of its own.
    """

    rows: int
    videos: float = 0.05
    faults: float = 0.02
    names: tuple[str, ...] | None = None
    by_model: bool = False

    def draw(self, vendors: Sequence[Profile], seed: int) -> Iterator[Row]:
        """The rows: the same ones for the same seed, whoever works on them."""
        chance = random.Random(seed)  # noqa: S311 # the same run for the same seed
        # A person gives a vendor as much as it takes in a minute.
        weights = [vendor.creating_a_minute or 1.0 for vendor in vendors]
        meets: dict[Kind, tuple[Fault, ...]] = {"image": faults_of("image", self.names)}
        meets["video"] = faults_of("video", self.names)
        numbers = range(len(vendors))
        for number in range(self.rows):
            kind: Kind = "video" if chance.random() < self.videos else "image"
            vendor = chance.choices(numbers, weights)[0]
            # Drawn for every row, so that with more faults the rows are the same ones.
            met, fault = chance.random() < self.faults, chance.choice(meets[kind])
            row = Row(number, kind, vendor, fault if met else None)
            if self.by_model and met:
                row.model = fault.name
            yield row
