"""What each model of Kiln accepts. The gateway checks requests against it before anything is sent."""

from __future__ import annotations

from datetime import date

from tarash.tarash_gateway.capabilities import DurationRule, NumberRule, Price, VideoModel

KEY_VARIABLE = "KILN_API_KEY"
"""The environment variable that holds the key where the config has none."""

MODELS = "https://kiln.example/docs/models"
PRICES = "https://kiln.example/pricing"
CHECKED_ON = date(2026, 11, 22)

VIDEO_MODELS: tuple[VideoModel, ...] = (
    VideoModel(
        model="porcelain-2",
        aliases=("porcelain",),
        source=MODELS,
        checked_on=CHECKED_ON,
        max_videos=4,
        durations=DurationRule(min=2, max=12),
        aspect_ratios=("16:9", "9:16", "1:1"),
        resolutions=("720p", "1080p"),
        audio="never",
        max_input_images=1,
        input_formats=("image/png", "image/jpeg"),
        input_roles=("reference",),
        extra_params=("detail",),
        param_values={"detail": NumberRule(min=1, max=10)},
        unsupported=("size", "negative_prompt", "seed"),
        price=Price(per_second={"720p": 0.05, "1080p": 0.12}, source=PRICES, checked_on=CHECKED_ON),
    ),
    VideoModel(
        model="raku-1",
        source=MODELS,
        checked_on=CHECKED_ON,
        durations=(4, 8),
        aspect_ratios=("16:9", "9:16"),
        resolutions=("720p",),
        audio="never",
        max_input_images=0,
        extra_params=(),
        unsupported=("size", "negative_prompt", "seed"),
        price=Price(per_second={"any": 0.02}, source=PRICES, checked_on=CHECKED_ON),
    ),
)
