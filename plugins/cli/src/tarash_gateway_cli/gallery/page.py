"""The page of a gallery: from a folder to its `index.html`, one file that fetches nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO, Final

from tarash.tarash_gateway.errors import SaveError, ValidationError
from tarash.tarash_gateway.media.files import Exists, atomic_file, check_place
from tarash.tarash_gateway.plugins import expand_home
from tarash_gateway_cli.gallery.entries import changed_since, entry_of
from tarash_gateway_cli.gallery.folder import Found, files_in
from tarash_gateway_cli.gallery.sidecars import BrokenSidecarError, fields_of

__all__ = ["as_json", "make_gallery"]

_GENERATOR: Final = b'<meta name="generator" content="tarash gallery">'
_MARK: Final = re.compile(r"\{\{([\w.]+)\}\}")
"""A place in the template: `{{page.css}}` is a file of this package, `{{title}}` a value."""


def make_gallery(
    folder: Path | str,
    *,
    title: str | None = None,
    exists: Exists = "error",
    comparison: Mapping[str, Any] | None = None,
) -> Path:
    """Makes `index.html` in a folder: a page that shows the images and videos of the folder and its subfolders.

    The page needs no server and fetches nothing from elsewhere. It refers to the files by their relative paths, so
    that the folder may be moved or copied as a whole. An existing gallery is replaced.

    Args:
        folder: the folder of the images and videos.
        title: the heading; None for the name of the folder.
        exists: what to do with an `index.html` that is no gallery: `error`, `replace` or `skip`.
        comparison: what `comparison.compare` has found: the page shows its models in place of all files.

    Returns:
        The path of the page.

    Raises:
        SaveError: the page cannot be written, or an existing `index.html` is no gallery.
        ValidationError: `folder` is no folder.
    """
    folder = expand_home(folder)
    if not folder.is_dir():
        msg = f"{folder} is no folder. Give the folder of the images and videos."
        raise ValidationError(msg)
    page = folder / "index.html"
    if is_gallery(page):
        exists = "replace"
    elif exists == "error" and page.is_file():
        msg = f"{page} is there and is no gallery. Move it, or exists='replace' to overwrite it."
        raise SaveError(msg)
    if check_place(page, exists):
        notes: list[str] = []
        with atomic_file(page, exists) as file:
            heading = title or folder.resolve().name or "Gallery"
            write_page(file, title=heading, entries=_entries(folder, notes), notes=notes, comparison=comparison)
    return page


def _entries(folder: Path, notes: list[str]) -> Iterator[str]:
    """Yields a line of JSON for each file, so that only one is in memory."""
    for found in files_in(folder, notes):
        try:
            yield _entry(found, notes)
        except BrokenSidecarError as error:
            notes.append(f"{found.name}.json: {error}")
            yield as_json(entry_of(found, None))


def _entry(found: Found, notes: list[str]) -> str:
    if found.sidecar is None:
        return as_json(entry_of(found, None))
    sidecar = fields_of(found.sidecar)
    try:
        line = as_json(entry_of(found, sidecar))
    except RecursionError as error:
        msg = "is nested too deeply"
        raise BrokenSidecarError(msg) from error
    if changed_since(found, sidecar):
        notes.append(f"{found.name}: has changed since its sidecar was written")
    return line


def as_json(value: Any) -> str:
    """Returns JSON that is safe inside a `<script>` element.

    It is ASCII, since U+2028 and file names that are no text are not safe there. `<` is escaped, so that no `</script>`
    and no `<!--` is left.
    """
    # The separators' defaults would add a tenth to a page of 10,000 files.
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e")


def is_gallery(path: Path) -> bool:
    """Whether a page is a gallery, which may be replaced."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return _GENERATOR in file.read(2000)
    except OSError:
        return False


def write_page(
    file: BinaryIO,
    *,
    title: str,
    entries: Iterable[str],
    notes: list[str],
    comparison: Mapping[str, Any] | None = None,
) -> None:
    """Writes a gallery.

    Args:
        file: where to.
        title: the heading.
        entries: a record of each file as JSON, written as they come.
        notes: lines for the foot of the page; read after the last entry.
        comparison: the models of a comparison, where the page is one.
    """
    parts = _MARK.split(_read("page.html"))
    names = [name for name in parts[1::2] if "." in name]
    values = {name: _read(name) for name in names}
    values |= {"comparison": as_json(comparison), "title": html.escape(title), "policy": html.escape(_policy(values))}
    for index, part in enumerate(parts):
        if index % 2 == 0:
            file.write(part.encode())
        elif part == "entries":
            file.writelines((",\n" if count else "\n").encode() + line.encode() for count, line in enumerate(entries))
        else:
            file.write((as_json(notes) if part == "notes" else values[part]).encode(errors="replace"))


def _policy(inlined: Mapping[str, str]) -> str:
    """Returns the content policy: the page may show files from its folder and run its own scripts, and nothing else."""
    allowed: dict[str, list[str]] = {".js": [], ".css": []}
    for name, content in inlined.items():
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        allowed[name[name.rindex(".") :]].append(f"'sha256-{digest}'")
    # `file:` beside 'self': browsers differ in what 'self' means for a page from the disk.
    return (
        f"default-src 'none'; script-src {' '.join(allowed['.js'])}; style-src {' '.join(allowed['.css'])}; "
        "img-src 'self' file: data:; media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
