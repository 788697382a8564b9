"""What a benchmark found: one row of the table and of the JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured thing of one contender.

    Attributes:
        topic: the group in the table, such as `call`, `import`, `jobs`, `memory`.
        what: the thing measured, such as `small answer, sync`.
        contender: who did it: `tarash`, `openai SDK`, `httpx2`, `LiteLLM`, `pydantic + pluggy`, …
        unit: of the numbers: `us CPU`, `us`, `ms`, `MB`, `KB`, `count`.
        median: of all runs.
        low: the smallest.
        high: the largest.
        runs: how many there were.
        against: the contender that `ratio` compares with; None for the reference itself and for absolute figures.
        ratio: median of the ratios of runs that were made in turns.
        budget: the largest allowed: of `ratio` where there is one, else of `median`; None where none is set.
    """

    topic: str
    what: str
    contender: str
    unit: str
    median: float
    low: float
    high: float
    runs: int
    against: str | None = None
    ratio: float | None = None
    budget: float | None = None

    @property
    def kept(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.budget is None:
            return None
        return (self.median if self.ratio is None else self.ratio) <= self.budget

    @classmethod
    def of(
        cls,
        runs: Sequence[float],
        *,
        topic: str,
        what: str,
        contender: str,
        unit: str,
        reference: tuple[str, Sequence[float]] | None = None,
        budget: float | None = None,
    ) -> Self:
        """The figure of some runs; `reference` names the contender it is compared with, and gives its runs in turn."""
        ratio = None
        if reference is not None:
            ratio = statistics.median(ours / theirs for ours, theirs in zip(runs, reference[1], strict=True))
        return cls(
            topic=topic,
            what=what,
            contender=contender,
            unit=unit,
            median=statistics.median(runs),
            low=min(runs),
            high=max(runs),
            runs=len(runs),
            against=None if reference is None else reference[0],
            ratio=ratio,
            budget=budget,
        )
