"""The files of a result: their names, looked at before anything is paid, and written with their sidecars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.media.kinds import content_type_of
from tarash.tarash_gateway.media.saving import Exists, check_place, rescue_place
from tarash.tarash_gateway.media.saving import numbered as one_of_several
from tarash.tarash_gateway.media.sidecar import check_sidecar, sidecar_path
from tarash.tarash_gateway.models import Media


def format_of(path: Path) -> str | None:
    """The format that the ending of `path` asks for; None where it says nothing."""
    family, _, name = (content_type_of(path.suffix) or "").partition("/")
    return name.partition("+")[0] if family == "image" else None


def numbered(path: Path, count: int) -> list[Path]:
    """`city.png`, `city-2.png`, `city-3.png`."""
    return [path.with_stem(one_of_several(path.stem, index)) for index in range(count)]


def check_places(places: Sequence[Path], exists: Exists) -> bool:
    """Tells before anything is paid whether the files and their sidecars can be written.

    Returns:
        False where all are there and kept, so that nothing is to be made.

    Raises:
        SaveError: one cannot be written, or is there and `exists` is `error`.
    """
    to_write = [place for place in places if check_place(place, exists)]
    for place in to_write:
        check_sidecar(place, exists)
    return bool(to_write)


def save_all(pictures: Sequence[Media], places: Sequence[Path], exists: Exists) -> tuple[list[Path], list[str]]:
    """Writes pictures that were paid for. One that finds no place goes to the folder for temporary files.

    Returns:
        Where they are, and what to know of those that are not where they should be.
    """
    saved: list[Path] = []
    misplaced: list[str] = []
    for picture, place in zip(pictures, places, strict=False):
        try:
            saved.append(picture.save(place, exists, sidecar=True))
        except SaveError as error:
            rescued, told = rescue_place(place, error)
            saved.append(picture.save(rescued, sidecar=True))
            misplaced.append(str(told))
    return saved, misplaced


def mismatch(media: Media, path: Path) -> str | None:
    """Tells of a file whose ending is another format's than its bytes."""
    named = content_type_of(path.suffix)
    if named is None or named == media.content_type:
        return None
    return f"{path.name} holds {media.content_type}, whatever its ending says"


def file_as_json(media: Media, path: Path) -> dict[str, Any]:
    """A file for `--json`."""
    sidecar = sidecar_path(path)
    return {
        "path": str(path),
        "sidecar": str(sidecar) if sidecar.exists() else None,
        "sha256": media.sha256,
        "content_type": media.content_type,
        "width": media.width,
        "height": media.height,
        "duration_seconds": media.duration_seconds,
        "size_bytes": media.size_bytes,
        "revised_prompt": media.revised_prompt,
    }
