"""What a model costs, as far as its vendor says so."""

from __future__ import annotations

from datetime import date

from pydantic import Field, field_validator

from tarash.tarash_gateway.capabilities.rules import parse_size
from tarash.tarash_gateway.records import StrictInput


class Price(StrictInput):
    """US dollars, by what the vendor counts. A table is empty where the price is not known: nothing is guessed."""

    per_image: dict[str, float] = Field(default_factory=dict)
    """Dollars for one image, by `QUALITY SIZE` such as `hd 1024x1024`."""

    per_second: dict[str, float] = Field(default_factory=dict)
    """Dollars for one second of video, by size."""

    source: str
    checked_on: date

    @field_validator("per_image")
    @classmethod
    def _quality_and_size(cls, value: dict[str, float]) -> dict[str, float]:
        for key in value:
            if len(key.split()) != 2:
                msg = f"{key!r} is not QUALITY SIZE, such as 'hd 1024x1024'"
                raise ValueError(msg)
        return value

    def most_for_image(self, quality: str | None, size: str | None) -> float | None:
        """The most that one image may cost when `quality` and `size` are asked for; None where that is not known."""
        fitting = [
            dollars
            for key, dollars in self.per_image.items()
            if (quality in (None, "auto") or key.split()[0] == quality)
            and (size in (None, "auto") or key.split()[1] == size)
        ]
        return max(fitting, default=None)

    def most_for_second(self, size: str | None) -> float | None:
        """The most that one second of video may cost at `size`; None where that is not known."""
        if size is not None and parse_size(size):
            return self.per_second.get(size)
        return max(self.per_second.values(), default=None)
