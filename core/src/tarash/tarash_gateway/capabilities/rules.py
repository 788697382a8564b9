"""Rules where a list would be endless: sizes on a grid, durations in a range."""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import Field

from tarash.tarash_gateway.records import StrictModel

_PIXELS = re.compile(r"([0-9]{1,6})x([0-9]{1,6})")


def parse_size(size: str) -> tuple[int, int] | None:
    """Reads width and height in pixels of `1024x768`; None for a vendor's word such as `auto`."""
    found = _PIXELS.fullmatch(size)
    return (int(found[1]), int(found[2])) if found else None


def parse_ratio(ratio: str) -> float | None:
    """Computes width divided by height of `16:9`; None for a word."""
    width, _, height = ratio.partition(":")
    try:
        return float(width) / float(height)
    except (ValueError, ZeroDivisionError):
        return None


SAME_SHAPE = 0.02
"""Shapes that differ by less than this share are the same to the eye: 0.02 is two percent."""


def shape_distance(ratio: float, other: float) -> float:
    """Measures how far two shapes are apart, as a share: 0.02 is two percent. A ratio is width divided by height."""
    return max(ratio / other, other / ratio) - 1


def ratio_distance(ratio: str | None, size: str | None) -> float:
    """Measures how far the shape of `size` is from `ratio`, as a share; 0 where either is a word."""
    wanted, pixels = parse_ratio(ratio or ""), parse_size(size or "")
    return 0.0 if wanted is None or pixels is None else shape_distance(wanted, pixels[0] / pixels[1])


def nearest_ratio(ratio: str, allowed: Iterable[str]) -> str | None:
    """Picks the allowed ratio of the nearest shape; None for a word, and where `allowed` holds words only."""
    wanted = parse_ratio(ratio)
    shapes = {word: shape for word in allowed if (shape := parse_ratio(word))}
    return None if wanted is None else min(shapes, key=lambda word: shape_distance(shapes[word], wanted), default=None)


def nearest_size(size: str, allowed: Iterable[str]) -> str | None:
    """Picks the allowed size of the nearest shape; of one shape the one next to `size` that is not larger.

    Where every size of that shape is larger, it is the next larger one: the nearest size costs no more than the
    requested one wherever there is a choice. None for a word, and where `allowed` holds words only.
    """
    wanted = parse_size(size)
    pixels = [parsed for item in allowed if (parsed := parse_size(item))]
    if wanted is None or not pixels:
        return None
    width, height = min(pixels, key=_size_order(wanted[0] / wanted[1], wanted[0] * wanted[1], pixels))
    return f"{width}x{height}"


def _size_order(
    ratio: float, area: float, candidates: Iterable[tuple[int, int]]
) -> Callable[[tuple[int, int]], tuple[float, ...]]:
    """Sorts sizes: those of the nearest shape first, of these the ones within `area`, then by their distance."""
    best = min(shape_distance(w / h, ratio) for w, h in candidates)

    def order(size: tuple[int, int]) -> tuple[float, ...]:
        off, pixels = shape_distance(size[0] / size[1], ratio), size[0] * size[1]
        distance = abs(math.log(pixels / area)) + 2 * math.log1p(off)  # a square stays a square
        return (0.0 if off <= max(best, SAME_SHAPE) else off, pixels > area, distance)

    return order


class SizeRule(StrictModel):
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
        """Lists why `size` does not fit; empty when it does."""
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
        """Picks a valid size of the same shape that is not larger, where there is one; None for a word."""
        parsed = parse_size(size)
        if parsed is None:
            return None
        requested = parsed[0] / parsed[1], parsed[0] * parsed[1]
        ratio = min(max(requested[0], self.min_ratio or 0.01), self.max_ratio or 100.0)
        area: float = max(requested[1], self.min_pixels)
        if self.max_pixels:
            area = min(area, self.max_pixels)
        if self.max_edge:
            area = min(area, self.max_edge**2 * min(ratio, 1 / ratio))
        step = self.multiple_of
        width, height = math.sqrt(area * ratio), math.sqrt(area / ratio)
        around = [
            (max(1, w) * step, max(1, h) * step)
            for w in range(int(width / step) - 2, int(width / step) + 4)
            for h in range(int(height / step) - 2, int(height / step) + 4)
        ]
        fitting = [size for size in around if not self.reasons_against(f"{size[0]}x{size[1]}")]
        best = min(fitting, key=_size_order(ratio, requested[1], fitting)) if fitting else None
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
    """Describes a range that may be open at either end."""
    if low and high:
        return f"{before} {_figure(low)} {between} {_figure(high)}".strip()
    return f"at least {_figure(low)}" if low else f"at most {_figure(high or 0)}"


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


class DurationRule(StrictModel):
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
        """Picks the longest valid duration that is not longer than `seconds`, else the shortest one."""
        most = math.floor((self.max - self.min) / self.step + 1e-9)
        steps = min(max(math.floor((seconds - self.min) / self.step + 1e-9), 0), most)
        return self.min + steps * self.step

    def __str__(self) -> str:
        return f"{self.min:g} to {self.max:g} in steps of {self.step:g}"


class NumberRule(StrictModel):
    """A number in a range, for one of the vendor's own parameters."""

    min: float
    max: float
    whole: bool = True
    """Whether it is a whole number."""

    def takes(self, value: Any) -> bool:
        """Whether `value` is a number of the range."""
        kinds = int if self.whole else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool) and self.min <= value <= self.max

    def nearest(self, value: Any) -> float | None:
        """Picks the number of the range that is nearest to `value`; None where that is no number."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        number = min(max(value, self.min), self.max)
        return math.floor(number) if self.whole or number == math.floor(number) else number

    def __str__(self) -> str:
        return f"{self.min:g} to {self.max:g}"


class FieldRule(StrictModel):
    """A rule across fields: where each field of `when` holds one of its values, `field` must hold one of `allowed`.

    Fields are named as in a request; `extra_params.NAME` is one of the vendor's own parameters, and `stream` is true
    while an image is streamed. None among the values means that the field is not given.
    """

    when: dict[str, tuple[Any, ...] | None]
    """Field to the values that bring the rule about; None instead of values: whenever the field is given."""

    field: str
    allowed: tuple[Any, ...]
    because: str
    """Why, in one sentence, for the message."""
