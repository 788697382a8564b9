"""One process at a time works with a batch's journal: two would pay for the same rows."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.media.files import cannot_write

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
