"""The hook of this distribution: what a plugin that works on the rows of batches implements.

An entry point in the group `tarash_gateway.engines`, named as the engine, makes it known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tarash.tarash_gateway.plugins import hookspec

if TYPE_CHECKING:
    from tarash_gateway_batch.spec import EngineSpec


@hookspec
def tarash_batch_engines() -> Iterable[EngineSpec]:  # type: ignore[empty-body] # a spec has no body
    """Offers an engine that works on the rows of a batch, such as one on a cluster.

    Called when a batch names the engine: the plugin's entry point in the group `tarash_gateway.engines` has its name.
    It must start nothing and touch no network; the engine does that when a batch enters it. Reading the rows, the
    checks, the decisions, the limits and the telling stay with the batch; `tarash_gateway_batch.seams` says
    what an engine gets and what it gives. What the hook raises is told when the engine is asked for.

    Returns:
        One spec for each engine.

    Example:
        ```python
        @hookimpl
        def tarash_batch_engines():
            yield EngineSpec(name="acme", make=acme_engine, options=("address",))
        ```
    """
