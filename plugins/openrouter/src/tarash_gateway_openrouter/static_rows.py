"""A few well-known models, as the vendor's lists had them: what is known without asking.

`refresh_models` fetches the lists themselves, and what it fetches goes before what is here.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash_gateway_openrouter.catalogue import (
    IMAGE_PARAMS,
    IMAGE_SOURCE,
    NO_SUCH_IMAGE_FIELD,
    VIDEO_PARAMS,
    VIDEO_SOURCE,
    image_rows,
    video_rows,
)

_READ = date(2026, 11, 22)

_BASIS = "the vendor's list, as others quote it"
"""The lists were not fetched for this: they are read from what others wrote down of them. The prices of Veo 3.1 Lite
were also measured by somebody on 2026-09-17."""

_VEO: dict[str, Any] = {
    "supported_aspect_ratios": ["16:9", "9:16"],
    "supported_durations": [4, 6, 8],
    "supported_frame_images": ["first_frame", "last_frame"],
    "generate_audio": True,
    "seed": True,
    "allowed_passthrough_parameters": ["negativePrompt"],
}
_HD = ["1280x720", "720x1280", "1920x1080", "1080x1920"]
_UHD = [*_HD, "3840x2160", "2160x3840"]

VIDEOS: list[tuple[date, dict[str, Any]]] = [
    (
        date(2026, 8, 17),
        {
            **_VEO,
            "id": "google/veo-3.1",
            "supported_resolutions": ["720p", "1080p", "4K"],
            "supported_sizes": _UHD,
            "pricing_skus": {
                "duration_seconds_with_audio": "0.40",
                "duration_seconds_with_audio_4k": "0.60",
                "duration_seconds_without_audio": "0.20",
                "duration_seconds_without_audio_4k": "0.40",
            },
        },
    ),
    (
        date(2026, 8, 17),
        {
            **_VEO,
            "id": "google/veo-3.1-fast",
            "supported_resolutions": ["720p", "1080p", "4K"],
            "supported_sizes": _UHD,  # not quoted for this one: those of its larger sibling
        },
    ),
    (
        date(2026, 8, 17),
        {
            **_VEO,
            "id": "google/veo-3.1-lite",
            "supported_resolutions": ["720p", "1080p"],
            "supported_sizes": _HD,
            "pricing_skus": {
                "duration_seconds_with_audio": "0.08",
                "duration_seconds_with_audio_720p": "0.05",
                "duration_seconds_without_audio": "0.05",
                "duration_seconds_without_audio_720p": "0.03",
            },
        },
    ),
    (
        date(2026, 8, 17),
        {
            "id": "alibaba/wan-2.7",
            "supported_resolutions": ["720p", "1080p"],
            "supported_aspect_ratios": ["16:9", "9:16", "1:1", "4:3", "3:4"],
            "supported_durations": list(range(2, 11)),
            "supported_frame_images": ["first_frame", "last_frame"],
            "generate_audio": True,
            "seed": True,
            "pricing_skus": {"duration_seconds": "0.1"},
        },
    ),
    (
        date(2026, 8, 17),
        {
            "id": "bytedance/seedance-2.0",
            "supported_resolutions": ["480p", "720p", "1080p", "4K"],
            "supported_aspect_ratios": ["1:1", "3:4", "9:16", "4:3", "16:9", "21:9", "9:21"],
            "supported_durations": list(range(4, 16)),
            "supported_frame_images": ["first_frame", "last_frame"],
            "generate_audio": True,
            "seed": True,
            "pricing_skus": {"video_tokens": "0.000007"},
        },
    ),
    (
        date(2026, 10, 7),
        {
            "id": "x-ai/grok-imagine-video-1.5-lite",
            "supported_resolutions": ["480p", "720p", "1080p"],
            "supported_aspect_ratios": ["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3"],
            "supported_durations": list(range(1, 16)),
            "supported_frame_images": ["first_frame"],
            "generate_audio": None,
            "seed": None,
        },
    ),
    (_READ, {"id": "openai/sora-2"}),
    (_READ, {"id": "openai/sora-2-pro"}),
]
"""Entries as the vendor's own list has them, and when somebody read them there."""

_USUAL_RATIOS = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]

IMAGES: list[tuple[date, dict[str, Any]]] = [
    (
        _READ,
        {
            "id": "openai/gpt-image-2",
            "supported_parameters": {
                "quality": {"type": "enum", "values": ["auto", "low", "medium", "high"]},
                "n": {"type": "range", "min": 1, "max": 10},
                "input_references": {"type": "range", "min": 0, "max": 16},
                # Not quoted by those who quote the rest: the values are those of the vendor behind it.
                "background": {"type": "enum", "values": ["auto", "opaque", "transparent"]},
                "output_format": {"type": "enum", "values": ["png", "jpeg", "webp"]},
                # Listed, with values that are not known.
                **dict.fromkeys(("output_compression", "seed")),
            },
            "supports_streaming": True,
        },
    ),
    (
        _READ,
        {
            "id": "google/gemini-3.1-flash-lite-image",
            "supported_parameters": {
                "resolution": {"type": "enum", "values": ["1K"]},
                "aspect_ratio": {
                    "type": "enum",
                    "values": [*_USUAL_RATIOS, "1:4", "1:8", "4:1", "8:1"],
                },
                "n": {"type": "range", "min": 1, "max": 1},
                "input_references": {"type": "range", "min": 0, "max": 14},
            },
            "supports_streaming": False,
        },
    ),
]
"""Entries as the vendor's own list has them, and when they were read."""

VIDEO_MODELS: tuple[VideoModel, ...] = tuple(
    row for checked_on, entry in VIDEOS for row in video_rows([entry], checked_on, basis=_BASIS)
)
IMAGE_MODELS: tuple[ImageModel, ...] = tuple(
    row for checked_on, entry in IMAGES for row in image_rows([entry], checked_on)
)

DEFAULT_VIDEO_MODEL = VideoModel(
    model="*",
    source=VIDEO_SOURCE,
    checked_on=_READ,
    operations=("generate", "edit", "extend"),
    frames_with_references=False,
    extra_params=VIDEO_PARAMS,
    unsupported=("negative_prompt",),
)
"""For models without a row: leaves out what the protocol has no field for."""

DEFAULT_IMAGE_MODEL = ImageModel(
    model="*",
    source=IMAGE_SOURCE,
    checked_on=_READ,
    max_images=10,
    mask=False,
    extra_params=IMAGE_PARAMS,
    unsupported=NO_SUCH_IMAGE_FIELD,
)
"""For models without a row: leaves out what the protocol has no field for."""
