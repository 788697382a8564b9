"""Tarash Gateway: one Python interface to generative media, every vendor behind a plugin.

The names of this package are resolved when they are first used: importing it loads no SDK, no HTTP library
and no plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway._lazy import import_companion, lazy_names

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
    "budget": "Budget",
    "capabilities.cost": "CostEstimate",
    "capabilities.lifecycle": "ModelLifecycleWarning",
    "catalog": (
        "check_request estimate_cost list_models list_providers plan refresh_models refresh_models_async "
        "register_plugin"
    ),
    "display.progress": "progress",
    "errors": "Problem",
    "flows.plan": "RequestPlan",
    "images": (
        "cancel_image cancel_image_async generate_image generate_image_async poll_image poll_image_async "
        "recover_images recover_images_async resume_image resume_image_async stream_image stream_image_async "
        "submit_image submit_image_async"
    ),
    "journal": "Journal",
    "plugins": "plugin_report",
    "videos": (
        "cancel_video cancel_video_async generate_video generate_video_async poll_video poll_video_async "
        "recover_videos recover_videos_async resume_video resume_video_async submit_video submit_video_async"
    ),
}

_find, __dir__ = lazy_names(__name__, _MODULES, __all__)


def __getattr__(name: str) -> Any:
    if name in ("run_batch", "run_batch_async"):
        return getattr(import_companion("tarash_gateway_batch", "batch", name), name)
    return _find(name)
