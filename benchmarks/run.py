# ruff: noqa: INP001 # a script is in no package
"""Everything that is measured, in one table. `scripts/bench` calls it, docs/performance.md explains it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from frame import page
from frame.report import Report
from frame.running import run
from frame.table import as_text

ROUNDS = {"calls": (15, 2), "startup": (9, 1), "jobs": (3, 1), "memory": (5, 1), "batch": (3, 1)}
"""Each topic, how many rounds it makes, and how many where it is only to be seen whether it works."""


def main(arguments: list[str] | None = None) -> int:
    """Runs, prints, writes; gives the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--topic", action="append", choices=ROUNDS, help="only this one; may be given again")
    parser.add_argument("--rounds", type=int, metavar="N", help="of each topic, instead of its own number")
    parser.add_argument("--quick", action="store_true", help="few rounds: whether it works, not how fast it is")
    # Here for its help: scripts/bench takes it, since it chooses the interpreter.
    parser.add_argument("--peers", action="store_true", help="with LiteLLM too, in an environment of its own")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--figures", type=Path, metavar="FILE", help="those of an earlier run, instead of a run")
    parser.add_argument("--write-docs", action="store_true", help="put them into docs/performance.md")
    parser.add_argument("--strict", action="store_true", help="exit code 1 where a budget is missed")
    options = parser.parse_args(arguments)
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds: at least 1")
    if options.write_docs and options.topic:
        parser.error("--write-docs: the page shows all topics of one run, so it does not go with --topic")

    report = Report.load(options.figures) if options.figures else run(_rounds(options))
    sys.stdout.write(f"{reported(report)}\n")
    if options.json:
        report.save(options.json)
    if options.write_docs and not report.broken:
        page.write(report)
    return 1 if report.broken or (options.strict and report.missed) else 0


def _rounds(options: argparse.Namespace) -> dict[str, int]:
    topics = options.topic or ROUNDS
    return {topic: options.rounds or rounds[options.quick] for topic, rounds in ROUNDS.items() if topic in topics}


def reported(report: Report) -> str:
    """A run as it is shown at a terminal."""
    budgets = [figure for figure in report.figures if figure.kept is not None]
    lines = [
        as_text(report.figures),
        ", ".join(f"{name} {value}" for name, value in report.machine.items()),
        f"Budgets: {len(budgets) - len(report.missed)} of {len(budgets)} kept.",
        *(f"Missed: {figure.topic}, {figure.what} ({figure.contender})" for figure in report.missed),
        *(f"Broken: {topic}: {why}" for topic, why in report.broken.items()),
    ]
    return "\n\n".join(filter(None, [lines[0], "\n".join(lines[1:])]))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # as shells tell an interrupted command
