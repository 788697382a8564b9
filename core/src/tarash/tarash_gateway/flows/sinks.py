"""The two places a download goes to: memory, or a file that appears when it is whole."""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import AbstractContextManager
from pathlib import Path
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
    """A clip in a file, which appears at its place once `media` found it whole."""

    def __init__(self, path: Path, exists: Exists, limit: int = FILE_LIMIT) -> None:
        self._path, self._exists = path, exists
        self._place: AbstractContextManager[BinaryIO] = atomic_file(path, exists)
        self._open = True
        super().__init__(self._place.__enter__(), limit)

    def media(self) -> Media:
        """The clip in its file."""
        try:
            self._file.flush()
        except OSError as error:
            raise cannot_write(self._path, error) from error
        part = Path(os.fsdecode(self._file.name))
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        Media.from_file(part)  # raises before the file gets its name
        self._open = False
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
        if self._open:
            self._open = False
            given_up = SaveError("the download was given up")
            self._place.__exit__(SaveError, given_up, None)
