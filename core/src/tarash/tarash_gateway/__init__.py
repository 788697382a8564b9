"""Tarash Gateway: one Python interface to generative media, every vendor behind a plugin.

The names of this package are resolved when they are first used: importing it loads no SDK, no HTTP library
and no plugin.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tarash.tarash_gateway.api import (
        check_request,
        estimate_cost,
        generate_image,
        generate_image_async,
        generate_video,
        generate_video_async,
        list_models,
        list_providers,
        register_plugin,
        stream_image,
        stream_image_async,
    )
    from tarash.tarash_gateway.capabilities.cost import CostEstimate
    from tarash.tarash_gateway.capabilities.lifecycle import ModelLifecycleWarning
    from tarash.tarash_gateway.problems import Problem

__version__ = "1.0.0"

__all__ = [
    "CostEstimate",
    "ModelLifecycleWarning",
    "Problem",
    "check_request",
    "estimate_cost",
    "generate_image",
    "generate_image_async",
    "generate_video",
    "generate_video_async",
    "list_models",
    "list_providers",
    "register_plugin",
    "stream_image",
    "stream_image_async",
]

_HOMES = {
    "CostEstimate": "capabilities.cost",
    "ModelLifecycleWarning": "capabilities.lifecycle",
    "Problem": "problems",
}
"""Where the names live that are not functions of `api`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'api')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
