"""Rules where a list would be endless: sizes on a grid, durations in a range."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pydantic import Field

from tarash.tarash_gateway.records import StrictInput


def parse_size(size: str) -> tuple[int, int] | None:
    """Width and height in pixels of `1024x768`, or None for a vendor's word such as `auto`."""
    width, _, height = size.partition("x")
    return (int(width), int(height)) if width.isdigit() and height.isdigit() else None


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

    min_ratio: float = 0.0
    max_ratio: float = math.inf

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
        if not self.min_ratio <= width / height <= self.max_ratio:
            found.append(f"width divided by height must be between {self.min_ratio:.3g} and {self.max_ratio:.3g}")
        return found

    def nearest(self, size: str) -> str | None:
        """A valid size of nearly the same shape and area, or None where there is none near."""
        parsed = parse_size(size)
        if parsed is None:
            return None
        ratio = min(max(parsed[0] / parsed[1], self.min_ratio or 0.01), self.max_ratio, 100.0)
        area = min(max(parsed[0] * parsed[1], self.min_pixels), self.max_pixels or math.inf)
        if self.max_edge:
            area = min(area, self.max_edge**2 * min(ratio, 1 / ratio))
        step = self.multiple_of
        width, height = math.sqrt(area * ratio), math.sqrt(area / ratio)
        around = [
            f"{max(1, w) * step}x{max(1, h) * step}"
            for w in range(int(width / step) - 1, int(width / step) + 3)
            for h in range(int(height / step) - 1, int(height / step) + 3)
        ]
        fitting = [item for item in around if not self.reasons_against(item)]
        return min(fitting, key=lambda item: _apart(item, parsed), default=None)

    def __str__(self) -> str:
        parts = [f"multiples of {self.multiple_of}"] if self.multiple_of > 1 else []
        parts += [f"sides up to {self.max_edge}"] if self.max_edge else []
        parts += [f"{self.min_pixels:,} to {self.max_pixels:,} pixels"] if self.max_pixels else []
        parts += [f"ratio {self.min_ratio:.3g} to {self.max_ratio:.3g}"] if self.max_ratio < math.inf else []
        return ", ".join(parts + list(self.words))


def _apart(size: str, wanted: tuple[int, int]) -> float:
    width, height = (int(part) for part in size.split("x"))
    return abs(width - wanted[0]) + abs(height - wanted[1])


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
        steps = round((min(max(seconds, self.min), self.max) - self.min) / self.step)
        return min(self.min + steps * self.step, self.max)

    def __str__(self) -> str:
        return f"{self.min:g} to {self.max:g} in steps of {self.step:g}"
