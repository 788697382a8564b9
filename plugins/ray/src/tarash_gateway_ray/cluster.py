"""The Ray cluster: joined for one batch, and left as it was."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tarash.tarash_gateway.errors import ConfigurationError, PluginError, TarashError
from tarash.tarash_gateway.plugins import install_command, read_variable
from tarash_gateway_batch import BatchSettings
from tarash_gateway_ray.worker import Worker, release
from tarash_gateway_ray.worker_pool import Spawn, WorkerLostError


@asynccontextmanager
async def join_cluster(address: str | None) -> AsyncIterator[None]:
    """Joins a cluster, or starts one on this machine where there is none; a cluster that was joined before is kept.

    Raises:
        ConfigurationError: Ray is not installed, or there is no cluster at the address.
    """
    ray = ray_module()
    if ray.is_initialized():
        yield
        return
    # Ray reports its use to its makers unless it is told not to: a batch starts no traffic that nobody wants.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    options: dict[str, Any] = {"logging_level": "error", "log_to_driver": False}
    address = address or read_variable("RAY_ADDRESS")
    if address is None:
        options["include_dashboard"] = False
    try:
        await asyncio.to_thread(ray.init, address, **options)
    except (OSError, ValueError, RuntimeError) as error:
        msg = f"no Ray cluster was reached at {address or 'this machine'}: {error}"
        raise ConfigurationError(msg) from error
    try:
        yield
    finally:
        await asyncio.to_thread(ray.shutdown)


def ray_module() -> Any:
    """Imports Ray.

    Raises:
        ConfigurationError: it is not installed.
    """
    try:
        import ray  # a second to import, and only a batch on a cluster needs it
    except ImportError as error:
        msg = f"the engine 'ray' needs Ray: {install_command('ray')} on this machine and on each node"
        raise ConfigurationError(msg) from error
    return ray


def live_nodes() -> list[str]:
    """Returns the ids of the nodes that are alive."""
    return sorted(str(node["NodeID"]) for node in ray_module().nodes() if node["Alive"])


def spawn_on_nodes() -> Spawn:
    """Makes workers on one node after the other, of those that are alive when each is made."""
    turns = itertools.count()

    def spawn(name: str, settings: BatchSettings) -> RayActor:
        nodes = live_nodes()
        return RayActor(name, settings, nodes[next(turns) % len(nodes)])

    return spawn


class RayActor:
    """A worker on some node, as an actor of Ray.

    Args:
        name: its name.
        settings: of the batch.
        node: the id of the node.
    """

    def __init__(self, name: str, settings: BatchSettings, node: str) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._name = name
        # No CPU reserved: it waits for vendors. No restart: a new one starts with a name of its own.
        options: dict[str, Any] = {"num_cpus": 0, "max_restarts": 0}
        options["max_concurrency"] = settings.concurrency + 8
        # Not soft: workers that reserve no CPU would all be put on the first node.
        options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(node, soft=False)
        self._actor = ray_module().remote(Worker).options(**options).remote(name, settings, release())

    async def call(self, method: str, *args: Any) -> Any:
        """Calls a method of it."""
        from ray.exceptions import RayError, RayTaskError  # Ray is loaded by now

        try:
            return await getattr(self._actor, method).remote(*args)
        except RayTaskError as error:
            if isinstance(error.cause, TarashError):
                raise error.cause from error
            msg = f"the worker {self._name} failed: {type(error.cause).__name__}: {error.cause}"
            raise PluginError(msg) from error
        except RayError as error:
            raise WorkerLostError(self._name) from error

    def cast(self, method: str, *args: Any) -> None:
        """Calls a method without waiting for its end."""
        with suppress(Exception):  # it is gone, or Ray is
            getattr(self._actor, method).remote(*args)

    def kill(self) -> None:
        """Ends it, if it still exists."""
        with suppress(Exception):  # as above
            ray_module().kill(self._actor, no_restart=True)
