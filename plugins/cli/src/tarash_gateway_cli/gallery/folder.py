"""The images and videos of a folder, in the order of their names, and none outside of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tarash.tarash_gateway.models import MediaKind

__all__ = ["KINDS", "Found", "files_in"]

KINDS: Final[Mapping[str, MediaKind]] = {
    ".avif": "image",
    ".gif": "image",
    ".jpeg": "image",
    ".jpg": "image",
    ".png": "image",
    ".svg": "image",
    ".webp": "image",
    ".m4v": "video",
    ".mov": "video",
    ".mp4": "video",
    ".webm": "video",
}
"""The endings that a browser shows, as an image or as a video."""


@dataclass(frozen=True, slots=True)
class Found:
    """One image or video, not read yet."""

    path: Path
    """The path of the file."""

    name: str
    """The path from the folder, with slashes."""

    kind: MediaKind

    size_bytes: int

    changed_at: float
    """The time of the last change, in seconds since 1970."""

    sidecar: Path | None
    """The `.json` beside it, if there is one."""


def files_in(folder: Path, notes: list[str]) -> Iterator[Found]:
    """Yields each image and video under `folder`, in the order of their names.

    Hidden files, hidden folders and linked folders are skipped. A linked file is included if its target is in the
    same folder.

    Args:
        folder: the folder.
        notes: gets a line for each file that is left out.
    """
    root = os.path.realpath(folder)

    def unreadable(error: OSError) -> None:
        notes.append(f"{_within(error.filename, folder)}: cannot be read ({error.strerror})")

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        names_here = frozenset(names)
        for name in sorted(names):
            kind = KINDS.get(os.path.splitext(name)[1].lower())  # noqa: PTH122 - a Path for each name of 100,000 is slow
            if kind is None or name.startswith("."):
                continue
            path = Path(place, name)
            if (state := _state(path, root, notes, folder)) is None:
                continue
            beside = Path(place, f"{name}.json") if f"{name}.json" in names_here else None
            if beside is not None and _state(beside, root, notes, folder) is None:
                beside = None
            yield Found(path, _within(path, folder), kind, state.st_size, state.st_mtime, beside)


def _state(path: Path, root: str, notes: list[str], folder: Path) -> os.stat_result | None:
    """Returns the state of a regular file inside `root`, or None, with a note, for anything else."""
    why = None
    state = None
    try:
        target = os.path.realpath(path, strict=True) if path.is_symlink() else None
        state = path.stat()
        if target is not None and not Path(target).is_relative_to(root):
            why = "is a link to a file outside of the folder"
        elif not stat.S_ISREG(state.st_mode):  # opening a pipe would wait for its other end
            why = "is no ordinary file"
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
    if why is None:
        return state
    notes.append(f"{_within(path, folder)}: {why}, and is left out")
    return None


def _within(path: str | Path, folder: Path) -> str:
    return Path(path).relative_to(folder).as_posix()
