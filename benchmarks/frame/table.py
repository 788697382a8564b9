"""Figures as a table: one for a terminal, one for a page of the documentation.

A row is what one contender did. Where it was measured in several units, the one that has a budget leads, otherwise the
first; the others stand at the end of the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from frame.figures import Figure

KeyT = TypeVar("KeyT")

HEAD = ("What", "Who", "Median", "Low to high", "Against", "Budget", "", "Also")
VERDICTS = {True: "kept", False: "MISSED", None: ""}


def as_text(figures: Iterable[Figure]) -> str:
    """A table for each topic, in columns of spaces."""
    parts = []
    for topic, group in _grouped(figures, lambda figure: figure.topic).items():
        rows = [HEAD, *_rows(group)]
        widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        parts.append("\n".join([f"== {topic}", *lines]))
    return "\n\n".join(parts)


def as_markdown(figures: Iterable[Figure]) -> str:
    """One table."""
    rows = [HEAD, tuple("---" for _ in HEAD), *_rows(figures)]
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |").replace("|  |", "| |") for row in rows)


def number(value: float) -> str:
    """Three digits that count."""
    if value == int(value):
        return f"{int(value):,}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


def _rows(figures: Iterable[Figure]) -> list[tuple[str, ...]]:
    """The cells. What is measured is named once."""
    rows = []
    for what, group in _grouped(figures, lambda figure: figure.what).items():
        leading = {figure.unit for figure in group if figure.budget is not None} or {group[0].unit}
        named = False
        for each in _grouped(group, lambda figure: figure.contender).values():
            first = [figure for figure in each if figure.unit in leading] or each[:1]
            also = ", ".join(_amount(figure) for figure in each if figure not in first)
            for figure in first:
                rows.append(("" if named else what, *_cells(figure), also if figure is first[-1] else ""))
                named = True
    return rows


def _cells(figure: Figure) -> Sequence[str]:
    unit = "x" if figure.ratio is not None else _unit(figure)
    return (
        figure.contender,
        _amount(figure),
        f"{number(figure.low)} to {number(figure.high)}" if figure.high > figure.low else "",
        "" if figure.ratio is None else f"{figure.ratio:.2f} x {figure.against}",
        "" if figure.budget is None else f"<= {round(figure.budget, 2):g} {unit}".rstrip(),
        VERDICTS[figure.kept],
    )


def _amount(figure: Figure) -> str:
    return f"{number(figure.median)} {_unit(figure)}".rstrip()


def _unit(figure: Figure) -> str:
    return "" if figure.unit == "count" else figure.unit


def _grouped(figures: Iterable[Figure], key: Callable[[Figure], KeyT]) -> dict[KeyT, list[Figure]]:
    """Groups in the order in which each came first."""
    groups: dict[KeyT, list[Figure]] = {}
    for figure in figures:
        groups.setdefault(key(figure), []).append(figure)
    return groups
