# ruff: noqa: INP001 # a module of a script is in no package
"""Memory, open sockets and stalls of this process while it works."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import time
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

EVERY = 0.05
"""Seconds between two looks at the event loop."""


class Samples:
    """Looks at a quarter, a half, three quarters and the end of the work.

    Args:
        trace: whether to look at what Python itself holds, too; the rest of the memory is what its allocator keeps.
    """

    def __init__(self, *, trace: bool = False) -> None:
        self._trace = trace
        if trace:
            tracemalloc.start()
        self._before = open_sockets()
        self._all = self._finished = 0
        self._memory: dict[str, float | None] = {}
        self._heap: dict[str, float] = {}
        self._sockets: dict[str, int | None] = {}
        self._stall = 0.0
        self._most_sockets = 0

    @contextlib.asynccontextmanager
    async def watching(self, jobs: int) -> AsyncIterator[None]:
        """Watches the loop while the block runs."""
        self._all = jobs
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watch.cancel()

    def done(self) -> None:
        """One job is done."""
        self._finished += 1
        for quarter in (1, 2, 3, 4):
            if self._finished == self._all * quarter // 4:
                when = f"{25 * quarter}%"
                self._memory[when], self._sockets[when] = resident(), open_sockets()
                if self._trace:
                    self._heap[when] = round(tracemalloc.get_traced_memory()[0] / 1024**2, 1)

    async def _watch(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(EVERY)
            self._stall = max(self._stall, time.monotonic() - before - EVERY)
            self._most_sockets = max(self._most_sockets, open_sockets() or 0)

    def report(self) -> dict[str, Any]:
        """The figures, once the event loop is closed."""
        now = open_sockets()
        return {
            "memory_mib": self._memory,
            **({"heap_mib": self._heap} if self._trace else {}),
            "sockets": self._sockets,
            "most_sockets": self._most_sockets,
            "sockets_left": 0 if now is None or self._before is None else now - self._before,
            "longest_stall_ms": round(self._stall * 1000),
        }


def resident() -> float | None:
    """MiB of memory in use; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1024**2, 1)


def open_sockets() -> int | None:
    """Sockets that this process has open; None where the system does not tell."""
    folder = next((path for path in ("/proc/self/fd", "/dev/fd") if Path(path).is_dir()), None)
    if folder is None:
        return None
    count = 0
    for name in os.listdir(folder):  # noqa: PTH208 # names are all that is needed
        with contextlib.suppress(OSError, ValueError):
            count += stat.S_ISSOCK(os.fstat(int(name)).st_mode)
    return count
