"""Batches: a file of every row, many at a time, and nothing is paid for twice.

Applications use the first names, engines the others. All are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tarash_gateway_batch.batch import SeparateRows, run_batch, run_batch_async
    from tarash_gateway_batch.folder import OutputFolder
    from tarash_gateway_batch.interfaces import (
        BatchEngine,
        EngineSpec,
        Limiter,
        Limiters,
        MakeTask,
        Payment,
        RowTask,
        SharedBudget,
        WorkerContext,
        make_engine,
    )
    from tarash_gateway_batch.limits import Permit
    from tarash_gateway_batch.results import BatchProgress, BatchResult, CostRange, RowOutcome, SavedFile
    from tarash_gateway_batch.resume import Decision, ResumePlanner
    from tarash_gateway_batch.rows import Row, failed_outcome
    from tarash_gateway_batch.settings import BatchSettings
    from tarash_gateway_batch.work import RowWork

_MODULES = {
    "BatchProgress": "results",
    "BatchResult": "results",
    "CostRange": "results",
    "EngineSpec": "interfaces",
    "RowOutcome": "results",
    "SavedFile": "results",
    "SeparateRows": "batch",
    "make_engine": "interfaces",
    "run_batch": "batch",
    "run_batch_async": "batch",
    # For engines.
    "BatchEngine": "interfaces",
    "BatchSettings": "settings",
    "Decision": "resume",
    "Limiter": "interfaces",
    "Limiters": "interfaces",
    "MakeTask": "interfaces",
    "OutputFolder": "folder",
    "Payment": "interfaces",
    "Permit": "limits",
    "ResumePlanner": "resume",
    "Row": "rows",
    "RowTask": "interfaces",
    "RowWork": "work",
    "SharedBudget": "interfaces",
    "WorkerContext": "interfaces",
    "failed_outcome": "rows",
}

__all__ = [
    "BatchEngine",
    "BatchProgress",
    "BatchResult",
    "BatchSettings",
    "CostRange",
    "Decision",
    "EngineSpec",
    "Limiter",
    "Limiters",
    "MakeTask",
    "OutputFolder",
    "Payment",
    "Permit",
    "ResumePlanner",
    "Row",
    "RowOutcome",
    "RowTask",
    "RowWork",
    "SavedFile",
    "SeparateRows",
    "SharedBudget",
    "WorkerContext",
    "failed_outcome",
    "make_engine",
    "run_batch",
    "run_batch_async",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
