"""The flows, each written once: generators that yield what they need, and the two drivers that give it to them.

What the public functions use is resolved when it is first used: importing them loads no flow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash.tarash_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from tarash.tarash_gateway.flows.driver import iterate, iterate_async, run, run_async
    from tarash.tarash_gateway.flows.image import image_flow, resume_image_flow, stream_flow
    from tarash.tarash_gateway.flows.jobs import IMAGE, VIDEO, poll_or_cancel, recover_jobs, submit_flow
    from tarash.tarash_gateway.flows.video import resume_video_flow, video_flow

_MODULES = {
    "driver": "iterate iterate_async run run_async",
    "image": "image_flow resume_image_flow stream_flow",
    "jobs": "IMAGE VIDEO poll_or_cancel recover_jobs submit_flow",
    "video": "resume_video_flow video_flow",
}

__all__ = [
    "IMAGE",
    "VIDEO",
    "image_flow",
    "iterate",
    "iterate_async",
    "poll_or_cancel",
    "recover_jobs",
    "resume_image_flow",
    "resume_video_flow",
    "run",
    "run_async",
    "stream_flow",
    "submit_flow",
    "video_flow",
]

__getattr__, __dir__ = lazy_names(__name__, _MODULES, __all__)
