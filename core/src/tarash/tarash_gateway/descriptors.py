"""File descriptors: how many a process may have, how many it has, and a few that are kept for saving."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final, Self

try:
    import resource
except ImportError:  # Windows, where there is no such limit
    resource = None  # type: ignore[assignment]

KEPT: Final = 8
"""Descriptors that are kept for saving."""

_OPEN: Final = ("/proc/self/fd", "/dev/fd")
"""Folders in which a system lists the descriptors of a process."""


def free_descriptors() -> int | None:
    """Counts the files and sockets that this process may still open; None where there is no limit, or none is known."""
    if resource is None:
        return None
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    for folder in _OPEN:
        try:
            return max(limit - len(os.listdir(folder)), 0)  # noqa: PTH208 # names are enough
        except OSError as error:
            if lacks_descriptors(error):  # listing them needs one, too
                return 0
    return None


def lacks_descriptors(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, is that no more files can be opened."""
    visited: set[int] = set()
    while error is not None and id(error) not in visited:
        if getattr(error, "errno", None) in (errno.EMFILE, errno.ENFILE):
            return True
        visited.add(id(error))
        error = error.__cause__ or error.__context__
    return False


class DescriptorReserve:
    """Keeps a few descriptors as long as it is open, and lends them for saving."""

    def __init__(self, count: int = KEPT) -> None:
        self._count = count
        self._kept: list[int] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._take()
        _reserves.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _reserves.remove(self)
        with self._lock:
            self._give()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Frees the descriptors while the block runs; one thread after the other."""
        with self._lock:
            self._give()
            try:
                yield
            finally:
                self._take()

    def _take(self) -> None:
        with suppress(OSError):  # as many as there are
            while len(self._kept) < self._count:
                self._kept.append(os.open(os.devnull, os.O_RDONLY))

    def _give(self) -> None:
        while self._kept:
            os.close(self._kept.pop())


_reserves: list[DescriptorReserve] = []


@contextmanager
def descriptors_for_saving() -> Iterator[None]:
    """Frees the descriptors that were kept for saving while the block runs; without effect where none were kept."""
    if not _reserves:
        yield
        return
    with _reserves[-1].lent():
        yield
