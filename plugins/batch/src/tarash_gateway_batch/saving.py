"""The files of a row: written with their sidecars, and never lost where a place cannot be written to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tarash.tarash_gateway.errors import DownloadError, TarashError
from tarash.tarash_gateway.media.files import Exists
from tarash.tarash_gateway.media.kinds import ending_of
from tarash.tarash_gateway.media.sidecar import Origin, sidecar_path
from tarash.tarash_gateway.models import Media
from tarash.tarash_gateway.models.rescue import save_paid
from tarash_gateway_batch.names import numbered
from tarash_gateway_batch.results import SavedFile


@dataclass(slots=True)
class Saved:
    """What became of the results of one call."""

    files: list[SavedFile] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    """Where the vendor keeps those that could not be fetched."""

    error: TarashError | None = None
    """The first thing that went wrong; what was made is safe all the same where it is among the files."""


def save_pictures(pictures: Sequence[Media], folder: Path, name: str, exists: Exists) -> Saved:
    """Writes pictures that were paid for. One that finds no place goes to the folder for temporary files."""
    saved = Saved()
    for picture, stem in zip(pictures, numbered(name, len(pictures)), strict=True):
        place = folder / f"{stem}{ending_of(picture.content_type)}"
        try:
            digest = picture.sha256  # taken once, for the sidecar too
            saved.files.append(SavedFile(path=_save(picture, place, exists, saved), sha256=digest))
        except TarashError as error:
            saved.error = saved.error or error
            saved.urls += [picture.url] if picture.url and isinstance(error, DownloadError) else []
    return saved


def _save(picture: Media, place: Path, exists: Exists, saved: Saved) -> Path:
    with suppress(OSError):  # told by the next line, and better
        place.parent.mkdir(exist_ok=True)
    path, problem = save_paid(picture, place, exists)
    saved.error = saved.error or problem
    return path


def describe_clips(clips: Sequence[Media]) -> Saved:
    """Writes the sidecars of clips that are in their files."""
    saved = Saved()
    for clip in clips:
        if clip.path is None:  # only where a plugin keeps to no contract
            continue
        saved.files.append(SavedFile(path=clip.path, sha256=clip.sha256))
        try:
            clip.write_sidecar("replace")
        except TarashError as error:
            saved.error = saved.error or error
    return saved


def describe_left(files: Sequence[SavedFile], origin: Origin) -> list[SavedFile]:
    """Files that a run could write no more about: their digests, and their sidecars where they are missing.

    Raises:
        TarashError: one is broken, or its sidecar cannot be written.
    """
    known = []
    for file in files:
        media = Media.from_file(file.path).with_origin(origin)
        if not sidecar_path(file.path).exists():
            media.write_sidecar("skip")
        known.append(SavedFile(path=file.path, sha256=media.sha256))
    return known
