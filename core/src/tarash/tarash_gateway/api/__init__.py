"""The functions of the public face."""

from tarash.tarash_gateway.api.catalog import (
    check_request,
    estimate_cost,
    list_models,
    list_providers,
    refresh_models,
    refresh_models_async,
    register_plugin,
)
from tarash.tarash_gateway.api.images import (
    generate_image,
    generate_image_async,
    stream_image,
    stream_image_async,
)
from tarash.tarash_gateway.api.jobs import (
    cancel_video,
    cancel_video_async,
    poll_video,
    poll_video_async,
    recover_videos,
    recover_videos_async,
    resume_video,
    resume_video_async,
    submit_video,
    submit_video_async,
)
from tarash.tarash_gateway.api.videos import (
    generate_video,
    generate_video_async,
)

__all__ = [
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
    "poll_video",
    "poll_video_async",
    "recover_videos",
    "recover_videos_async",
    "refresh_models",
    "refresh_models_async",
    "register_plugin",
    "resume_video",
    "resume_video_async",
    "stream_image",
    "stream_image_async",
    "submit_video",
    "submit_video_async",
]
