"""Everything that a run found, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from frame.figures import Figure


@dataclass(frozen=True)
class Report:
    """One run.

    Attributes:
        machine: what it ran on, as `machine.described` tells it.
        figures: of all topics, in their order.
        broken: topics that ended with an error, and its last line.
    """

    machine: Mapping[str, str]
    figures: Sequence[Figure]
    broken: Mapping[str, str] = field(default_factory=dict)

    @property
    def missed(self) -> list[Figure]:
        """The figures above their budget."""
        return [figure for figure in self.figures if figure.kept is False]

    def save(self, path: Path) -> None:
        """Writes the JSON."""
        figures = [{**asdict(figure), "kept": figure.kept} for figure in self.figures]
        content = {"machine": self.machine, "broken": self.broken, "figures": figures}
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """What `save` wrote."""
        content = json.loads(path.read_text(encoding="utf-8"))
        figures = [
            Figure(**{name: value for name, value in item.items() if name != "kept"}) for item in content["figures"]
        ]
        return cls(content["machine"], figures, content["broken"])
