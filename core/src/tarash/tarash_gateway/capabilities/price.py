"""What a model costs, as far as its vendor says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from tarash.tarash_gateway.capabilities.rules import parse_size
from tarash.tarash_gateway.records import StrictInput

TokenKind = Literal["text_in", "image_in", "text_out", "image_out"]
"""What a vendor counts tokens of."""


class Price(StrictInput):
    """US dollars, by what the vendor counts. A table is empty where the price is not known: nothing is guessed."""

    per_image: dict[str, float] = Field(default_factory=dict)
    """Dollars for one image, by `QUALITY SIZE` such as `hd 1024x1024`."""

    per_second: dict[str, float] = Field(default_factory=dict)
    """Dollars for one second of video, by size."""

    per_million_tokens: dict[TokenKind, float] = Field(default_factory=dict)
    """Dollars for a million tokens; what a call took is known from the vendor's usage afterwards."""

    basis: str = "list price"
    """How sure the figures are: `list price`, or who says so."""

    source: str
    """Where the figures are from: a URL."""

    checked_on: date

    @field_validator("per_image")
    @classmethod
    def _quality_and_size(cls, value: dict[str, float]) -> dict[str, float]:
        for key in value:
            if len(key.split()) != 2:
                msg = f"{key!r} is not QUALITY SIZE, such as 'hd 1024x1024'"
                raise ValueError(msg)
        return value

    def for_image(self, quality: str | None, size: str | None) -> tuple[float, float] | None:
        """The least and the most that one image of `quality` and `size` may cost; None where that is not known.

        Where one of the two is left to the model (None or a word such as `auto`), every value of it counts.
        """
        fitting = [
            dollars
            for key, dollars in self.per_image.items()
            if (quality in (None, "auto") or key.split()[0] == quality)
            and (size is None or not parse_size(size) or key.split()[1] == size)
        ]
        return (min(fitting), max(fitting)) if fitting else None

    def for_second(self, size: str | None) -> tuple[float, float] | None:
        """The least and the most that one second of video may cost at `size`; None where that is not known."""
        if size is not None and parse_size(size):
            return (self.per_second[size],) * 2 if size in self.per_second else None
        every = self.per_second.values()
        return (min(every), max(every)) if every else None

    def for_tokens(self, counts: Mapping[TokenKind, int]) -> float | None:
        """Dollars for what a call took; None where one of the kinds has no price."""
        if not counts or any(kind not in self.per_million_tokens for kind, count in counts.items() if count):
            return None
        return sum(self.per_million_tokens.get(kind, 0.0) * count for kind, count in counts.items()) / 1_000_000
