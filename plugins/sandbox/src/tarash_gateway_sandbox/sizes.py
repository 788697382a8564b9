"""Width and height of an aspect ratio."""

from __future__ import annotations


def size_of_short_side(ratio: str, side: int) -> tuple[int, int]:
    """Returns even width and height of a video.

    Args:
        ratio: As in `16:9`.
        side: The shorter side, in pixels.
    """
    wide, high = _parts(ratio)
    long = round(side * max(wide, high) / min(wide, high) / 2) * 2
    return (long, side) if wide >= high else (side, long)


def size_of_area(ratio: str, side: int) -> tuple[int, int]:
    """Returns width and height of an image, on a grid of 16 pixels.

    Args:
        ratio: As in `16:9`.
        side: The side of the square that has about the same area, in pixels.
    """
    wide, high = _parts(ratio)
    stretch: float = (wide / high) ** 0.5
    return max(16, round(side * stretch / 16) * 16), max(16, round(side / stretch / 16) * 16)


def _parts(ratio: str) -> tuple[float, float]:
    wide, _, high = ratio.partition(":")
    return float(wide), float(high)
