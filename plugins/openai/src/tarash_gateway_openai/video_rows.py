"""What OpenAI's video models accepted. The service is shut down; compatible servers speak its protocol.

A row holds the union of what the page promises and what the service took.
"""

from __future__ import annotations

from datetime import date

from tarash.tarash_gateway.capabilities import Lifecycle, Price, VideoModel

_CHECKED = date(2026, 11, 30)
_PRICED = date(2026, 11, 22)
_DEPRECATIONS = "https://developers.openai.com/api/docs/deprecations"
_VIDEOS = "https://developers.openai.com/api/docs/api-reference/videos"
_PRICING = "https://developers.openai.com/api/docs/pricing"
_INPUT_FORMATS = ("image/png", "image/jpeg", "image/webp")
_NO_SUCH_VIDEO_FIELD = ("seed", "negative_prompt", "resolution")

# The service made no squares and nothing near 16:10; compatible servers do, and the page promises them.
_SORA_RATIOS = {
    "16:9": "1280x720",
    "9:16": "720x1280",
    "1:1": "1024x1024",
    "16:10": "1792x1024",
    "10:16": "1024x1792",
}
_SORA_SIZES = ("720x1280", "1280x720", "1024x1792", "1792x1024", "1024x1024")
_SORA_RETIRED = Lifecycle(status="retired", shutdown=date(2026, 9, 24), source=_DEPRECATIONS)

_SORA_2 = VideoModel(
    model="sora-2",
    aliases=("sora-2-2025-10-06", "sora-2-2025-12-08"),
    source=_VIDEOS,
    checked_on=_CHECKED,
    lifecycle=_SORA_RETIRED,
    price=Price(per_second=dict.fromkeys(("720x1280", "1280x720"), 0.10), source=_PRICING, checked_on=_PRICED),
    prompt_max_chars=32_000,
    durations=(4, 8, 12),
    sizes=_SORA_SIZES,
    aspect_ratios=_SORA_RATIOS,
    max_input_images=1,
    input_formats=_INPUT_FORMATS,
    input_match_size=True,
    audio="always",
    operations=("generate", "remix"),
    operation_params={"video_id": "remix"},
    operation_fields={"remix": ("prompt",)},
    extra_params=(),
    unsupported=_NO_SUCH_VIDEO_FIELD,
)

_SORA_2_PRO = _SORA_2.model_copy(
    update={
        "model": "sora-2-pro",
        "aliases": ("sora-2-pro-2025-10-06",),
        "price": Price(
            per_second={"720x1280": 0.30, "1280x720": 0.30, "1024x1792": 0.50, "1792x1024": 0.50},
            source=_PRICING,
            checked_on=_PRICED,
        ),
        # The service took 4, 8 and 12; the page promises the others, and compatible servers take them.
        "durations": (4.0, 8.0, 12.0, 10.0, 15.0, 25.0),
    }
)

VIDEO_MODELS: tuple[VideoModel, ...] = (_SORA_2, _SORA_2_PRO)

DEFAULT_VIDEO_MODEL = VideoModel(
    model="*",
    source=_VIDEOS,
    checked_on=_CHECKED,
    aspect_ratios=_SORA_RATIOS,
    operations=("generate", "remix"),
    operation_params={"video_id": "remix"},
    operation_fields={"remix": ("prompt",)},
)
"""Converts requests for models and deployments without a row: a ratio into pixels, `video_id` into a remix."""
