"""Rules where a list would be endless: sizes on a grid, durations in a range."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from pydantic import Field

from tarash.tarash_gateway.records import StrictInput

_PIXELS = re.compile(r"([0-9]{1,6})x([0-9]{1,6})")


def parse_size(size: str) -> tuple[int, int] | None:
    """Width and height in pixels of `1024x768`, or None for a vendor's word such as `auto`."""
    found = _PIXELS.fullmatch(size)
    return (int(found[1]), int(found[2])) if found else None


def parse_ratio(ratio: str) -> float | None:
    """Width divided by height of `16:9`, or None for a word."""
    width, _, height = ratio.partition(":")
    try:
        return float(width) / float(height)
    except (ValueError, ZeroDivisionError):
        return None


def nearest_size(size: str, allowed: Iterable[str]) -> str | None:
    """The allowed size whose shape, and then whose area, is nearest to `size`."""
    wanted = parse_size(size)
    known = [(item, parsed) for item in allowed if (parsed := parse_size(item))]
    if wanted is None or not known:
        return None
    width, height = wanted

    def distance(entry: tuple[str, tuple[int, int]]) -> tuple[float, float]:
        w, h = entry[1]
        shape = abs(math.log((w / h) / (width / height)))
        return round(shape, 6), abs(math.log((w * h) / (width * height)))

    return min(known, key=distance)[0]


class SizeRule(StrictInput):
    """Any size on a grid, within limits. All figures are pixels; a ratio is width divided by height."""

    multiple_of: int = Field(default=1, ge=1)
    """Both sides are multiples of this."""

    max_edge: int | None = None
    """The longer side at the most."""

    min_pixels: int = 1
    """Width times height at the least."""

    max_pixels: int | None = None
    """Width times height at the most."""

    min_ratio: float | None = None
    max_ratio: float | None = None

    words: tuple[str, ...] = ()
    """What is taken besides pixels, such as `auto`."""

    def reasons_against(self, size: str) -> list[str]:
        """Why `size` does not fit; empty when it does."""
        if size in self.words:
            return []
        parsed = parse_size(size)
        if parsed is None:
            return [f"is neither WIDTHxHEIGHT nor one of {', '.join(self.words) or 'no words'}"]
        width, height = parsed
        found = []
        if width % self.multiple_of or height % self.multiple_of:
            found.append(f"sides must be multiples of {self.multiple_of}")
        if self.max_edge and max(parsed) > self.max_edge:
            found.append(f"no side may be longer than {self.max_edge}")
        if width * height < self.min_pixels:
            found.append(f"at least {self.min_pixels:,} pixels")
        if self.max_pixels and width * height > self.max_pixels:
            found.append(f"at most {self.max_pixels:,} pixels")
        if not (self.min_ratio or 0) <= width / height <= (self.max_ratio or math.inf):
            found.append(f"width divided by height must be {_span(self.min_ratio, self.max_ratio, 'between', 'and')}")
        return found

    def nearest(self, size: str) -> str | None:
        """A valid size of nearly the same shape and area, or None where there is none near."""
        parsed = parse_size(size)
        if parsed is None:
            return None
        ratio = min(max(parsed[0] / parsed[1], self.min_ratio or 0.01), self.max_ratio or 100.0)
        area: float = max(parsed[0] * parsed[1], self.min_pixels)
        if self.max_pixels:
            area = min(area, self.max_pixels)
        if self.max_edge:
            area = min(area, self.max_edge**2 * min(ratio, 1 / ratio))
        step = self.multiple_of
        width, height = math.sqrt(area * ratio), math.sqrt(area / ratio)

        def apart(size: tuple[int, int]) -> float:
            """How far shape and area are from the wanted ones."""
            w, h = size
            return abs(math.log(w / h / ratio)) + abs(math.log(w * h / area))

        around = [
            (max(1, w) * step, max(1, h) * step)
            for w in range(int(width / step) - 1, int(width / step) + 3)
            for h in range(int(height / step) - 1, int(height / step) + 3)
        ]
        fitting = [size for size in around if not self.reasons_against(f"{size[0]}x{size[1]}")]
        best = min(fitting, key=apart, default=None)
        return f"{best[0]}x{best[1]}" if best else None

    def __str__(self) -> str:
        parts = [f"multiples of {self.multiple_of}"] if self.multiple_of > 1 else []
        parts += [f"sides up to {self.max_edge}"] if self.max_edge else []
        if self.min_pixels > 1 or self.max_pixels:
            parts.append(f"{_span(self.min_pixels if self.min_pixels > 1 else None, self.max_pixels)} pixels")
        if self.min_ratio or self.max_ratio:
            parts.append(f"ratio {_span(self.min_ratio, self.max_ratio)}")
        return ", ".join(parts + list(self.words))


def _span(low: float | None, high: float | None, before: str = "", between: str = "to") -> str:
    """A range in words, open at either end."""
    if low and high:
        return f"{before} {_figure(low)} {between} {_figure(high)}".strip()
    return f"at least {_figure(low)}" if low else f"at most {_figure(high or 0)}"


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


class DurationRule(StrictInput):
    """Any duration in a range. All figures are seconds."""

    min: float = Field(gt=0)
    max: float = Field(gt=0)
    step: float = Field(default=1.0, gt=0)
    """Durations are `min`, `min + step`, and so on up to `max`."""

    def takes(self, seconds: float) -> bool:
        """Whether `seconds` is in the range and on the step."""
        steps = (seconds - self.min) / self.step
        return self.min <= seconds <= self.max and math.isclose(steps, round(steps), abs_tol=1e-6)

    def nearest(self, seconds: float) -> float:
        """The valid duration nearest to `seconds`."""
        most = math.floor((self.max - self.min) / self.step + 1e-9)
        steps = min(max(round((seconds - self.min) / self.step), 0), most)
        return self.min + steps * self.step

    def __str__(self) -> str:
        return f"{self.min:g} to {self.max:g} in steps of {self.step:g}"


class NumberRule(StrictInput):
    """A number in a range, for one of the vendor's own parameters."""

    min: float
    max: float
    whole: bool = True
    """Whether it is a whole number."""

    def takes(self, value: Any) -> bool:
        """Whether `value` is a number of the range."""
        kinds = int if self.whole else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool) and self.min <= value <= self.max

    def __str__(self) -> str:
        return f"{self.min:g} to {self.max:g}"


class FieldRule(StrictInput):
    """A rule across fields: where each field of `when` holds one of its values, `field` must hold one of `allowed`.

    Fields are named as in a request; `extra_params.NAME` is one of the vendor's own parameters, and `stream` is true
    while a picture is streamed. None among the values means that the field is not given.
    """

    when: dict[str, tuple[Any, ...] | None]
    """Field to the values that bring the rule about; None instead of values: whenever the field is given."""

    field: str
    allowed: tuple[Any, ...]
    because: str
    """Why, in one sentence, for the message."""
