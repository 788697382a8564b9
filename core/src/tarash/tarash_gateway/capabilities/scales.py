"""Words that have an order, and words that mean the same: qualities, tiers of resolution and output formats.

Each function answers for one column of a row: which of its values means the same as the asked one, and which is the
nearest that costs no more. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

AUTO = "auto"
"""Leaves the choice to the vendor; where a model does not know the word, leaving the field out says the same."""

QUALITY_SCALE: tuple[tuple[str, ...], ...] = (
    ("low",),
    ("medium", "standard"),
    ("high", "hd"),
    ("xhigh",),
    ("max",),
)
"""The steps of `quality` from the lowest to the highest; the words of one step mean the same. A row's `quality_steps`
puts a vendor's own words on it."""

_STEPS = {word: step for step, words in enumerate(QUALITY_SCALE) for word in words}

_SAME_FORMAT = {"jpg": "jpeg", "jpeg": "jpg"}

_NEAR_FORMATS: dict[str, tuple[str, ...]] = {
    "png": ("webp", "jpeg", "jpg"),
    "webp": ("png", "jpeg", "jpg"),
    "avif": ("webp", "jpeg", "jpg", "png"),
    "jpeg": ("webp", "png"),
    "jpg": ("webp", "png"),
    "gif": ("webp", "png", "jpeg", "jpg"),
    "svg": ("png", "webp", "jpeg", "jpg"),
}
"""Output format to the ones that serve in its place, the nearest first: what keeps the alpha channel goes before what
does not."""

_TIER = re.compile(r"(?P<lines>[1-9][0-9]{1,3})[pP]|(?P<edge>[1-9][0-9]?|0\.5)[kK]|(?P<square>512)")


def same_quality(asked: str, allowed: Sequence[str], steps: Mapping[str, str]) -> str | None:
    """Picks the model's own word for the step of `asked`, else for the nearest step below; None where there is none.

    Args:
        asked: a word of the scale, or one of the model's own.
        allowed: the words that the model takes.
        steps: the model's own words, each with the word of the scale that it means.
    """
    wanted = _step(asked, steps)
    if wanted is None:
        return None
    below = [(step, word) for word in allowed if (step := _step(word, steps)) is not None and step <= wanted]
    return max(below, key=lambda item: item[0])[1] if below else None


def lowest_quality(asked: str, allowed: Sequence[str], steps: Mapping[str, str]) -> str | None:
    """Picks the model's lowest quality, for a word of the scale below all that the model has."""
    if _step(asked, steps) is None:
        return None
    known = [(step, word) for word in allowed if (step := _step(word, steps)) is not None]
    return min(known, key=lambda item: item[0])[1] if known else None


def _step(word: str, steps: Mapping[str, str]) -> int | None:
    return _STEPS.get(steps.get(word, word).lower())


def tier_pixels(tier: str, *, video: bool) -> float | None:
    """The pixels of one frame or image of a tier such as `720p` or `2K`, or None for another word.

    A `4K` video has the 3840x2160 of a screen, a `4K` image the 4096x4096 of a square.
    """
    found = _TIER.fullmatch(tier)
    if found is None:
        return None
    if found["square"]:
        return 512.0 * 512
    if found["lines"]:
        return float(found["lines"]) ** 2 * 16 / 9
    edge = float(found["edge"])
    return (edge * 540) ** 2 * 16 / 9 if video else (edge * 1024) ** 2


def same_tier(asked: str, allowed: Sequence[str], *, video: bool) -> str | None:
    """Picks the model's own word for a tier: `4k` for `4K`, and for `2160p` of a video."""
    wanted = tier_pixels(asked, video=video)
    spelled = next((tier for tier in allowed if tier.lower() == asked.lower()), None)
    if spelled is not None or wanted is None:
        return spelled
    return next((tier for tier in allowed if tier_pixels(tier, video=video) == wanted), None)


def nearest_tier(pixels: float | None, allowed: Sequence[str], *, video: bool) -> str | None:
    """Picks the largest tier that has no more than `pixels`, else the smallest; None where nothing can be compared."""
    known = [(size, tier) for tier in allowed if (size := tier_pixels(tier, video=video)) is not None]
    if pixels is None or not known:
        return None
    within = [item for item in known if item[0] <= pixels]
    return (max(within) if within else min(known))[1]


def same_format(asked: str, allowed: Sequence[str]) -> str | None:
    """Picks the model's own spelling of an output format: `jpeg` for `jpg` and for `JPEG`."""
    lower = asked.lower()
    return next((word for word in allowed if word.lower() in (lower, _SAME_FORMAT.get(lower))), None)


def near_formats(asked: str, allowed: Sequence[str]) -> list[str]:
    """Lists the model's formats that may serve in the place of `asked`, the nearest first."""
    return [word for word in _NEAR_FORMATS.get(asked.lower(), ()) if word in allowed]
