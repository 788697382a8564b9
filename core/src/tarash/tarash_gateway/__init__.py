"""Tarash Gateway: one Python interface to generative media, every vendor behind a plugin.

The names of this package are resolved when they are first used: importing it loads no SDK, no HTTP library
and no plugin.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tarash.tarash_gateway.api import (
        cancel_video,
        cancel_video_async,
        check_request,
        estimate_cost,
        generate_image,
        generate_image_async,
        generate_video,
        generate_video_async,
        list_models,
        list_providers,
        poll_video,
        poll_video_async,
        recover_videos,
        recover_videos_async,
        refresh_models,
        refresh_models_async,
        register_plugin,
        resume_video,
        resume_video_async,
        stream_image,
        stream_image_async,
        submit_video,
        submit_video_async,
    )
    from tarash.tarash_gateway.batch.running import run_batch, run_batch_async
    from tarash.tarash_gateway.budget import Budget
    from tarash.tarash_gateway.capabilities.cost import CostEstimate
    from tarash.tarash_gateway.capabilities.lifecycle import ModelLifecycleWarning
    from tarash.tarash_gateway.journal import Journal
    from tarash.tarash_gateway.plugins.report import plugin_report
    from tarash.tarash_gateway.problems import Problem
    from tarash.tarash_gateway.showing.progress import progress

__version__ = "1.0.0"

__all__ = [
    "Budget",
    "CostEstimate",
    "Journal",
    "ModelLifecycleWarning",
    "Problem",
    "cancel_video",
    "cancel_video_async",
    "check_request",
    "estimate_cost",
    "generate_image",
    "generate_image_async",
    "generate_video",
    "generate_video_async",
    "list_models",
    "list_providers",
    "plugin_report",
    "poll_video",
    "poll_video_async",
    "progress",
    "recover_videos",
    "recover_videos_async",
    "refresh_models",
    "refresh_models_async",
    "register_plugin",
    "resume_video",
    "resume_video_async",
    "run_batch",
    "run_batch_async",
    "stream_image",
    "stream_image_async",
    "submit_video",
    "submit_video_async",
]

_HOMES = {
    "Budget": "budget",
    "CostEstimate": "capabilities.cost",
    "Journal": "journal",
    "ModelLifecycleWarning": "capabilities.lifecycle",
    "Problem": "problems",
    "plugin_report": "plugins.report",
    "progress": "showing.progress",
    "run_batch": "batch.running",
    "run_batch_async": "batch.running",
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
