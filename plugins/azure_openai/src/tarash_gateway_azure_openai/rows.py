"""What Azure's models accept: OpenAI's rows, as far as Azure offers the models, with Azure's own limits and dates.

Azure takes and gives no WebP, and its dates are its own. Its prices are not known here, so no row has one. Deployment
names are arbitrary: a config's `base_model` says which of these rows a deployment follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from tarash.tarash_gateway.capabilities import ImageModel, Lifecycle, VideoModel
from tarash_gateway_openai import IMAGE_MODELS as OPENAI_IMAGE_MODELS
from tarash_gateway_openai import VIDEO_MODELS as OPENAI_VIDEO_MODELS

_CHECKED = date(2026, 11, 30)
_IMAGES = "https://learn.microsoft.com/azure/ai-foundry/openai/how-to/dall-e"
_VIDEOS = "https://learn.microsoft.com/azure/ai-foundry/openai/concepts/video-generation"
_RETIREMENTS = "https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements"
"""Its edition of 2026-09-02. Microsoft has moved these dates before: they warn, and refuse nothing."""

_PRICE_MAP = "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json"
"""LiteLLM's price map, which cites Microsoft's page, for what is younger than that edition."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that Azure offers or did offer, and the last day of it."""

    lifecycle: Lifecycle

    @classmethod
    def until(cls, last_day: date, source: str = _RETIREMENTS) -> Offer:
        """Makes the lifecycle of a model with an announced end."""
        return cls(Lifecycle(status="current", shutdown=last_day, source=source))

    @classmethod
    def ended(cls, last_day: date) -> Offer:
        """Makes the lifecycle of a model that is no longer offered."""
        return cls(Lifecycle(status="retired", shutdown=last_day, source=_RETIREMENTS))


IMAGE_OFFERS = {
    "gpt-image-2.5-sunburst": Offer.until(date(2027, 9, 9), _PRICE_MAP),
    "gpt-image-2.5-flare": Offer.until(date(2027, 9, 9), _PRICE_MAP),
    "gpt-image-2": Offer.until(date(2027, 10, 21)),
    # Microsoft's edition of 2026-07-07 said 2026-12-16; the row follows the younger one.
    "gpt-image-1.5": Offer.until(date(2027, 6, 16)),
    "gpt-image-1-mini": Offer.until(date(2027, 4, 7)),
    "gpt-image-1": Offer.ended(date(2026, 10, 23)),
    "dall-e-3": Offer.ended(date(2026, 3, 4)),
    "dall-e-2": Offer.ended(date(2025, 1, 27)),
}
"""Models that are not here were not in Microsoft's schedule: their deployments work, and nothing is checked."""

VIDEO_OFFERS = {
    "sora-2": Offer.ended(date(2026, 10, 15)),  # its version 2025-12-08; 2025-10-06 ended on 2026-07-15
}
"""Sora 2 Pro never came to Azure."""


def _image(row: ImageModel) -> ImageModel:
    update: dict[str, Any] = {
        "source": _IMAGES,
        "checked_on": _CHECKED,
        "lifecycle": IMAGE_OFFERS[row.model].lifecycle,
        "price": None,
        "output_formats": _without(row.output_formats, "webp"),
        "input_formats": _without(row.input_formats, "image/webp"),
    }
    return row.model_copy(update=update)


def _video(row: VideoModel) -> VideoModel:
    update: dict[str, Any] = {
        "source": _VIDEOS,
        "checked_on": _CHECKED,
        "lifecycle": VIDEO_OFFERS[row.model].lifecycle,
        "price": None,
    }
    return row.model_copy(update=update)


def _without(values: tuple[str, ...] | None, absent: str) -> tuple[str, ...] | None:
    return None if values is None else tuple(value for value in values if value != absent)


IMAGE_MODELS: tuple[ImageModel, ...] = tuple(_image(row) for row in OPENAI_IMAGE_MODELS if row.model in IMAGE_OFFERS)
VIDEO_MODELS: tuple[VideoModel, ...] = tuple(_video(row) for row in OPENAI_VIDEO_MODELS if row.model in VIDEO_OFFERS)
