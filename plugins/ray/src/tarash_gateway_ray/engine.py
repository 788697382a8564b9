"""The engine `ray`: rows are read and decided on here, and one worker on each node of a cluster works on them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tarash.tarash_gateway.errors import ValidationError

if TYPE_CHECKING:
    from tarash_gateway_batch import BatchEngine, Decision, MakeTask, ResumePlanner, Row, RowTask, WorkerContext


def ray_engine(address: str | None = None, workers: int | None = None) -> BatchEngine:
    """Makes an engine for `run_batch`.

    Args:
        address: of the cluster, as `ray.init` takes it; without it, RAY_ADDRESS, or a cluster of this machine alone.
        workers: how many; without it, one on each node of the cluster when the batch begins.

    Raises:
        ValidationError: an argument cannot be right.
    """
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        msg = f"workers={workers!r} is not a whole number from 1"
        raise ValidationError(msg)
    if address is not None and not (isinstance(address, str) and address.strip()):
        msg = f"address={address!r} is no address of a cluster, such as auto or head:6379"
        raise ValidationError(msg)

    @asynccontextmanager
    async def engine(context: WorkerContext, planner: ResumePlanner) -> AsyncIterator[MakeTask]:
        from tarash_gateway_ray.cluster import join_cluster, live_nodes, spawn_on_nodes  # noqa: PLC0415 # of batches on clusters
        from tarash_gateway_ray.remote_row import RemoteRow  # noqa: PLC0415
        from tarash_gateway_ray.worker_pool import WorkerPool  # noqa: PLC0415

        def make_task(row: Row, decision: Decision) -> RowTask:
            return RemoteRow(row, decision, pool)

        async with join_cluster(address):
            pool = WorkerPool(context, planner, spawn_on_nodes(), workers or len(live_nodes()))
            try:
                await pool.start()
                yield make_task
            finally:
                await pool.close()

    return engine
