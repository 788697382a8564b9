"""Lines of a journal: appended whole and synced, read back without the one that a crash tore."""

from __future__ import annotations

import errno
import json
import logging
import os
import secrets
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tarash.tarash_gateway.media.reader import open_regular

logger = logging.getLogger("tarash.journal")

ENDING = ".jsonl"

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of a line that is read; a longer one is left out."""


class Appender:
    """Appends to one file of a folder: this process's own, so that several processes need no lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._file: int | None = None
        self._torn = False
        self._finalizer: weakref.finalize[..., Any] | None = None
        _appenders.add(self)

    def append(self, *lines: bytes) -> None:
        """Writes lines, encoded, with one sync; when this returns, they are on the disk.

        Raises:
            OSError: they are not, or not all of them.
        """
        data = b"".join(lines)
        with self._lock:
            if self._file is None:
                self._file = self._open()
                self._finalizer = weakref.finalize(self, os.close, self._file)
            if self._torn:
                # Half a line is there, of a full disk: what follows must not become a part of it.
                data = b"\n" + data
            self._torn = True
            while data:
                data = data[os.write(self._file, data) :]
            self._torn = False
            os.fsync(self._file)

    def close(self) -> None:
        """Closes the file; the next line begins another."""
        with self._lock:
            if self._finalizer is not None:
                self._finalizer()
            self._file = self._finalizer = None
            self._torn = False

    def _open(self) -> int:
        # Prompts are in it: nobody else's business.
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}-{secrets.token_hex(4)}{ENDING}"
        file = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        _sync_folder(self._folder)
        return file

    def _forget(self) -> None:
        """Lets a forked child begin a file of its own; the parent's stays open and is not touched."""
        self._lock = threading.Lock()
        if self._finalizer is not None:
            self._finalizer.detach()
        self._file = self._finalizer = None
        self._torn = False


class Place(NamedTuple):
    """Where a line is."""

    path: Path
    offset: int
    """Bytes before it."""


def read_lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Yields every whole line of every file, without what is torn or no JSON object."""
    return (line for _, line in located_lines(folder))


def located_lines(folder: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yields what `read_lines` does, each line with its place, at which `line_at` reads it again."""
    if folder.is_dir():
        for path in sorted(folder.glob(f"*{ENDING}")):
            yield from lines_of(path)


def lines_of(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yields every whole line of one file, each with its place."""
    file = _open(path)
    if file is None:
        logger.warning("%s: no regular file, left out", path.name)
        return
    dropped = offset = 0
    with file:
        while raw := file.readline(LONGEST_LINE):
            start = offset
            offset += len(raw)
            if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                offset += _skip_line(file)
            line = _parsed(raw)
            if line is not None:
                yield Place(path, start), line
            elif raw != b"\n":
                dropped += 1
    if dropped:
        logger.warning("%s: %d torn or unreadable line(s) left out", path.name, dropped)


def line_at(place: Place) -> dict[str, Any]:
    """Reads the line at a place; empty where there is none any more."""
    file = _open(place.path)
    if file is None:
        return {}
    with file:
        file.seek(place.offset)
        return _parsed(file.readline(LONGEST_LINE)) or {}


def encoded(line: dict[str, Any]) -> bytes:
    """Encodes one line."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"


def _open(path: Path) -> BinaryIO | None:
    """Opens a regular file; None for a pipe, which would be waited for, and for a device, which may have no end."""
    if not path.is_file():
        return None
    try:
        return open_regular(path)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.EISDIR):  # it is no regular file any more
            return None
        raise


def _skip_line(file: BinaryIO) -> int:
    """Reads to the end of a line, and returns how many bytes that was."""
    skipped = 0
    while piece := file.readline(LONGEST_LINE):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _parsed(raw: bytes) -> dict[str, Any] | None:
    if not raw.endswith(b"\n"):
        return None
    try:
        line = json.loads(raw.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None


def _sync_folder(folder: Path) -> None:
    """Syncs a folder: only then the name of a new file is on the disk."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # a system on which folders cannot be opened
        return
    try:
        os.fsync(handle)
    except OSError:  # a file system that cannot
        pass
    finally:
        os.close(handle)


_appenders: weakref.WeakSet[Appender] = weakref.WeakSet()


def _forget_all() -> None:
    for appender in list(_appenders):
        appender._forget()  # noqa: SLF001 # its own module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
