"""Batches on a Ray cluster. Importing this loads no Ray."""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.plugins import hookimpl
from tarash_gateway_batch import EngineSpec
from tarash_gateway_ray.data import MakeFiles
from tarash_gateway_ray.engine import ray_engine

__all__ = ["MakeFiles", "ray_engine", "tarash_batch_engines"]


@hookimpl
def tarash_batch_engines() -> Iterable[EngineSpec]:
    """Offers the engine `ray`."""
    yield EngineSpec(name="ray", make=ray_engine, options=("address", "workers"))
