"""Random access to media that reads only the few bytes of each header, from memory or from a file."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["BrokenMediaError", "MediaFacts", "Source", "open_regular", "read_regular"]

# Blocks of 255 bytes make a GIF of 127 MB. A hostile file of millions of empty chunks stops here.
MAX_READS: Final = 500_000


class BrokenMediaError(Exception):
    """The bytes are not one whole image or video.

    Attributes:
        start: the first bytes as text, where they show what it is instead. They are not in the message: a caller's
            file must not be quoted. `described` has both, for what a vendor sent.
    """

    def __init__(self, message: str, start: str = "") -> None:
        super().__init__(message)
        self.start = start

    @property
    def described(self) -> str:
        """The message, with the first bytes where they are known."""
        return f"{self}: begins with {self.start}" if self.start else str(self)


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What the headers of one image or video say, and whether it is known to be whole."""

    content_type: str
    """The MIME type, such as `image/png`."""

    width: int | None
    """Pixels, or None where the headers do not say."""

    height: int | None
    """Pixels, or None where the headers do not say."""

    duration_seconds: float | None
    """Seconds, or None for images and where the headers do not say."""

    unverified_reason: str | None = None
    """Why it is not known whether the bytes are one whole image or video; None where they are."""

    @property
    def verified(self) -> bool:
        """Whether the bytes are one whole image or video, with nothing behind its end."""
        return self.unverified_reason is None


class Source:
    """Media of a known size whose headers are read where they stand.

    Args:
        size: bytes in all.
        fetch: takes an offset and a length in bytes and returns those bytes.
    """

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        self.size = size
        self._fetch = fetch
        self._reads_left = MAX_READS

    @classmethod
    def of_view(cls, view: memoryview) -> Source:
        """Reads from memory; only what is read is copied."""
        return cls(len(view), lambda offset, length: bytes(view[offset : offset + length]))

    @classmethod
    def of_file(cls, file: BinaryIO) -> Source:
        """Reads from an open file by seeking. With mmap, a file cut short would kill the process."""

        def fetch(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        return cls(file.seek(0, 2), fetch)

    def read(self, offset: int, length: int, otherwise: str) -> bytes:
        """Reads exactly `length` bytes at `offset`.

        Raises:
            BrokenMediaError: with the text `otherwise`, where the media ends before that.
        """
        if offset + length > self.size:
            raise BrokenMediaError(otherwise)
        if not self._reads_left:
            msg = f"made of more than {MAX_READS:,} parts, which no camera, encoder or vendor writes"
            raise BrokenMediaError(msg)
        self._reads_left -= 1
        data = self._fetch(offset, length)
        if len(data) < length:  # the file shrank since its size was taken
            raise BrokenMediaError(otherwise)
        return data

    def head(self, length: int) -> bytes:
        """Reads the first `length` bytes, or all where there are fewer."""
        return self._fetch(0, min(length, self.size))

    def tail(self, length: int) -> bytes:
        """Reads the last `length` bytes, or all where there are fewer."""
        length = min(length, self.size)
        return self._fetch(self.size - length, length)

    def surplus(self, end: int, name: str) -> str | None:
        """Says how many bytes follow the end of the media, which is at the offset `end`; None where none do."""
        count = self.size - end
        if count <= 0:
            return None
        return f"{count:,} {'byte follows' if count == 1 else 'bytes follow'} the end of the {name}"


def open_regular(path: Path) -> BufferedReader:
    """Opens a regular file for reading. Neither a FIFO nor a device is waited for or read.

    Raises:
        OSError: it cannot be opened, or is something else.
    """
    # Without blocking: opening a FIFO would wait for a writer.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: Path, limit: int) -> bytes:
    """Reads a regular file if it is not too large.

    Raises:
        ValueError: it has more than `limit` bytes.
        OSError: it cannot be read, or is no regular file.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(limit + 1) if size <= limit else b""
        if max(size, len(data)) > limit:  # it may have grown since
            msg = f"has {max(size, len(data)):,} bytes, the limit is {limit:,}"
            raise ValueError(msg)
        return data
