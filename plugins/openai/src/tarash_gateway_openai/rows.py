"""What OpenAI's models accept: the models of our user's page, each row with its source and date.

A row holds the union of what the page promises and what the service takes. Where the page promises a value that the
service has no equal for, a substitute is sent in its place. Compatible servers serve the models that were shut down.
"""

from __future__ import annotations

from datetime import date

from tarash.tarash_gateway.capabilities import ImageModel, Lifecycle, Price, VideoModel

_CHECKED = date(2026, 11, 22)
_DEPRECATIONS = "https://developers.openai.com/api/docs/deprecations"
_IMAGES = "https://developers.openai.com/api/docs/api-reference/images"
_VIDEOS = "https://developers.openai.com/api/docs/api-reference/videos"
_PRICING = "https://developers.openai.com/api/docs/pricing"

_NO_SUCH_IMAGE_FIELD = ("seed", "negative_prompt", "resolution")
_NO_SUCH_VIDEO_FIELD = ("seed", "negative_prompt", "resolution")

_EDIT_FORMATS = ("image/png", "image/jpeg", "image/webp")
_MEGABYTE = 1024 * 1024

_WIDE_AND_TALL = {
    "1:1": "1024x1024",
    "16:9": "1792x1024",
    "9:16": "1024x1792",
    "16:10": "1792x1024",
    "10:16": "1024x1792",
}

_DALL_E_3 = ImageModel(
    model="dall-e-3",
    source=_IMAGES,
    checked_on=_CHECKED,
    lifecycle=Lifecycle(
        status="retired",
        shutdown=date(2026, 5, 12),
        replacement="gpt-image-2.5-sunburst",
        source=_DEPRECATIONS,
    ),
    price=Price(
        per_image={
            "standard 1024x1024": 0.04,
            "standard 1792x1024": 0.08,
            "standard 1024x1792": 0.08,
            "hd 1024x1024": 0.08,
            "hd 1792x1024": 0.12,
            "hd 1024x1792": 0.12,
        },
        source=_PRICING,
        checked_on=_CHECKED,
    ),
    prompt_max_chars=4000,
    max_images=1,
    max_input_images=0,
    sizes=("1024x1024", "1792x1024", "1024x1792"),
    aspect_ratios=_WIDE_AND_TALL,
    qualities=("standard", "hd"),
    styles=("vivid", "natural"),
    backgrounds=(),
    output_formats=(),
    mask=False,
    response_formats=("url", "b64_json"),
    extra_params=("response_format", "user"),
    unsupported=_NO_SUCH_IMAGE_FIELD,
)

_DALL_E_2 = ImageModel(
    model="dall-e-2",
    source=_IMAGES,
    checked_on=_CHECKED,
    lifecycle=Lifecycle(
        status="retired",
        shutdown=date(2026, 5, 12),
        replacement="gpt-image-2.5-sunburst",
        source=_DEPRECATIONS,
    ),
    price=Price(
        per_image={"standard 256x256": 0.016, "standard 512x512": 0.018, "standard 1024x1024": 0.02},
        source=_PRICING,
        checked_on=_CHECKED,
    ),
    prompt_max_chars=1000,
    max_images=10,
    max_input_images=1,
    input_formats=("image/png",),
    input_max_bytes=4 * _MEGABYTE,
    sizes=("256x256", "512x512", "1024x1024"),
    aspect_ratios={"1:1": "1024x1024"},
    qualities=("standard",),
    styles=(),
    backgrounds=(),
    output_formats=(),
    mask=True,
    response_formats=("url", "b64_json"),
    extra_params=("response_format", "user"),
    unsupported=_NO_SUCH_IMAGE_FIELD,
)

_GPT_IMAGE_1_5 = ImageModel(
    model="gpt-image-1.5",
    aliases=("gpt-image-1.5-2025-12-16",),
    source=_IMAGES,
    checked_on=_CHECKED,
    lifecycle=Lifecycle(
        status="deprecated",
        shutdown=date(2026, 12, 1),
        replacement="gpt-image-2.6-sunburst",
        source=_DEPRECATIONS,
    ),
    prompt_max_chars=32_000,
    max_images=10,
    max_input_images=16,
    input_formats=_EDIT_FORMATS,
    input_max_bytes=50 * _MEGABYTE,
    sizes=("1024x1024", "1536x1024", "1024x1536", "auto"),
    aspect_ratios={
        "1:1": "1024x1024",
        "16:9": "1536x1024",
        "9:16": "1024x1536",
        "16:10": "1536x1024",
        "10:16": "1024x1536",
        "3:2": "1536x1024",
        "2:3": "1024x1536",
    },
    # The page promises the sizes of dall-e-3; the service refuses them.
    substitutes={"size": {"1792x1024": "1536x1024", "1024x1792": "1024x1536"}},
    qualities=("auto", "low", "medium", "high"),
    styles=(),
    backgrounds=("auto", "opaque", "transparent"),
    output_formats=("png", "jpeg", "webp"),
    mask=True,
    extra_params=("moderation", "output_compression", "user", "safety_identifier", "input_fidelity"),
    unsupported=_NO_SUCH_IMAGE_FIELD,
)

IMAGE_MODELS: tuple[ImageModel, ...] = (_GPT_IMAGE_1_5, _DALL_E_3, _DALL_E_2)

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
    price=Price(per_second=dict.fromkeys(("720x1280", "1280x720"), 0.10), source=_PRICING, checked_on=_CHECKED),
    prompt_max_chars=32_000,
    durations=(4, 8, 12),
    sizes=_SORA_SIZES,
    aspect_ratios=_SORA_RATIOS,
    max_input_images=1,
    input_formats=_EDIT_FORMATS,
    input_match_size=True,
    audio="always",
    operations=("generate", "remix"),
    operation_params={"video_id": "remix"},
    operation_fields={"remix": ("prompt",)},
    extra_params=(),
    unsupported=_NO_SUCH_VIDEO_FIELD,
)

_SORA_2_PRO = VideoModel(
    model="sora-2-pro",
    aliases=("sora-2-pro-2025-10-06",),
    source=_VIDEOS,
    checked_on=_CHECKED,
    lifecycle=_SORA_RETIRED,
    price=Price(
        per_second={"720x1280": 0.30, "1280x720": 0.30, "1024x1792": 0.50, "1792x1024": 0.50},
        source=_PRICING,
        checked_on=_CHECKED,
    ),
    prompt_max_chars=32_000,
    # The service took 4, 8 and 12; the page promises the others, and compatible servers take them.
    durations=(4, 8, 12, 10, 15, 25),
    sizes=_SORA_SIZES,
    aspect_ratios=_SORA_RATIOS,
    max_input_images=1,
    input_formats=_EDIT_FORMATS,
    input_match_size=True,
    audio="always",
    operations=("generate", "remix"),
    operation_params={"video_id": "remix"},
    operation_fields={"remix": ("prompt",)},
    extra_params=(),
    unsupported=_NO_SUCH_VIDEO_FIELD,
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
