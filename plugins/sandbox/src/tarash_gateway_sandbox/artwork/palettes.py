"""Palettes, and the random numbers that choose them. Imports no imaging library."""

from __future__ import annotations

import colorsys
import hashlib
import random
from dataclasses import dataclass

Rgb = tuple[int, int, int]
"""Red, green and blue, each 0 to 255."""


@dataclass(frozen=True)
class Palette:
    """The colours of one landscape, as `#rrggbb` unless they were already turned."""

    name: str
    sky: tuple[str, str, str]
    """Top, middle and horizon."""
    sun: str
    far: str
    """The farthest ridge, closest to the horizon's colour: haze."""
    near: str
    """The nearest ridge: dark, since the prompt is written on it."""
    ink: str
    """The prompt's colour."""
    stars: bool = False
    """Whether the sky is dark enough for stars."""


PALETTES = (
    Palette("dawn", ("#3d4f8a", "#c987a8", "#ffd9b8"), "#fff1d6", "#d99a9c", "#2a2348", "#fff4e6"),
    Palette("dusk", ("#1f1b4d", "#7b3f83", "#ff9a76"), "#ffe0ad", "#b8597f", "#17112f", "#ffeedd", stars=True),
    Palette("mint", ("#4f9aa8", "#a9d8c8", "#f3f2d6"), "#fffbe6", "#86b9a4", "#123536", "#eefcf2"),
    Palette("desert", ("#5aa0b8", "#f3d9a4", "#ffe9c7"), "#fff6dc", "#e3a06c", "#5a2520", "#fff1dc"),
    Palette("night", ("#0a1230", "#1c2f63", "#4f6fa6"), "#f4f1dc", "#34508a", "#070b1c", "#e9f0ff", stars=True),
    Palette("coral", ("#ff8f70", "#ffb88a", "#ffe6c9"), "#fffaf0", "#f0806f", "#47172e", "#fff0e8"),
    Palette("aurora", ("#0d1b2f", "#175a66", "#7fd1a8"), "#e9fff2", "#2d7c79", "#06141f", "#e6fff6", stars=True),
    Palette("lavender", ("#6b6fc2", "#b9a7e0", "#f6e2ee"), "#fffafc", "#a58fcb", "#2b2250", "#f8f2ff"),
    Palette("ember", ("#2b0f24", "#8a2b35", "#f7a046"), "#ffe9b0", "#a83c3b", "#1b0a18", "#fff0d8", stars=True),
    Palette("glacier", ("#2f6da3", "#8fc3de", "#eaf6fb"), "#ffffff", "#7fb0cc", "#0f2c48", "#f1faff"),
    Palette("meadow", ("#5b93c7", "#b8dbe0", "#fbf3d0"), "#fff8da", "#9bbf7d", "#1e3d2a", "#f6fde8"),
    Palette("plum", ("#33204f", "#9a4c86", "#f6b7a8"), "#fff0dd", "#a85f8c", "#200f2c", "#fff0f5", stars=True),
)
"""What a prompt's hash chooses from."""


def seeded(*parts: object) -> random.Random:
    """Returns random numbers that are the same for the same parts, in every process and on every machine.

    Args:
        parts: What the numbers depend on; anything with a stable `str()`.

    Returns:
        A generator of which only `random()` is used: it alone is promised never to change.
    """
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "replace")).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - a landscape, not a secret


def rgb(colour: str, turn: float = 0.0) -> Rgb:
    """Returns a `#rrggbb` colour as numbers.

    Args:
        colour: The colour.
        turn: How far its hue is turned, in whole turns of the colour wheel.

    Returns:
        Red, green and blue.
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    turned = colorsys.hls_to_rgb((hue + turn) % 1.0, lightness, saturation)
    return (round(turned[0] * 255), round(turned[1] * 255), round(turned[2] * 255))


def blend(first: Rgb, other: Rgb, share: float) -> Rgb:
    """Returns a colour between two.

    Args:
        first: The colour at share 0.
        other: The colour at share 1.
        share: Where between them, 0 to 1.

    Returns:
        The colour in between.
    """
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, other, strict=True))
    return (red, green, blue)
