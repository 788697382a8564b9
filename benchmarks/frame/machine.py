"""What a run ran on: enough to compare two tables, nothing that tells whose machine it was."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("tarash-gateway", "openai", "pydantic", "pluggy", "httpx2", "cyclopts", "litellm")


def described() -> dict[str, str]:
    """The machine in words, and the versions of what is measured, as far as it is installed."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(_cores()),
        **({"load at the start": f"{os.getloadavg()[0]:.1f}"} if hasattr(os, "getloadavg") else {}),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        **{name: found for name in LIBRARIES if (found := _version(name))},
    }


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
