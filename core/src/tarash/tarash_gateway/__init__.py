"""Tarash Gateway: one Python interface to generative media, every vendor behind a plugin.

The names of this package are resolved when they are first used: importing it loads no SDK, no HTTP library
and no plugin.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tarash.tarash_gateway.budget import Budget
    from tarash.tarash_gateway.capabilities.cost import CostEstimate
    from tarash.tarash_gateway.capabilities.lifecycle import ModelLifecycleWarning
    from tarash.tarash_gateway.catalog import (
        check_request,
        estimate_cost,
        list_models,
        list_providers,
        plan,
        refresh_models,
        refresh_models_async,
        register_plugin,
    )
    from tarash.tarash_gateway.display.progress import progress
    from tarash.tarash_gateway.errors import Problem
    from tarash.tarash_gateway.flows.plan import RequestPlan
    from tarash.tarash_gateway.images import (
        cancel_image,
        cancel_image_async,
        generate_image,
        generate_image_async,
        poll_image,
        poll_image_async,
        recover_images,
        recover_images_async,
        resume_image,
        resume_image_async,
        stream_image,
        stream_image_async,
        submit_image,
        submit_image_async,
    )
    from tarash.tarash_gateway.journal import Journal
    from tarash.tarash_gateway.plugins import plugin_report
    from tarash.tarash_gateway.videos import (
        cancel_video,
        cancel_video_async,
        generate_video,
        generate_video_async,
        poll_video,
        poll_video_async,
        recover_videos,
        recover_videos_async,
        resume_video,
        resume_video_async,
        submit_video,
        submit_video_async,
    )
    from tarash_gateway_batch import run_batch, run_batch_async

__version__ = "1.0.0"

__all__ = [
    "Budget",
    "CostEstimate",
    "Journal",
    "ModelLifecycleWarning",
    "Problem",
    "RequestPlan",
    "cancel_image",
    "cancel_image_async",
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
    "plan",
    "plugin_report",
    "poll_image",
    "poll_image_async",
    "poll_video",
    "poll_video_async",
    "progress",
    "recover_images",
    "recover_images_async",
    "recover_videos",
    "recover_videos_async",
    "refresh_models",
    "refresh_models_async",
    "register_plugin",
    "resume_image",
    "resume_image_async",
    "resume_video",
    "resume_video_async",
    "run_batch",
    "run_batch_async",
    "stream_image",
    "stream_image_async",
    "submit_image",
    "submit_image_async",
    "submit_video",
    "submit_video_async",
]

_MODULES = {
    "Budget": "budget",
    "CostEstimate": "capabilities.cost",
    "Journal": "journal",
    "ModelLifecycleWarning": "capabilities.lifecycle",
    "Problem": "errors",
    "RequestPlan": "flows.plan",
    "cancel_image": "images",
    "cancel_image_async": "images",
    "cancel_video": "videos",
    "cancel_video_async": "videos",
    "check_request": "catalog",
    "estimate_cost": "catalog",
    "generate_image": "images",
    "generate_image_async": "images",
    "generate_video": "videos",
    "generate_video_async": "videos",
    "list_models": "catalog",
    "list_providers": "catalog",
    "plan": "catalog",
    "plugin_report": "plugins",
    "poll_image": "images",
    "poll_image_async": "images",
    "poll_video": "videos",
    "poll_video_async": "videos",
    "progress": "display.progress",
    "recover_images": "images",
    "recover_images_async": "images",
    "recover_videos": "videos",
    "recover_videos_async": "videos",
    "refresh_models": "catalog",
    "refresh_models_async": "catalog",
    "register_plugin": "catalog",
    "resume_image": "images",
    "resume_image_async": "images",
    "resume_video": "videos",
    "resume_video_async": "videos",
    "stream_image": "images",
    "stream_image_async": "images",
    "submit_image": "images",
    "submit_image_async": "images",
    "submit_video": "videos",
    "submit_video_async": "videos",
}
"""The module of each public name, imported when the name is first used."""

_COMPANIONS = {"run_batch": ("tarash_gateway_batch", "batch"), "run_batch_async": ("tarash_gateway_batch", "batch")}
"""Public names of other distributions: the module, and the extra that brings it."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        module = import_module(f"{__name__}.{_MODULES[name]}")
    elif name in _COMPANIONS:
        from tarash.tarash_gateway._lazy import import_companion  # noqa: PLC0415 # most names are our own

        module = import_companion(*_COMPANIONS[name], name)
    else:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
