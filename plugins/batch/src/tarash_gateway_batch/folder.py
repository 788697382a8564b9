"""The folder of a batch: what is in it, how files are written into it, and the lock that keeps other processes out."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tarash.tarash_gateway.errors import ConfigurationError, DownloadError, SaveError, TarashError
from tarash.tarash_gateway.media.files import Exists, cannot_write, check_place, ending_of
from tarash.tarash_gateway.media.sidecar import Origin, read_sidecar, sidecar_path
from tarash.tarash_gateway.models import Media
from tarash.tarash_gateway.models.rescue import save_paid
from tarash_gateway_batch.history import EarlierRequest
from tarash_gateway_batch.ids import result_names, row_subfolder
from tarash_gateway_batch.results import SavedFile

_SIDECAR: Final = ".json"


class OutputFolder:
    """The folder of a batch, with a subfolder for each row's files.

    Args:
        out: the folder.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self._root = out
        self._ready: set[str] = set()
        self._missing: set[str] = set()
        """Subfolders that did not exist when they were first listed."""

    def prepare(self) -> None:
        """Creates the folder, and tries to write into it.

        Raises:
            SaveError: it cannot be written to.
        """
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.out, error) from error
        check_place(self.out / ".tarash", "replace")
        self._root = self.out.resolve()

    def row_folder(self, name: str) -> Path:
        """Returns the subfolder of a row's files."""
        return self.out / row_subfolder(name)

    def check_row(self, name: str) -> None:
        """Makes sure that the row's files can be written, before they are paid for.

        Raises:
            SaveError: they cannot.
        """
        key = row_subfolder(name)
        if key[:2] not in self._ready:
            self._create(key[:2])
        if key not in self._ready and key not in self._missing:
            self._create(key)

    def existing_names(self, name: str, count: int) -> list[str]:
        """Returns the names of existing files that the row's results would have, with whatever ending."""
        key = row_subfolder(name)
        if key in self._missing:
            return []  # only this run writes into it, and no two of its rows have one name
        try:
            others = os.listdir(self.out / key)  # noqa: PTH208 # names, of which a Path is made for very few
        except FileNotFoundError:
            self._missing.add(key)
            return []
        except OSError:
            return []
        prefixes = tuple(f"{result_name}." for result_name in result_names(name, count))
        return sorted(other for other in others if other.startswith(prefixes) and _is_result(other, prefixes))

    def existing_files(self, name: str, files: Iterable[SavedFile]) -> list[SavedFile]:
        """Returns those files of a row that still exist: in its subfolder, also after a move, or where they were."""
        folder = self.row_folder(name)
        existing = []
        for file in files:
            place = folder / file.path.name
            if place.is_file():
                existing.append(SavedFile(path=place, sha256=file.sha256))
            elif file.path.is_file():
                existing.append(file)
        return existing

    def files_of(self, request: EarlierRequest, name: str, count: int) -> list[SavedFile]:
        """Returns the files that a request saved before its process could write so into the journal.

        Its place was free when the request was sent, unless it was to replace a file: then its sidecar decides.
        """
        folder = self.row_folder(name)
        files = []
        for other in self.existing_names(name, count):
            if other.endswith(_SIDECAR):
                continue
            sidecar = read_sidecar(folder / other)
            request_id = None if sidecar is None else sidecar.get("request_id")
            is_its_own = not request.replaces if request_id is None else request_id == request.request_id
            if is_its_own:
                files.append(SavedFile(path=folder / other))
        return files

    def _create(self, part: str) -> None:
        folder = self.out / part
        try:
            folder.mkdir()
        except FileExistsError:
            if folder.resolve() != self._root / part:
                msg = f"{folder} leads elsewhere, by a link. Remove the link, or give another folder."
                raise SaveError(msg) from None
            if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
                msg = f"{folder} cannot be written to. Give a folder that is all your own."
                raise SaveError(msg) from None
        except OSError as error:
            raise cannot_write(folder, error) from error
        self._ready.add(part)


def _is_result(name: str, prefixes: tuple[str, ...]) -> bool:
    """Returns whether the rest of a name is one ending, or that of a sidecar: ids may hold dots themselves."""
    rest = next(name[len(prefix) :] for prefix in prefixes if name.startswith(prefix))
    return "." not in rest.removesuffix(_SIDECAR)


@dataclass(slots=True)
class SavedOutputs:
    """The files of the results of one call."""

    files: list[SavedFile] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    """URLs of the results that could not be fetched."""

    error: TarashError | None = None
    """The first error; a result that is among the files is safe all the same."""


def save_images(images: Sequence[Media], folder: Path, name: str, exists: Exists) -> SavedOutputs:
    """Writes images that were paid for. An image that cannot be written goes to the folder for temporary files."""
    saved = SavedOutputs()
    for image, stem in zip(images, result_names(name, len(images)), strict=True):
        place = folder / f"{stem}{ending_of(image.content_type)}"
        problem: TarashError | None
        try:
            digest = image.sha256  # taken once, for the sidecar too
            with suppress(OSError):  # the next line reports it, and better
                place.parent.mkdir(exist_ok=True)
            path, problem = save_paid(image, place, exists)
            saved.files.append(SavedFile(path=path, sha256=digest))
        except TarashError as error:
            problem = error
            saved.urls += [image.url] if image.url and isinstance(error, DownloadError) else []
        saved.error = saved.error or problem
    return saved


def write_video_sidecars(videos: Sequence[Media]) -> SavedOutputs:
    """Writes the sidecars of videos that are in their files."""
    saved = SavedOutputs()
    for video in videos:
        if video.path is None:  # only where a plugin breaks its contract
            continue
        saved.files.append(SavedFile(path=video.path, sha256=video.sha256))
        try:
            video.write_sidecar("replace")
        except TarashError as error:
            saved.error = saved.error or error
    return saved


def write_missing_sidecars(files: Sequence[SavedFile], origin: Origin) -> list[SavedFile]:
    """Writes the sidecars that files of an earlier run lack; returns the files with their digests.

    Raises:
        TarashError: a file is broken, or a sidecar cannot be written.
    """
    complete = []
    for file in files:
        media = Media.from_file(file.path).with_origin(origin)
        if not sidecar_path(file.path).exists():
            media.write_sidecar("skip")
        complete.append(SavedFile(path=file.path, sha256=media.sha256))
    return complete


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Keeps every other process out of the folder while the block runs: two would pay for the same rows.

    A process that dies releases the lock.

    Raises:
        ConfigurationError: another process has the lock.
        SaveError: the folder cannot be written to.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise cannot_write(folder / "lock", error) from error
    try:
        if not _lock(file):
            msg = f"another process runs a batch with the journal {folder}. Wait for it, or give another folder."
            raise ConfigurationError(msg)
        yield
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    """Locks a file; returns False where another process has the lock. A file system without locks always succeeds."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 # of that system only

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 # of the other systems

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True
