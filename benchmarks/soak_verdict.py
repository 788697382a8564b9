# ruff: noqa: INP001 # a module of a script is in no package
"""What became of each job, held against what the vendor was paid for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FINAL = ("ContentPolicyError", "GenerationFailedError", "JobExpiredError")
"""Errors after which a job that was paid for has no video to fetch."""


@dataclass(frozen=True)
class Outcome:
    """What a call ended in."""

    job: str | None = None
    error: str | None = None
    """The name of its error; None is a file."""
    billable: str = "yes"


def verdict(outcomes: dict[int, Outcome], paid: list[tuple[int, str]], folder: Path) -> dict[str, Any]:
    """Counts of how the jobs ended, and the numbers of those that did not end as they must."""
    times = Counter(number for number, _ in paid)
    files = {int(path.stem) for path in folder.glob("*.mp4") if path.read_bytes()[4:8] == b"ftyp"}
    ends: Counter[str] = Counter()
    lost, unpaid = [], []
    for number, outcome in outcomes.items():
        ends["file" if number in files else outcome.error or "no file"] += 1
        final = outcome.error in FINAL
        if (number in files) != (outcome.error is None) or (times[number] and number not in files and not final):
            lost.append(number)
        if times[number] and outcome.billable == "no":
            unpaid.append(number)
    return {
        "ended_in": dict(ends.most_common()),
        "paid": len(paid),
        "paid_twice": [number for number, count in times.items() if count > 1],
        "lost": lost + [number for number in times if number not in outcomes],
        "said_to_be_free": unpaid,
        "half_files": sum(1 for path in folder.iterdir() if path.suffix != ".mp4"),
    }
