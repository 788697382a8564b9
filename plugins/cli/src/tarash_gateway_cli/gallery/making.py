"""Making a gallery: from a folder to its `index.html`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tarash.tarash_gateway.errors import SaveError, ValidationError
from tarash.tarash_gateway.media.files import Exists, atomic_file, check_place
from tarash.tarash_gateway.plugins import expand_home
from tarash_gateway_cli.gallery.entries import changed_since, entry_of
from tarash_gateway_cli.gallery.folder import Found, files_in
from tarash_gateway_cli.gallery.page import as_json, is_gallery, write_page
from tarash_gateway_cli.gallery.sidecars import BrokenSidecarError, fields_of

__all__ = ["make_gallery"]


def make_gallery(folder: Path | str, *, title: str | None = None, exists: Exists = "error") -> Path:
    """Makes `index.html` in a folder: a page that shows its pictures and clips, those of its subfolders too.

    The page needs no server and fetches nothing from elsewhere. It refers to the files by their relative paths, so
    that the folder may be moved or copied as a whole. A gallery that is there already is replaced.

    Args:
        folder: where the pictures and clips are.
        title: the heading; the folder's name where it is not given.
        exists: what becomes of an `index.html` that is no gallery: `error`, `replace` or `skip`.

    Returns:
        The path of the page.

    Raises:
        SaveError: the page cannot be written, or an `index.html` is there that is no gallery.
        ValidationError: `folder` is no folder.
    """
    folder = expand_home(folder)
    if not folder.is_dir():
        msg = f"{folder} is no folder. Give the folder that the pictures and clips are in."
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
            write_page(file, title=heading, entries=_entries(folder, notes), notes=notes)
    return page


def _entries(folder: Path, notes: list[str]) -> Iterator[str]:
    """A line of JSON for each file: no more than one is held in memory."""
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
