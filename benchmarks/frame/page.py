"""Puts the figures of a run into docs/performance.md, between `<!-- measured: NAME -->` and `<!-- end -->`.

NAME is a topic (`command-line` for `command line`), `budgets` for all that have one, or `machine`. The figures lie
beside the page, so that the tests can tell whether it still shows them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from frame import chart
from frame.report import Report
from frame.table import as_markdown

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "performance.md"
FIGURES = DOCS / "performance.json"
PICTURE = DOCS / "pictures" / "performance.svg"

_MEASURED = re.compile(r"(<!-- measured: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write(report: Report) -> None:
    """The figures, the page and its picture."""
    report.save(FIGURES)
    PICTURE.write_text(chart.drawn(report.figures), encoding="utf-8")
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8"), report), encoding="utf-8")


def rendered(text: str, report: Report) -> str:
    """A page with the figures of a run."""
    return _MEASURED.sub(lambda match: f"{match[1]}\n{_part(match['name'], report)}\n\n{match[3]}", text)


def _part(name: str, report: Report) -> str:
    if name == "machine":
        about = ", ".join(f"{what} {found}" for what, found in report.machine.items())
        return f"Measured on: {about}; rounds: {min((item.runs for item in report.figures), default=0)} or more."
    if name == "budgets":
        figures = [replace(item, what=f"{item.topic}: {item.what}") for item in report.figures if item.kept is not None]
    else:
        figures = [item for item in report.figures if item.topic == name.replace("-", " ")]
    return as_markdown(figures) if figures else "Not measured in this run."
