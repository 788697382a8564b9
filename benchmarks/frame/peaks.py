"""What one piece of work costs: its time, its CPU time, and the memory that it needs on top of what was there."""

from __future__ import annotations

import contextlib
import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

MB = 1_000_000


def cost(work: Callable[[], object]) -> dict[str, float]:
    """The cost of a call in `ms`, `ms CPU` (threads of this process included) and `MB` of memory above the start."""
    gc.collect()
    _forget_the_peak()
    before = _status("VmRSS") or _peak_so_far()
    cpu, began = time.process_time(), time.perf_counter()
    made = work()
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    peak = _status("VmHWM") or _peak_so_far()
    del made  # what came of it counts until the peak is read
    return {"ms": wall * 1000, "ms CPU": used * 1000, "MB": (peak - before) / MB}


def _forget_the_peak() -> None:
    # Where there is no such file, the peak is that of the whole process: what is imported is small beside a clip.
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the kernel's word for it


def _status(name: str) -> int | None:
    """Bytes, from the kernel's book of this process; None where there is no such book."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)


def _peak_so_far() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
