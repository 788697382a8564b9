"""The picture of docs/performance.md: the CPU of a call, as bars against the raw SDK."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from frame.figures import Figure

REFERENCE = "openai SDK"
OURS = "tarash"

WIDTH, LEFT, RIGHT, TOP = 900, 320, 20, 64
"""Pixels: of all, of the names and figures, beside the longest bar, and above the bars."""

BAR, GAP, BETWEEN = 16, 4, 18
"""Pixels: the height of a bar, below it, and below a group."""

STYLE = """
    .ours { fill: #7a6ff0 } .other { fill: #c3c6d4 }
    .name { font-weight: 600; fill: #2a2550 } .who { font-size: 12.5px; fill: #4d4a68 }
    .much { font-size: 12.5px; fill: #4d4a68 } .strong { font-weight: 600; fill: #2a2550 }
    .one { stroke: #6b6f83; stroke-dasharray: 4 4 } .note { font-size: 12.5px; fill: #6b6f83 }
    @media (prefers-color-scheme: dark) {
      .other { fill: #565a70 } .name, .strong { fill: #ece9ff } .who, .much { fill: #c3bfe6 }
      .one { stroke: #a9aec4 } .note { fill: #a9aec4 }
    }"""


def drawn(figures: Iterable[Figure]) -> str:
    """An SVG with a group of bars for each call."""
    groups: dict[str, list[Figure]] = {}
    for figure in figures:
        if figure.topic == "call" and figure.unit.endswith("CPU") and figure.against == REFERENCE:
            groups.setdefault(figure.what, []).append(figure)
    longest = max((figure.ratio or 0 for group in groups.values() for figure in group), default=1)
    scale = (WIDTH - LEFT - RIGHT) / max(longest, 1.2)
    parts: list[str] = []
    y = TOP
    for what, group in groups.items():
        parts.append(f'<text class="name" x="20" y="{y + 13}">{escape(what)}</text>')
        for figure in sorted(group, key=lambda figure: figure.contender != OURS):
            parts += _bar(figure, y, scale)
            y += BAR + GAP
        y += BETWEEN
    item = LEFT + scale
    label = "CPU of one call, as a multiple of what OpenAI's own SDK needs for it"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="system-ui, sans-serif"'
        f' font-size="15" role="img" aria-label="{_told(groups)}">'
    )
    lines = [
        head,
        f"<style>{STYLE}\n  </style>",
        f'<text class="note" x="20" y="24">{label}</text>',
        f'<text class="note" x="{item:.1f}" y="{TOP - 16}" text-anchor="middle">{REFERENCE} = 1</text>',
        *parts,
        f'<line class="one" x1="{item:.1f}" y1="{TOP - 10}" x2="{item:.1f}" y2="{y - BETWEEN + 6}"/>',
    ]
    return "\n  ".join(lines) + "\n</svg>\n"


def _bar(figure: Figure, y: int, scale: float) -> list[str]:
    ratio = figure.ratio or 0.0
    ours = figure.contender == OURS
    width, strong = ratio * scale, " strong" if ours else ""
    return [
        f'<text class="who" x="{LEFT - 60}" y="{y + 13}" text-anchor="end">{escape(figure.contender)}</text>',
        f'<rect class="{"ours" if ours else "other"}" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="3"/>',
        f'<text class="much{strong}" x="{LEFT - 10}" y="{y + 13}" text-anchor="end">{ratio:.2f}</text>',
    ]


def _told(groups: dict[str, list[Figure]]) -> str:
    """The bars in words."""
    bars = {what: ", ".join(f"{item.contender} {item.ratio:.2f}" for item in group) for what, group in groups.items()}
    return escape("; ".join(f"{what}: {reported}" for what, reported in bars.items()), quote=True)
