# ruff: noqa: INP001 # a script is in no package
"""One topic in this process: what `run.py` starts. `python benchmarks/one_topic.py memory 3 figures.json`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from frame.report import Report


def main(topic: str, rounds: str, place: str) -> None:
    """Measures, and writes the figures."""
    figures = importlib.import_module(topic).measure(int(rounds))
    Report({}, figures).save(Path(place))


if __name__ == "__main__":
    main(*sys.argv[1:])
