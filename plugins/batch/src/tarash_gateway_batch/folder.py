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
from tarash_gateway_batch.history import Past
from tarash_gateway_batch.ids import leaf, numbered
from tarash_gateway_batch.results import SavedFile

_SIDECAR: Final = ".json"


class Places:
    """Where the files of rows go.

    Args:
        out: the folder of the batch.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self._root = out
        self._ready: set[str] = set()
        self._new: set[str] = set()
        """Folders that were not there when they were first looked at."""

    def prepare(self) -> None:
        """Makes the folder and tries to write into it.

        Raises:
            SaveError: it cannot be written to.
        """
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.out, error) from error
        check_place(self.out / ".tarash", "replace")
        self._root = self.out.resolve()

    def place(self, name: str) -> Path:
        """The folder of a row's files."""
        return self.out / leaf(name)

    def check(self, name: str) -> None:
        """Makes sure that the row's files can be written, before they are paid for.

        Raises:
            SaveError: they cannot.
        """
        key = leaf(name)
        if key[:2] not in self._ready:
            self._make(key[:2])
        if key not in self._ready and key not in self._new:
            self._make(key)

    def taken(self, name: str, count: int) -> list[str]:
        """The names of files that are there and that a row's results would have, with whatever ending."""
        key = leaf(name)
        if key in self._new:
            return []  # only this run writes into it, and no two of its rows have one name
        try:
            there = os.listdir(self.out / key)  # noqa: PTH208 # names, of which a Path is made for very few
        except FileNotFoundError:
            self._new.add(key)
            return []
        except OSError:
            return []
        wanted = tuple(f"{each}." for each in numbered(name, count))
        return sorted(other for other in there if other.startswith(wanted) and _is_result(other, wanted))

    def found(self, name: str, files: Iterable[SavedFile]) -> list[SavedFile]:
        """Those files of a row that are still there: in its folder, wherever that was moved, or where they were put."""
        folder = self.place(name)
        found = []
        for file in files:
            place = folder / file.path.name
            if place.is_file():
                found.append(SavedFile(path=place, sha256=file.sha256))
            elif file.path.is_file():
                found.append(file)
        return found

    def left_by(self, name: str, count: int, past: Past) -> list[SavedFile]:
        """Files that a request saved before its process could write so into the journal.

        Its place was free when the request was sent, unless it was to replace something: then its sidecar tells.
        """
        folder = self.place(name)
        left = []
        for other in self.taken(name, count):
            if other.endswith(_SIDECAR):
                continue
            told = read_sidecar(folder / other)
            known = None if told is None else told.get("request_id")
            if (known is None and not past.replaces) or (known is not None and known == past.request_id):
                left.append(SavedFile(path=folder / other))
        return left

    def _make(self, part: str) -> None:
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


def _is_result(other: str, wanted: tuple[str, ...]) -> bool:
    """Whether the rest of a name is one ending, or that of a sidecar: ids may hold dots themselves."""
    rest = next(other[len(head) :] for head in wanted if other.startswith(head))
    return "." not in rest.removesuffix(_SIDECAR)


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


NAME = "lock"


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keeps every other process out of the folder while the block runs. A process that dies lets go of it.

    Raises:
        ConfigurationError: another one is in it.
        SaveError: the folder cannot be written to.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise cannot_write(folder / NAME, error) from error
    try:
        if not _locked(file):
            msg = f"another process runs a batch with the journal {folder}. Wait for it, or give another folder."
            raise ConfigurationError(msg)
        yield
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    """Whether the lock is ours; on a file system that knows no locks, it is."""
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
