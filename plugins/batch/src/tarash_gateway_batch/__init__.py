"""Batches: a file of every row, many at a time, and nothing is paid for twice.

Applications use `run_batch`, its async twin, `SeparateRows`, and the classes of results; engines use the others.
Each name is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash.tarash_gateway.plugins import lazy_names

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
    "batch": "SeparateRows run_batch run_batch_async",
    "folder": "OutputFolder",
    "interfaces": (
        "BatchEngine EngineSpec Limiter Limiters MakeTask Payment RowTask SharedBudget WorkerContext make_engine"
    ),
    "limits": "Permit",
    "results": "BatchProgress BatchResult CostRange RowOutcome SavedFile",
    "resume": "Decision ResumePlanner",
    "rows": "Row failed_outcome",
    "settings": "BatchSettings",
    "work": "RowWork",
}
"""The names of each module."""

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

__getattr__, __dir__ = lazy_names(__name__, _MODULES, __all__)
