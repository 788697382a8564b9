"""The page: its template, with styles, scripts and data written into it. Nothing is fetched, not even by mistake."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO, Final

__all__ = ["as_json", "is_gallery", "write_page"]

_GENERATOR: Final = b'<meta name="generator" content="tarash gallery">'
_MARK: Final = re.compile(r"\{\{([\w.]+)\}\}")
"""A place in the template: `{{page.css}}` is a file of this package, `{{title}}` a value."""


def as_json(value: Any) -> str:
    """JSON that may stand inside a `<script>` element, whatever is in it.

    It is ASCII: that takes care of U+2028 and of file names that are no text. `<` as an escape leaves no `</script>`
    and no `<!--`.
    """
    # The separators' defaults would add a tenth to a page of 10,000 files.
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e")


def is_gallery(path: Path) -> bool:
    """Whether a page was made here, and may be replaced by a new one."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return _GENERATOR in file.read(2000)
    except OSError:
        return False


def write_page(file: BinaryIO, *, title: str, entries: Iterable[str], notes: list[str]) -> None:
    """Writes a gallery.

    Args:
        file: where to.
        title: the heading.
        entries: a record of each file as JSON. They are written one by one, as they come.
        notes: lines for the foot of the page. They may grow until the last entry has come.
    """
    parts = _MARK.split(_read("page.html"))
    names = [name for name in parts[1::2] if "." in name]
    values = {name: _read(name) for name in names}
    values |= {"title": html.escape(title), "policy": html.escape(_policy(values))}
    for at, part in enumerate(parts):
        if at % 2 == 0:
            file.write(part.encode())
        elif part == "entries":
            file.writelines((",\n" if count else "\n").encode() + line.encode() for count, line in enumerate(entries))
        else:
            file.write((as_json(notes) if part == "notes" else values[part]).encode(errors="replace"))


def _policy(inlined: Mapping[str, str]) -> str:
    """What the page may do: show files from where it is, and run the very scripts that were written into it."""
    allowed: dict[str, list[str]] = {".js": [], ".css": []}
    for name, content in inlined.items():
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        allowed[name[name.rindex(".") :]].append(f"'sha256-{digest}'")
    # `file:` beside 'self': browsers do not agree on what 'self' is for a page from the disk.
    return (
        f"default-src 'none'; script-src {' '.join(allowed['.js'])}; style-src {' '.join(allowed['.css'])}; "
        "img-src 'self' file: data:; media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
