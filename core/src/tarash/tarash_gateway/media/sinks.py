"""Where a download goes: into memory, or into a file that appears when it is whole."""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from tarash.tarash_gateway.errors import DownloadError, MediaTooLargeError, SaveError
from tarash.tarash_gateway.media.saving import Exists, atomic_file, cannot_write
from tarash.tarash_gateway.media.structure import BrokenMediaError
from tarash.tarash_gateway.models.media import Media

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of one clip in memory; a longer one wants `save_to`."""

FILE_LIMIT = 64 * 1024**3
"""Bytes of one clip in a file."""


class Sink:
    """Takes a download piece by piece and knows whether it is whole. Made by core, filled by a provider."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._expected: int | None = None
        self.offset = 0
        """Bytes that are there; a provider asks the vendor for the rest."""

        self.content_type: str | None = None
        """What the vendor calls it; only used to explain what is not a clip."""

    def begin(self, *, length: int | None, resumed: bool = False, content_type: str | None = None) -> None:
        """Told by a provider once the headers of an answer are there.

        Args:
            length: bytes that follow, as the vendor says; None where it does not.
            resumed: whether the answer continues at `offset` (a 206) or begins anew.
            content_type: the vendor's word for what follows.
        """
        if not resumed and self.offset:
            self.restart()
        self._expected = None if length is None else self.offset + length
        self.content_type = content_type

    def write(self, chunk: bytes) -> None:
        """Takes the next piece.

        Raises:
            MediaTooLargeError: more bytes than the limit.
            SaveError: the disk is full or gone.
        """
        if self.offset + len(chunk) > self._limit:
            msg = f"the download has more than {self._limit:,} bytes; it was stopped"
            raise MediaTooLargeError(msg)
        try:
            self._file.write(chunk)
        except OSError as error:
            msg = f"the download cannot be written: {error.strerror or error}"
            raise SaveError(msg, errno=error.errno) from error
        self.offset += len(chunk)

    def check_whole(self) -> None:
        """Compares what came with what was promised.

        Raises:
            DownloadError: bytes are missing; asking for the rest may help.
        """
        if self._expected is not None and self.offset < self._expected:
            msg = f"the download was cut: {self.offset:,} of {self._expected:,} bytes came"
            raise DownloadError(msg, retryable=True)

    def restart(self) -> None:
        """Throws away what came: it was not what it should be."""
        self._file.seek(0)
        self._file.truncate()
        self.offset = 0

    def media(self) -> Media:
        """The clip, its structure checked.

        Raises:
            BrokenMediaError: what came is not one whole clip.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Lets go of what was not kept."""


class MemorySink(Sink):
    """A clip in memory."""

    def __init__(self, limit: int = MEMORY_LIMIT) -> None:
        self._buffer = io.BytesIO()
        super().__init__(self._buffer, limit)

    def media(self) -> Media:
        """The clip; its bytes are the buffer's own, not a copy."""
        return Media.from_bytes(self._buffer.getvalue())


class FileSink(Sink):
    """A clip in a file, which appears at its place once `media` found it whole."""

    def __init__(self, path: Path, exists: Exists, limit: int = FILE_LIMIT) -> None:
        self._path = path
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
        # With `skip`, somebody else's file may be at that place: then the digest is its own.
        with self._path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == digest
        return kept.with_digest(digest) if same else kept

    def close(self) -> None:
        """Removes a file that is not whole."""
        if self._open:
            self._open = False
            given_up = SaveError("the download was given up")
            self._place.__exit__(SaveError, given_up, None)
