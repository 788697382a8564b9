"""The folder of a batch: what is in it, what may be written into it, and where the files of a row are."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.media.files import cannot_write, check_place
from tarash.tarash_gateway.media.sidecar import read_sidecar
from tarash_gateway_batch.history import Past
from tarash_gateway_batch.names import leaf, numbered
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
