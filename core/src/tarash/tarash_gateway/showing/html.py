"""Pieces of HTML for a notebook. Colours are those of the notebook, so that light and dark both fit.

Every text goes through `escaped`, and bytes go in as base64: a prompt is free to hold a script.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from typing import Final

from tarash.tarash_gateway.showing.wording import one_line

Rows = Sequence[tuple[str, Sequence[str]]]
"""A table: names, each with one or several lines."""

MUTED: Final = "opacity:.65"
FAINT: Final = "rgba(128,128,128,.25)"
"""The groove of a bar: half way between black and white, so seen on both."""


def escaped(text: object, most: int = 300) -> str:
    """`text` as one line of HTML, safe in an element and in an attribute."""
    return html.escape(one_line(text, most), quote=True)


def data_url(content_type: str, content: bytes) -> str:
    """The bytes as an address. `content_type` must be one that we wrote ourselves."""
    return f"data:{content_type};base64,{base64.b64encode(content).decode('ascii')}"


def picture(source: str, about: str, height: int = 512) -> str:
    """A picture that fits its place; it is never larger than it is, and `height` pixels high at the most."""
    style = f"display:block;max-width:100%;max-height:{height}px;width:auto;height:auto;border-radius:6px"
    return f'<img src="{source}" alt="{escaped(about)}" title="{escaped(about)}" style="{style}">'


def player(source: str, about: str, height: int = 480) -> str:
    """A clip with the browser's own controls."""
    style = f"display:block;max-width:100%;max-height:{height}px;border-radius:6px"
    return (
        f'<video controls preload="metadata" src="{source}" title="{escaped(about)}" '
        f'style="{style}">{escaped(about)}</video>'
    )


def line(text: str) -> str:
    """One muted line."""
    return f'<div style="{MUTED};margin:4px 0">{escaped(text)}</div>'


def link(address: str) -> str:
    """A link, where it is one to the web; the text of it anywhere else."""
    if not address.startswith(("https://", "http://")):
        return line(address)
    safe = escaped(address, most=4000)
    where = f'href="{safe}" target="_blank" rel="noopener noreferrer" style="color:inherit;text-decoration:underline"'
    return f'<div style="margin:4px 0"><a {where}>{safe}</a></div>'


def side_by_side(pieces: Iterable[str]) -> str:
    """Pieces in a row that breaks where the window ends."""
    cells = "".join(f'<div style="flex:0 1 auto;min-width:0">{piece}</div>' for piece in pieces)
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">{cells}</div>'


def table(rows: Rows) -> str:
    """Names and their lines, in the notebook's own type."""
    cell = "text-align:left;vertical-align:top;border:0;padding:2px 16px 2px 0;background:none;white-space:normal"
    body = "".join(
        f'<tr style="background:none"><th scope="row" style="{cell};font-weight:normal;{MUTED}">{escaped(name)}</th>'
        f'<td style="{cell};overflow-wrap:anywhere">{"<br>".join(escaped(text) for text in lines)}</td></tr>'
        for name, lines in rows
    )
    style = "border-collapse:collapse;margin:8px 0 0;border:0;font-size:.9em"
    return f'<table style="{style}"><tbody>{body}</tbody></table>'


def bar(percent: float | None) -> str:
    """A progress bar; without a percentage, an empty groove."""
    filled = min(100.0, max(0.0, percent or 0.0))
    inner = f'<div style="width:{filled:.0f}%;height:6px;border-radius:3px;background:currentColor;opacity:.7"></div>'
    return (
        f'<div role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{filled:.0f}" '
        f'style="width:240px;max-width:100%;height:6px;border-radius:3px;background:{FAINT};margin:4px 0">{inner}</div>'
    )
