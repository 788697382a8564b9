"""The files of a result: their names, looked at before anything is paid, and written with their sidecars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.media.files import Exists, check_place, content_type_of
from tarash.tarash_gateway.media.files import numbered as one_of_several
from tarash.tarash_gateway.media.sidecar import check_sidecar, sidecar_path
from tarash.tarash_gateway.models import Media
from tarash.tarash_gateway.models.rescue import save_paid


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


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of the results of one call."""

    files: list[tuple[Media, Path]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What to know of those that are not where they should be."""


def save_all(pictures: Sequence[Media], places: Sequence[Path], exists: Exists) -> Saved:
    """Writes pictures that were paid for, each whatever becomes of the others.

    One that finds no place goes to the folder for temporary files.
    """
    saved = Saved()
    for at, (picture, place) in enumerate(zip(pictures, places, strict=False), start=1):
        if exists == "skip" and place.exists():
            saved.files.append((picture, place))
            continue
        try:
            path, problem = save_paid(picture, place, exists)
        except Exception as error:  # noqa: BLE001 # another picture, paid for as well, is not to be lost with this one
            saved.problems.append(f"picture {at} of {len(pictures)}, which is paid for, is in no file: {error}")
            continue
        saved.files.append((picture, path))
        if problem is not None:
            saved.problems.append(str(problem))
    return saved


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
        "verified": media.verified,
        "revised_prompt": media.revised_prompt,
    }
