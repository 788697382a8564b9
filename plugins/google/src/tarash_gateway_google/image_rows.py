"""What the Nano Banana models accept, each row with its source and date. They think in ratios and tiers, not in pixels.

Where a fact comes from somebody else than Google, the row is the widest reading of it: the service refuses the rest.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tarash.tarash_gateway.capabilities import ImageModel, Lifecycle, Price

_CHECKED = date(2026, 11, 30)
_IMAGES = "https://ai.google.dev/gemini-api/docs/image-generation"
_PRICING = "https://ai.google.dev/gemini-api/docs/pricing"
_PRICE_MAP = "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json"
"""LiteLLM's price map, which cites Google's pages of prices and deprecations."""

_TEN_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
_ALL_RATIOS = (*_TEN_RATIOS, "1:8", "8:1", "1:4", "4:1")

NO_SUCH_IMAGE_FIELD = ("size", "quality", "style", "negative_prompt", "background", "output_format")
"""Request fields that no model of the family has."""

_SHARED: dict[str, Any] = {
    "source": _IMAGES,
    "checked_on": _CHECKED,
    "max_images": 1,
    "max_input_images": 14,
    "mask": False,
    "extra_params": ("safetySettings", "temperature", "thinkingConfig", "topK", "topP"),
    "streaming": True,
    "unsupported": NO_SUCH_IMAGE_FIELD,
}
"""What all rows here have in common. `extra_params` go into the request's `generationConfig`."""


def _at_1k(dollars: float, checked_on: date = date(2026, 11, 22)) -> Price:
    basis = "the price of a 1K image, as others wrote it down"
    return Price(per_image={"any 1K": dollars}, basis=basis, source=_PRICING, checked_on=checked_on)


IMAGE_MODELS: tuple[ImageModel, ...] = (
    ImageModel(
        **_SHARED,
        model="gemini-nano-banana-2.1",
        aspect_ratios=_ALL_RATIOS,
        resolutions=("1K", "2K", "4K"),
        price=_at_1k(0.034),
    ),
    ImageModel(
        **_SHARED,
        model="gemini-3-pro-image",
        aspect_ratios=_TEN_RATIOS,
        resolutions=("1K", "2K", "4K"),
        price=_at_1k(0.134),
    ),
    # One source says that it was shut down on 2026-10-29; others, and Google's own SDK, still list it.
    ImageModel(
        **_SHARED,
        model="gemini-3.1-flash-image",
        aspect_ratios=_ALL_RATIOS,
        resolutions=("512", "1K", "2K", "4K"),
        price=_at_1k(0.0672, _CHECKED),
        # Deprecated on 2026-10-06, without a last day.
        lifecycle=Lifecycle(status="deprecated", replacement="gemini-nano-banana-2.1", source=_PRICE_MAP),
    ),
    ImageModel(
        **_SHARED,
        model="gemini-3.1-flash-lite-image",
        aspect_ratios=_TEN_RATIOS,
        resolutions=("1K",),
        price=_at_1k(0.034),
    ),
    ImageModel(
        **_SHARED,
        model="gemini-2.5-flash-image",
        aspect_ratios=_TEN_RATIOS,
        resolutions=("1K",),
        price=_at_1k(0.039, _CHECKED),
        # Google had named 2026-10-02 as the earliest day before, and the model was still answering after it.
        lifecycle=Lifecycle(
            status="deprecated",
            shutdown=date(2027, 3, 15),
            replacement="gemini-3.1-flash-lite-image",
            source=_PRICE_MAP,
        ),
    ),
)

DEFAULT_IMAGE_MODEL = ImageModel(
    model="*", source=_IMAGES, checked_on=_CHECKED, mask=False, unsupported=NO_SUCH_IMAGE_FIELD
)
"""Leaves out what no model of the family has, for models without a row."""

DEFAULT_VERTEX_IMAGE_MODEL = DEFAULT_IMAGE_MODEL.model_copy(
    update={"unsupported": tuple(name for name in NO_SUCH_IMAGE_FIELD if name != "output_format")}
)
"""The same for Vertex AI, which knows an output format."""
