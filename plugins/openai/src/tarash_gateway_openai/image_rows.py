"""What OpenAI's image models accept, each row with its source and date.

A row holds the union of what the page promises and what the service takes. Where the page promises a value that the
service has no equal for, a substitute is sent in its place. Compatible servers serve the models that were shut down.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tarash.tarash_gateway.capabilities import FieldRule, ImageModel, Lifecycle, NumberRule, Price, SizeRule

_CHECKED = date(2026, 11, 30)
_PRICED = date(2026, 11, 22)
_DEPRECATIONS = "https://developers.openai.com/api/docs/deprecations"
_IMAGES = "https://developers.openai.com/api/docs/api-reference/images"
_PRICING = "https://developers.openai.com/api/docs/pricing"
_MEGABYTE = 1024 * 1024


def _retired(shutdown: date, replacement: str) -> Lifecycle:
    return Lifecycle(status="retired", shutdown=shutdown, replacement=replacement, source=_DEPRECATIONS)


def _deprecated(shutdown: date) -> Lifecycle:
    return Lifecycle(status="deprecated", shutdown=shutdown, replacement="gpt-image-2.6-sunburst", source=_DEPRECATIONS)


_SHARED: dict[str, Any] = {
    "source": _IMAGES,
    "checked_on": _CHECKED,
    "unsupported": ("seed", "negative_prompt", "resolution"),
}
"""What all rows here have in common."""

_LANDSCAPE_1792 = {
    "1:1": "1024x1024",
    "16:9": "1792x1024",
    "9:16": "1024x1792",
    "16:10": "1792x1024",
    "10:16": "1024x1792",
}

_DALL_E: dict[str, Any] = {
    **_SHARED,
    "styles": (),
    "backgrounds": (),
    "output_formats": (),
    "response_formats": ("url", "b64_json"),
    "extra_params": ("response_format", "user"),
    "param_values": {"response_format": ("url", "b64_json")},
    "streaming": False,
    "lifecycle": _retired(date(2026, 5, 12), "gpt-image-2.5-sunburst"),
}
"""What the two DALL-E models have in common."""

_DALL_E_3 = ImageModel(
    **{
        **_DALL_E,
        "model": "dall-e-3",
        "price": Price(
            per_image={
                "standard 1024x1024": 0.04,
                "standard 1792x1024": 0.08,
                "standard 1024x1792": 0.08,
                "hd 1024x1024": 0.08,
                "hd 1792x1024": 0.12,
                "hd 1024x1792": 0.12,
            },
            basis="the last list price, as others wrote it down",
            source=_PRICING,
            checked_on=_PRICED,
        ),
        "prompt_max_chars": 4000,
        "max_images": 1,
        "max_input_images": 0,
        "mask": False,
        "sizes": ("1024x1024", "1792x1024", "1024x1792"),
        "aspect_ratios": _LANDSCAPE_1792,
        "qualities": ("standard", "hd"),
        "styles": ("vivid", "natural"),
    }
)

_DALL_E_2 = ImageModel(
    **{
        **_DALL_E,
        "model": "dall-e-2",
        "price": Price(
            per_image={"standard 256x256": 0.016, "standard 512x512": 0.018, "standard 1024x1024": 0.02},
            basis="the last list price, as others wrote it down",
            source=_PRICING,
            checked_on=_PRICED,
        ),
        "prompt_max_chars": 1000,
        "max_images": 10,
        "max_input_images": 1,
        "input_formats": ("image/png",),
        "input_max_bytes": 4 * _MEGABYTE,
        "mask": True,
        "sizes": ("256x256", "512x512", "1024x1024"),
        "aspect_ratios": {"1:1": "1024x1024"},
        "qualities": ("standard",),
    }
)

_TRANSPARENT = FieldRule(
    when={"background": ("transparent",)},
    field="output_format",
    allowed=(None, "png", "webp"),
    because="a transparent background needs png or webp",
)
_COMPRESSION = FieldRule(
    when={"extra_params.output_compression": None},
    field="output_format",
    allowed=("jpeg", "webp"),
    because="output_compression is for jpeg and webp only",
)
_PARTIALS = FieldRule(
    when={"stream": (False,)},
    field="extra_params.partial_images",
    allowed=(None,),
    because="partial images come with stream_image only",
)
_FIDELITY = FieldRule(
    when={"image_list": (None,)},
    field="extra_params.input_fidelity",
    allowed=(None,),
    because="input_fidelity is for edits, and there is no input image",
)

_GPT: dict[str, Any] = {
    **_SHARED,
    "prompt_max_chars": 32_000,
    "max_images": 10,
    "max_input_images": 16,
    "input_formats": ("image/png", "image/jpeg", "image/webp"),
    "input_max_bytes": 50 * _MEGABYTE,
    "mask": True,
    "qualities": ("auto", "low", "medium", "high"),
    "styles": (),
    "backgrounds": ("auto", "opaque", "transparent"),
    "output_formats": ("png", "jpeg", "webp"),
    "streaming": True,
    "rules": (_TRANSPARENT, _COMPRESSION, _PARTIALS),
}
"""What the GPT Image models have in common."""

_GPT_PARAMS = ("moderation", "output_compression", "partial_images", "user", "safety_identifier")
_GPT_VALUES: dict[str, Any] = {
    "moderation": ("auto", "low"),
    "output_compression": NumberRule(min=0, max=100),
    "partial_images": NumberRule(min=0, max=3),
}

_THREE_SIZES: dict[str, Any] = {
    "sizes": ("1024x1024", "1536x1024", "1024x1536", "auto"),
    "aspect_ratios": {
        "1:1": "1024x1024",
        "16:9": "1536x1024",
        "9:16": "1024x1536",
        "16:10": "1536x1024",
        "10:16": "1024x1536",
        "3:2": "1536x1024",
        "2:3": "1024x1536",
    },
    # The page promises the sizes of dall-e-3; the service refuses them.
    "substitutes": {"size": {"1792x1024": "1536x1024", "1024x1792": "1024x1536"}},
    "extra_params": (*_GPT_PARAMS, "input_fidelity"),
    "param_values": {**_GPT_VALUES, "input_fidelity": ("high", "low")},
    "rules": (*_GPT["rules"], _FIDELITY),
}
"""The first generation: three sizes."""


def _per_image(square: tuple[float, float, float], long: tuple[float, float, float]) -> dict[str, float]:
    """Prices of low, medium and high, for the square and for the two long sizes."""
    table = {"1024x1024": square, "1536x1024": long, "1024x1536": long}
    return {
        f"{quality} {size}": prices[at]
        for size, prices in table.items()
        for at, quality in enumerate(("low", "medium", "high"))
    }


_GPT_IMAGE_1 = ImageModel(
    **{
        **_GPT,
        **_THREE_SIZES,
        "model": "gpt-image-1",
        "lifecycle": _retired(date(2026, 10, 23), "gpt-image-2.5-sunburst"),
        "price": Price(
            per_image=_per_image((0.011, 0.042, 0.167), (0.016, 0.063, 0.25)),
            per_million_tokens={"text_in": 5, "image_in": 10, "image_out": 40},
            source="https://developers.openai.com/api/docs/models/gpt-image-1",
            checked_on=_PRICED,
        ),
    }
)

_GPT_IMAGE_1_MINI = ImageModel(
    **{
        **_GPT,
        **_THREE_SIZES,
        "model": "gpt-image-1-mini",
        "param_values": {**_GPT_VALUES, "input_fidelity": ("low",)},
        "lifecycle": _deprecated(date(2026, 12, 1)),
        "price": Price(
            per_image=_per_image((0.005, 0.011, 0.036), (0.006, 0.015, 0.052)),
            per_million_tokens={"text_in": 2, "image_in": 2.5, "image_out": 8},
            source="https://developers.openai.com/api/docs/models/gpt-image-1-mini",
            checked_on=_PRICED,
        ),
    }
)

# Only the price of image output is known for these two, so what a call cost is not computed from its tokens.
_PRICE_1_5 = Price(
    per_image=_per_image((0.009, 0.034, 0.133), (0.013, 0.05, 0.2)),
    per_million_tokens={"image_out": 32},
    basis="about, as others wrote it down",
    source=_PRICING,
    checked_on=_PRICED,
)

_GPT_IMAGE_1_5 = ImageModel(
    **{
        **_GPT,
        **_THREE_SIZES,
        "model": "gpt-image-1.5",
        "aliases": ("gpt-image-1.5-2025-12-16",),
        "lifecycle": _deprecated(date(2026, 12, 1)),
        "price": _PRICE_1_5,
    }
)

_CHATGPT_IMAGE_LATEST = ImageModel(
    **{
        **_GPT,
        **_THREE_SIZES,
        "model": "chatgpt-image-latest",
        "lifecycle": _deprecated(date(2026, 12, 1)),
        "price": _PRICE_1_5,
    }
)

_ANY_SIZE: dict[str, Any] = {
    # Limits of edge and pixels: Microsoft's documentation of the same models; the rest is OpenAI's own wording.
    "sizes": SizeRule(
        multiple_of=16,
        max_edge=3840,
        min_pixels=655_360,
        max_pixels=8_294_400,
        min_ratio=1 / 3,
        max_ratio=3.0,
        words=("auto",),
    ),
    "aspect_ratios": {
        "1:1": "1024x1024",
        "16:9": "1536x864",
        "9:16": "864x1536",
        "16:10": "1280x800",
        "10:16": "800x1280",
        "4:3": "1280x960",
        "3:4": "960x1280",
        "3:2": "1536x1024",
        "2:3": "1024x1536",
        "5:4": "1200x960",
        "4:5": "960x1200",
        "2:1": "1440x720",
        "1:2": "720x1440",
        "21:9": "1680x720",
        "9:21": "720x1680",
        "3:1": "1536x512",
        "1:3": "512x1536",
    },
    "extra_params": _GPT_PARAMS,
    "param_values": _GPT_VALUES,
}
"""The second generation: any size on a grid, and no input_fidelity."""

_PRICE_2 = Price(per_million_tokens={"text_in": 5, "image_in": 8, "image_out": 30}, source=_PRICING, checked_on=_PRICED)
"""What one image takes is not published: it is known from the usage afterwards, and nothing is estimated before."""

_GPT_IMAGE_2 = ImageModel(
    **{**_GPT, **_ANY_SIZE, "model": "gpt-image-2", "aliases": ("gpt-image-2-2026-04-21",), "price": _PRICE_2}
)

_GIF = (
    FieldRule(
        when={"output_format": ("gif",)},
        field="stream",
        allowed=(False,),
        because="a gif is not streamed",
    ),
    FieldRule(when={"output_format": ("gif",)}, field="mask_image", allowed=(None,), because="a gif takes no mask"),
    FieldRule(
        when={"extra_params.frame_count": None},
        field="output_format",
        allowed=("gif",),
        because="frame_count is for gif only",
    ),
    FieldRule(
        when={"extra_params.frame_duration_ms": None},
        field="output_format",
        allowed=("gif",),
        because="frame_duration_ms is for gif only",
    ),
)
_SVG = (
    FieldRule(when={"output_format": ("svg",)}, field="n", allowed=(1,), because="an svg comes alone"),
    FieldRule(
        when={"output_format": ("svg",)},
        field="stream",
        allowed=(False,),
        because="an svg is not streamed",
    ),
    FieldRule(
        when={"extra_params.svg": None},
        field="output_format",
        allowed=("svg",),
        because="svg is for svg only",
    ),
)
_MARKUP = FieldRule(
    when={"extra_params.markup": None}, field="mask_image", allowed=(None,), because="give a markup or a mask, not both"
)

_SUNBURST: dict[str, Any] = {
    **_GPT,
    **_ANY_SIZE,
    "qualities": ("auto", "low", "medium", "high", "xhigh", "max"),
    "output_formats": ("png", "jpeg", "webp", "gif", "svg"),
    "extra_params": (*_GPT_PARAMS, "frame_count", "frame_duration_ms", "svg", "markup"),
    "param_values": {
        **_GPT_VALUES,
        "frame_count": NumberRule(min=2, max=16),
        "frame_duration_ms": NumberRule(min=1, max=655_350),
    },
    "rules": (_TRANSPARENT, _COMPRESSION, _PARTIALS, *_GIF, *_SVG, _MARKUP),
    "price": _PRICE_2,
}
"""The 2.5 and 2.6 generations: more qualities, and gif and svg in preview."""

# Sizes, qualities and formats of 2.6 are inferred: the SDK's texts stop at 2.5, resellers list the same.
_COMPLEXITY: dict[str, Any] = {
    "extra_params": (*_SUNBURST["extra_params"], "complexity"),
    "param_values": {**_SUNBURST["param_values"], "complexity": ("low", "medium", "high")},
}

_GPT_IMAGE_2_5 = tuple(
    ImageModel(**{**_SUNBURST, "model": f"gpt-image-2.5-{kind}", "aliases": (f"gpt-image-2.5-{kind}-2026-09-08",)})
    for kind in ("sunburst", "flare")
)
_GPT_IMAGE_2_6 = tuple(
    ImageModel(**{**_SUNBURST, **_COMPLEXITY, "model": f"gpt-image-2.6-{kind}"}) for kind in ("sunburst", "flare")
)

IMAGE_MODELS: tuple[ImageModel, ...] = (
    *_GPT_IMAGE_2_6,
    *_GPT_IMAGE_2_5,
    _GPT_IMAGE_2,
    _GPT_IMAGE_1_5,
    _CHATGPT_IMAGE_LATEST,
    _GPT_IMAGE_1_MINI,
    _GPT_IMAGE_1,
    _DALL_E_3,
    _DALL_E_2,
)
"""Newest first."""
