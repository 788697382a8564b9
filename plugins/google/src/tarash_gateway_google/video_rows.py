"""What Omni and Veo accept, each row with its source and date. They think in ratios and tiers, not in pixels.

Where a fact comes from somebody else than Google, the row is the widest reading of it: the service refuses the rest.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tarash.tarash_gateway.capabilities import DurationRule, Lifecycle, Price, VideoModel

_CHECKED = date(2026, 11, 30)
_VIDEO = "https://ai.google.dev/gemini-api/docs/video"
_DEPRECATIONS = "https://ai.google.dev/gemini-api/docs/deprecations"
_PRICING = "https://ai.google.dev/gemini-api/docs/pricing"
_VEO = "https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation"
_CATALOGUE = "https://openrouter.ai/api/v1/videos/models"

_NO_SUCH_OMNI_FIELD = ("size", "seed", "negative_prompt")
_RATIOS = ("16:9", "9:16")

_OMNI: dict[str, Any] = {
    "source": _VIDEO,
    "checked_on": _CHECKED,
    "aspect_ratios": _RATIOS,
    "resolutions": ("360p", "720p", "1080p", "4k"),
    # Sources name three, five, six and ten; ten is the vendor's own figure, for the preview.
    "max_input_images": 10,
    "input_roles": ("reference", "first_frame", "last_frame"),
    "max_by_role": {"first_frame": 1, "last_frame": 1},
    "input_formats": ("image/png", "image/jpeg", "image/webp", "image/heic"),
    "audio": "always",
    "operations": ("generate", "edit", "extend"),
    "extra_params": ("labels", "safety_settings", "service_tier", "webhook_config"),
    "unsupported": _NO_SUCH_OMNI_FIELD,
}
"""What all Omni models have in common."""

_OMNI_1_1 = VideoModel(
    **_OMNI,
    model="gemini-omni-1.1-flash",
    durations=DurationRule(min=3, max=10),
    price=Price(
        per_second={"360p": 0.034, "720p": 0.101, "1080p": 0.15, "4k": 0.30},
        basis="$17.50 per million video tokens at 720p, the other tiers as others wrote them down",
        source=_PRICING,
        checked_on=_CHECKED,
    ),
)

# Google's price for 1.2 was not found: it is left open.
_OMNI_1_2 = VideoModel(
    **_OMNI,
    model="gemini-omni-1.2-flash",
    durations=DurationRule(min=3, max=15),
    durations_by_mode={"extend": DurationRule(min=3, max=10)},
)

_PREVIEW = _OMNI_1_1.model_copy(
    update={
        "model": "gemini-omni-flash-preview",
        "resolutions": ("720p",),
        "price": None,
        "lifecycle": Lifecycle(
            status="retired",
            shutdown=date(2026, 9, 30),
            replacement="gemini-omni-1.2-flash",
            source=_DEPRECATIONS,
        ),
    }
)


def _gone(model: str) -> VideoModel:
    """Makes the row of a Veo model that an API key no longer reaches: requests go out as Omni's and are refused."""
    ended = Lifecycle(
        status="retired", shutdown=date(2026, 10, 22), replacement="gemini-omni-1.1-flash", source=_DEPRECATIONS
    )
    return VideoModel(
        model=model,
        source=_DEPRECATIONS,
        checked_on=_CHECKED,
        lifecycle=ended,
        unsupported=("size", "negative_prompt"),
    )


VIDEO_MODELS: tuple[VideoModel, ...] = (
    _OMNI_1_2,
    _OMNI_1_1,
    _PREVIEW,
    _gone("veo-3.1-generate-preview"),
    _gone("veo-3.1-fast-generate-preview"),
    _gone("veo-3.1-lite-generate-preview"),
)

DEFAULT_VIDEO_MODEL = VideoModel(
    model="*",
    source=_VIDEO,
    checked_on=_CHECKED,
    audio="always",
    operations=("generate", "edit", "extend"),
    unsupported=("size", "negative_prompt"),
)
"""Leaves out what no Omni model has, for models without a row."""

_VEO_3_1: dict[str, Any] = {
    "source": _VEO,
    "checked_on": _CHECKED,
    "max_videos": 4,
    "durations": (4.0, 6.0, 8.0),
    "aspect_ratios": _RATIOS,
    "audio": "optional",
    "input_roles": ("reference", "asset", "first_frame", "last_frame"),
    "max_by_role": {"first_frame": 1, "last_frame": 1},
    "operations": ("generate", "extend"),
    "extra_params": ("compressionQuality", "enhancePrompt", "personGeneration", "resizeMode"),
    "param_values": {
        "compressionQuality": ("OPTIMIZED", "LOSSLESS"),
        "personGeneration": ("dont_allow", "allow_adult"),
    },
    "unsupported": ("size",),
}
"""What all Veo 3.1 models have in common. That references, 1080p and 4k want 8 seconds is not checked here.

The rows follow Google's own list of models, where they are generally available. LiteLLM's price map says that they
ended on 2026-11-17.
"""


def _veo(model: str, dollars: dict[str, float] | None, resolutions: tuple[str, ...]) -> VideoModel:
    price = None
    if dollars is not None:
        price = Price(per_second=dollars, basis="an aggregator's price list", source=_CATALOGUE, checked_on=_CHECKED)
    return VideoModel(**_VEO_3_1, model=model, price=price, resolutions=resolutions)


VERTEX_VIDEO_MODELS: tuple[VideoModel, ...] = (
    _OMNI_1_2.model_copy(update={"price": None}),
    _OMNI_1_1.model_copy(update={"model": "gemini-omni-1.1-flash-preview"}),
    _PREVIEW.model_copy(
        update={"lifecycle": Lifecycle(status="deprecated", replacement="gemini-omni-1.2-flash", source=_DEPRECATIONS)}
    ),
    _veo(
        "veo-3.1-generate-001",
        {
            "720p audio": 0.40,
            "1080p audio": 0.40,
            "4k audio": 0.60,
            "720p silent": 0.20,
            "1080p silent": 0.20,
            "4k silent": 0.40,
        },
        ("720p", "1080p", "4k"),
    ),
    # What a silent video of this one costs is not known: it is taken to be no less.
    _veo("veo-3.1-fast-generate-001", {"720p": 0.10, "1080p": 0.12, "4k": 0.30}, ("720p", "1080p", "4k")),
    _veo("veo-3.1-lite-generate-001", {"720p audio": 0.05, "1080p audio": 0.08}, ("720p", "1080p")),
)

DEFAULT_VERTEX_VIDEO_MODEL = VideoModel(
    model="*", source=_VEO, checked_on=_CHECKED, operations=("generate", "edit", "extend"), unsupported=("size",)
)
"""Leaves out what neither Omni nor Veo has."""
