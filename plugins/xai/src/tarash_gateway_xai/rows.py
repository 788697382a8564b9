"""What the Grok Imagine models accept, each row with its source and date: ratios and tiers, not pixels."""

from __future__ import annotations

from datetime import date
from typing import Any

from tarash.tarash_gateway.capabilities import (
    DurationRule,
    ImageModel,
    Lifecycle,
    Price,
    VideoModel,
)

_CHECKED = date(2026, 11, 30)
_IMAGES = "https://docs.x.ai/developers/model-capabilities/images/generation"
_VIDEOS = "https://docs.x.ai/developers/rest-api-reference/inference/videos"
_PRICING = "https://docs.x.ai/docs/models"

_IMAGE_RATIOS = (
    *("auto", "1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1"),
    *("21:9", "5:2"),
)
_VIDEO_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")
_FORMATS = ("image/png", "image/jpeg", "image/webp")
_TEN_MIB = 10 * 1024 * 1024

_NO_SUCH_IMAGE_FIELD = ("size", "seed", "style", "negative_prompt", "background", "output_format")
_NO_SUCH_VIDEO_FIELD = ("size", "seed", "negative_prompt")

_IMAGE: dict[str, Any] = {
    "source": _IMAGES,
    "checked_on": _CHECKED,
    "max_images": 10,
    "aspect_ratios": _IMAGE_RATIOS,
    "resolutions": ("1k", "2k"),
    "input_formats": _FORMATS,
    "input_max_bytes": _TEN_MIB,
    "mask": False,
    "streaming": False,
    "extra_params": ("user", "service_tier", "storage_options"),
    "param_values": {"service_tier": ("default", "priority")},
    "unsupported": _NO_SUCH_IMAGE_FIELD,
}
"""What all image models have in common."""


def _image_price(dollars: dict[str, float]) -> Price:
    return Price(per_image=dollars, source=_PRICING, checked_on=_CHECKED)


# 2.0 costs up to about $0.08 at medium: the figure is a rough one, so medium has no price.
_IMAGE_2 = ImageModel(
    **_IMAGE,
    model="grok-imagine-image-2.0",
    max_input_images=5,
    qualities=("low", "medium", "auto"),
    price=_image_price({"low 1k": 0.04, "low 2k": 0.06}),
)


def _served_by_2(model: str, shutdown: date | None) -> ImageModel:
    lifecycle = Lifecycle(status="retired", shutdown=shutdown, replacement=_IMAGE_2.model, source=_IMAGES)
    return _IMAGE_2.model_copy(update={"model": model, "lifecycle": lifecycle, "price": None})


IMAGE_MODELS: tuple[ImageModel, ...] = (
    _IMAGE_2,
    ImageModel(
        **{**_IMAGE, "unsupported": (*_NO_SUCH_IMAGE_FIELD, "quality")},
        model="grok-imagine-image",
        max_input_images=3,
        price=_image_price({"any any": 0.02}),
    ),
    # The vendor serves these names by 2.0 and says so in the answer.
    _served_by_2("grok-imagine-image-quality", date(2026, 11, 2)),
    _served_by_2("grok-imagine-image-pro", None),
)

DEFAULT_IMAGE_MODEL = ImageModel(
    model="*", source=_IMAGES, checked_on=_CHECKED, max_images=10, mask=False, unsupported=_NO_SUCH_IMAGE_FIELD
)
"""Leaves out what no model of the family has, for models without a row."""

_VIDEO: dict[str, Any] = {
    "source": _VIDEOS,
    "checked_on": _CHECKED,
    "durations": DurationRule(min=1, max=15),
    "aspect_ratios": _VIDEO_RATIOS,
    "input_formats": _FORMATS,
    "input_max_bytes": _TEN_MIB,
    "max_input_images": 7,
    "max_by_role": {"first_frame": 1},
    "frames_with_references": False,
    "audio": "optional",
    "extra_params": ("user", "storage_options", "output"),
    "unsupported": _NO_SUCH_VIDEO_FIELD,
}
"""What all video models have in common."""


def _video_price(dollars: dict[str, float]) -> Price:
    # Four places agree on these figures: two price maps and two resellers. Sound costs nothing.
    basis = "price lists of others, which agree"
    return Price(per_second=dollars, basis=basis, source=_PRICING, checked_on=_CHECKED)


# That a video from references has at most 720p is not checked here: a rule cannot see the roles of images.
VIDEO_MODELS: tuple[VideoModel, ...] = (
    VideoModel(
        **{**_VIDEO, "max_by_role": {"first_frame": 1, "last_frame": 1}},
        model="grok-imagine-video-1.5",
        aliases=("grok-imagine-video-1.5-2026-05-30", "grok-imagine-video-1.5-preview"),
        resolutions=("480p", "720p", "1080p"),
        input_roles=("reference", "asset", "first_frame", "last_frame"),
        price=_video_price({"480p": 0.08, "720p": 0.14, "1080p": 0.25}),
    ),
    # One price map has 1080p too, a reseller does not: it is left out.
    VideoModel(
        **_VIDEO,
        model="grok-imagine-video-1.5-lite",
        resolutions=("480p", "720p"),
        input_roles=("reference", "asset", "first_frame"),
        price=_video_price({"480p": 0.02, "720p": 0.03}),
    ),
    VideoModel(
        **_VIDEO,
        model="grok-imagine-video",
        resolutions=("480p", "720p"),
        input_roles=("reference", "asset", "first_frame"),
        operations=("generate", "edit", "extend"),
        durations_by_mode={"extend": DurationRule(min=2, max=10)},
        operation_fields={"edit": ("prompt", "video"), "extend": ("prompt", "video", "duration_seconds")},
        price=_video_price({"480p": 0.05, "720p": 0.07}),
    ),
)

DEFAULT_VIDEO_MODEL = VideoModel(
    model="*",
    source=_VIDEOS,
    checked_on=_CHECKED,
    operations=("generate", "edit", "extend"),
    unsupported=_NO_SUCH_VIDEO_FIELD,
)
"""Leaves out what no model of the family has, for models without a row."""
