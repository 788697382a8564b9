"""Saves media that were paid for, in another folder or with reserved file descriptors where that is necessary."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from tarash.tarash_gateway._environment import home_folder
from tarash.tarash_gateway.descriptors import descriptors_for_saving, lacks_descriptors
from tarash.tarash_gateway.errors import SaveError, TarashError
from tarash.tarash_gateway.media.files import Exists, atomic_file
from tarash.tarash_gateway.models.media import Media

IN_MEMORY = ". Its bytes are in error.media"
"""The end of the text of an error about an image that is broken."""


def save_paid(media: Media, place: Path, exists: Exists) -> tuple[Path, SaveError | None]:
    """Writes media that were paid for, with their sidecar; into another folder where `place` cannot be written.

    Args:
        media: whose bytes are here.
        place: where they belong; checked before they were paid for.
        exists: what to do about a file that is at `place` by now.

    Returns:
        The file, and what went wrong: that it is elsewhere, or that its sidecar could not be written.

    Raises:
        SaveError: they could be written nowhere.
        DownloadError: there are no bytes.
    """
    content = media.content
    path, problem = place, None
    try:
        short = _write(place, content, exists)
    except SaveError as error:
        path, short = _rescue(place, content, error), None
        msg = f"{error} The image is paid for, and was saved as {path}."
        problem = SaveError(msg, errno=error.errno, billable="yes")
    try:
        _with_descriptors(lambda: media.model_copy(update={"path": path}).write_sidecar(exists))
    except Exception as error:  # noqa: BLE001 # the file is there: that is what counts
        problem = problem or SaveError(str(error), errno=getattr(error, "errno", None))
    if problem is None and short is not None:
        msg = f"{path} was written with the last of the files that may be open at the same time."
        problem = SaveError(msg, errno=short.errno)
    return path, problem


def keep_broken(error: TarashError, place: Path) -> None:
    """Writes the bytes of a broken image to `NAME.incomplete`, as a download does, and names the file in the error.

    Args:
        error: what `generate_image` raised; its text gets the place of the file.
        place: the place of the first image, with or without an ending.
    """
    media = error.media
    if media is None or media.data is None:
        return
    kept = place.with_name(f"{place.name}.incomplete")
    with suppress(SaveError, OSError):
        kept.parent.mkdir(exist_ok=True)
        _write(kept, media.data, "replace")
        error.message = f"{error.message.removesuffix(IN_MEMORY).rstrip('.')}. Its bytes are in {kept}."
        error.args = (error.message,)


def _write(place: Path, content: bytes, exists: Exists) -> SaveError | None:
    def write() -> None:
        with atomic_file(place, exists) as file:
            file.write(content)

    return _with_descriptors(write)


def _with_descriptors(write: Callable[[], object]) -> SaveError | None:
    """Writes, if necessary with the reserved descriptors; then returns the error that made it necessary."""
    try:
        write()
    except SaveError as error:
        if not lacks_descriptors(error):
            raise
        with descriptors_for_saving():
            write()
        return error
    return None


def _rescue(place: Path, content: bytes, error: SaveError) -> Path:
    for folder in _folders(place):
        with suppress(SaveError):
            _write(folder / place.name, content, "error")
            return folder / place.name
    msg = f"{error} The image is paid for, and could not be saved anywhere."
    raise SaveError(msg, errno=error.errno, billable="yes") from error


def _folders(place: Path) -> Iterator[Path]:
    for parent in (None, place.parent, Path(), home_folder()):
        with suppress(OSError):
            with descriptors_for_saving():  # the first look for a folder of the system's opens a file
                folder = Path(tempfile.mkdtemp(prefix="tarash-", dir=parent))
            yield folder
            folder.rmdir()  # this folder did not work, so it is empty
