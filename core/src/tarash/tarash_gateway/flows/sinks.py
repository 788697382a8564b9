"""The two places a download goes to: memory, or a file that appears when it is whole."""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from tarash.tarash_gateway.errors import DownloadError, SaveError
from tarash.tarash_gateway.media.saving import Exists, atomic_file, cannot_write
from tarash.tarash_gateway.media.structure import BrokenMediaError
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.plugins.sink import Sink

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of one clip in memory; a longer one wants `save_to`."""

FILE_LIMIT = 64 * 1024**3
"""Bytes of one clip in a file."""


GIVEN_UP = "the download was given up"


class MediaSink(Sink):
    """A sink that becomes media."""

    def media(self) -> Media:
        """The clip, its structure checked.

        Raises:
            BrokenMediaError: what came is not one whole clip.
        """
        raise NotImplementedError

    def finish(self) -> Media | DownloadError | BrokenMediaError:
        """The clip; or what is wrong with what came."""
        try:
            self.check_whole()
            return self.media()
        except (DownloadError, BrokenMediaError) as error:
            return error

    def open(self) -> None:
        """Makes ready to be written to."""

    def close(self) -> None:
        """Lets go of what was not kept."""


class MemorySink(MediaSink):
    """A clip in memory."""

    def __init__(self, limit: int = MEMORY_LIMIT) -> None:
        self._buffer = io.BytesIO()
        super().__init__(self._buffer, limit)

    def media(self) -> Media:
        """The clip; its bytes are the buffer's own, not a copy."""
        return Media.from_bytes(self._buffer.getvalue())


class FileSink(MediaSink):
    """A clip in a file, which appears at its place once `media` found it whole.

    Opening, finishing and closing are for a thread of their own: a call may be broken off in the middle of one.
    """

    def __init__(self, path: Path, exists: Exists, limit: int = FILE_LIMIT) -> None:
        self._path, self._exists = path, exists
        self._place: AbstractContextManager[BinaryIO] | None = None
        self._over = False
        self._step = Lock()
        super().__init__(io.BytesIO(), limit)  # nothing is written to it: `open` comes first

    def open(self) -> None:
        """Opens the file beside its place.

        Raises:
            SaveError: the folder is missing or cannot be written to.
        """
        with self._step:
            if not self._over:
                place = atomic_file(self._path, self._exists)
                self._file = place.__enter__()
                self._place = place

    def media(self) -> Media:
        """The clip in its file."""
        with self._step:
            if self._over or self._place is None:
                raise SaveError(GIVEN_UP)
            try:
                self._file.flush()
            except OSError as error:
                raise cannot_write(self._path, error) from error
            part = Path(os.fsdecode(self._file.name))
            with part.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            Media.from_file(part)  # raises before the file gets its name
            self._over = True
            self._place.__exit__(None, None, None)
        try:
            kept = Media.from_file(self._path)
        except BrokenMediaError as error:
            msg = f"{self._path} appeared in the meantime, was kept, and is not a whole clip: {error}"
            raise SaveError(msg) from error
        if self._exists != "skip":
            return kept.with_digest(digest)
        # Somebody else's file may be at that place: then the digest is its own.
        with self._path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == digest
        return kept.with_digest(digest) if same else kept

    def close(self) -> None:
        """Removes a file that is not whole."""
        with self._step:
            over, self._over = self._over, True
            if self._place is not None and not over:
                self._place.__exit__(SaveError, SaveError(GIVEN_UP), None)


def clip_at(place: Path) -> Media:
    """The clip in a file that was there before.

    Raises:
        SaveError: it is not a whole clip.
    """
    try:
        return Media.from_file(place)
    except BrokenMediaError as error:
        msg = f"{place} is already there and is not a whole clip: {error}. Remove it, or give exists='replace'."
        raise SaveError(msg) from error
    except OSError as error:
        msg = f"{place} was already there and cannot be read: {error.strerror or error}. Give exists='replace'."
        raise SaveError(msg, errno=error.errno) from error
