"""Batches: many prompts, a file of each, and nothing paid for twice.

The names of this package are resolved when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tarash_gateway_batch.batch import run_batch, run_batch_async
    from tarash_gateway_batch.interfaces import EngineSpec
    from tarash_gateway_batch.results import BatchProgress, BatchResult, CostRange, RowOutcome, SavedFile

__all__ = [
    "BatchProgress",
    "BatchResult",
    "CostRange",
    "EngineSpec",
    "RowOutcome",
    "SavedFile",
    "run_batch",
    "run_batch_async",
]

_HOMES = {"EngineSpec": "interfaces", "run_batch": "batch", "run_batch_async": "batch"}
"""Where the names live that are not in `results`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'results')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
