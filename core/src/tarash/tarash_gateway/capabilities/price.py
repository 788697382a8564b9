"""The price of a model, as far as its vendor publishes it."""

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from tarash.tarash_gateway.capabilities.rules import parse_size
from tarash.tarash_gateway.records import StrictModel, field_of

TokenKind = Literal["text_in", "image_in", "text_out", "image_out"]
"""What a vendor counts tokens of."""


MEGAPIXEL = 1024 * 1024
"""Pixels of one megapixel, as fal bills them: its page on FLUX.2 [pro] counts a 1024x1024 image as one and a 1920x1080
image as two (https://fal.ai/models/fal-ai/flux-2-pro, as quoted in August 2026)."""


class Price(StrictModel):
    """US dollars, by what the vendor counts. A table is empty where the price is not known: nothing is guessed."""

    per_image: dict[str, float] = Field(default_factory=dict)
    """Dollars for one image, by `QUALITY SIZE` such as `hd 1024x1024`, or `any TIER` such as `any 2K`."""

    per_megapixel: dict[Literal["first", "each"], float] = Field(default_factory=dict)
    """Dollars for `each` megapixel (1024x1024 pixels) of one image, where a part of one is billed as a whole one;
    `first` where the first one has a price of its own."""

    per_second: dict[str, float] = Field(default_factory=dict)
    """Dollars for one second of video, by size or tier such as `720p`, or `any`; where sound makes a difference, with
    `audio` or `silent` behind it, as in `720p audio`."""

    per_million_tokens: dict[TokenKind, float] = Field(default_factory=dict)
    """Dollars for a million tokens; what a call took is known from the vendor's usage afterwards."""

    basis: str = "list price"
    """How sure the figures are: `list price`, or who says so."""

    source: str
    """Where the figures are from: a URL."""

    checked_on: date
    """The date of the last comparison with the source."""

    @field_validator("per_image")
    @classmethod
    def _quality_and_size(cls, value: dict[str, float]) -> dict[str, float]:
        for key in value:
            if len(key.split()) != 2:
                msg = f"{key!r} is not QUALITY SIZE, such as 'hd 1024x1024'"
                raise ValueError(msg)
        return value

    def tables(self) -> dict[str, dict[str, float]]:
        """Returns every table of figures by the name of its column."""
        return {name: value for name in type(self).model_fields if isinstance(value := field_of(self, name), dict)}

    @property
    def is_free(self) -> bool:
        """Whether every figure is zero, as those of the sandbox are."""
        figures = [figure for table in self.tables().values() for figure in table.values()]
        return bool(figures) and not any(figures)

    def for_image(
        self, quality: str | None, size: str | None, resolution: str | None = None
    ) -> tuple[float, float] | None:
        """Returns the least and the most that one image may cost; None where that is not known.

        Where something is left to the model (None or a word such as `auto`), every value of it counts.
        """
        return _span(
            dollars
            for key, dollars in self.per_image.items()
            if (quality in (None, "auto") or key.split()[0] in (quality, "any"))
            and _shape_fits(key.split()[1], size, resolution)
        )

    def for_pixels(self, pixels: int) -> float | None:
        """Computes the dollars for one image of so many pixels; None where megapixels have no price."""
        each = self.per_megapixel.get("each")
        if each is None:
            return None
        return self.per_megapixel.get("first", each) + each * (math.ceil(pixels / MEGAPIXEL) - 1)

    def for_second(
        self, size: str | None, resolution: str | None = None, *, audio: bool | None = None
    ) -> tuple[float, float] | None:
        """Returns the least and the most that one second of video may cost; None where that is not known.

        Args:
            size: pixels, or None where they are left to the model.
            resolution: the tier, or None where it is left to the model.
            audio: whether the video has sound; None where that is left to the model.
        """
        return _span(
            dollars
            for shape, sound, dollars in ((*_shape_and_sound(key), dollars) for key, dollars in self.per_second.items())
            if _shape_fits(shape, size, resolution) and (sound is None or audio is None or sound is audio)
        )

    def for_tokens(self, counts: Mapping[TokenKind, int]) -> float | None:
        """Computes the dollars for the tokens of a call; None where one of the kinds has no price."""
        if not counts or any(kind not in self.per_million_tokens for kind, count in counts.items() if count):
            return None
        return sum(self.per_million_tokens.get(kind, 0.0) * count for kind, count in counts.items()) / 1_000_000


def _span(amounts: Iterable[float]) -> tuple[float, float] | None:
    figures = list(amounts)
    return (min(figures), max(figures)) if figures else None


def _shape_fits(shape: str, size: str | None, resolution: str | None) -> bool:
    shapes = [size] if size is not None and parse_size(size) else []
    shapes += [resolution] if resolution is not None else []
    return not shapes or shape == "any" or shape in shapes


def _shape_and_sound(key: str) -> tuple[str, bool | None]:
    shape, _, sound = key.partition(" ")
    return shape, {"audio": True, "silent": False}.get(sound)


def as_dollars(amount: float) -> str:
    """Formats US dollars with two decimals; an amount below one dollar with as many as it has, up to six."""
    digits = 2 if amount >= 1 else 4 if amount >= 0.001 else 6
    whole, _, rest = f"{amount:.{digits}f}".partition(".")
    return f"${whole}.{rest[:2]}{rest[2:].rstrip('0')}"
