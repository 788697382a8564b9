"""The engine `ray`: rows are read and decided upon here, and worked on by one worker on each node of a cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tarash.tarash_gateway.errors import ValidationError

if TYPE_CHECKING:
    from tarash_gateway_batch.interfaces import BatchEngine, Bench, MakeWork, Working
    from tarash_gateway_batch.resume import Decision, Desk
    from tarash_gateway_batch.rows import Row


def ray_engine(address: str | None = None, workers: int | None = None) -> BatchEngine:
    """An engine for `run_batch`.

    Args:
        address: of the cluster, as `ray.init` takes it; without one, RAY_ADDRESS, or a cluster of this machine alone.
        workers: how many; without a number, one on each node that there is when the batch begins.

    Raises:
        ValidationError: one of them cannot be right.
    """
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        msg = f"workers={workers!r} is not a whole number from 1"
        raise ValidationError(msg)
    if address is not None and not (isinstance(address, str) and address.strip()):
        msg = f"address={address!r} is no address of a cluster, such as auto or head:6379"
        raise ValidationError(msg)

    @asynccontextmanager
    async def engine(bench: Bench, desk: Desk) -> AsyncIterator[MakeWork]:
        from tarash_gateway_ray.cluster import hire_on_nodes, joined, live_nodes  # noqa: PLC0415 # of batches on clusters
        from tarash_gateway_ray.crew import Crew  # noqa: PLC0415
        from tarash_gateway_ray.errand import Errand  # noqa: PLC0415

        def make_work(row: Row, decision: Decision) -> Working:
            return Errand(row, decision, crew)

        async with joined(address):
            crew = Crew(bench, desk, hire_on_nodes(), workers or len(live_nodes()))
            try:
                await crew.begin()
                yield make_work
            finally:
                await crew.close()

    return engine
