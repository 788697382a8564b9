"""The vendor's models and what each of them takes. This is the vendor's side.

It shares nothing with the plugin's rows, so that one can catch a mistake of the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from tarash_gateway_sandbox.sizes import size_of_area

RATIOS = ("16:9", "9:16")
RESOLUTIONS = {"360p": 360, "720p": 720, "1080p": 1080, "4k": 2160}
"""Tiers of a video, and the shorter side in pixels."""

TEN = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
FOURTEEN = (*TEN, "1:8", "8:1", "1:4", "4:1")
TIERS = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
"""Tiers of an image, and about the side of a square."""


@dataclass(frozen=True)
class Omni:
    """A model of the interactions."""

    longest: int
    """Seconds."""
    extends_by: int = 10
    tokens_per_second: int = 5792


@dataclass(frozen=True)
class ImageModel:
    """A model of `generateContent`."""

    ratios: tuple[str, ...]
    tiers: tuple[str, ...]
    thinks: bool = True


OMNI = {"gemini-omni-1.1-flash": Omni(10), "gemini-omni-1.2-flash": Omni(15)}
VERTEX_OMNI = {
    "gemini-omni-flash-preview": Omni(10),
    "gemini-omni-1.1-flash-preview": Omni(10),
    "gemini-omni-1.2-flash": Omni(15),
}
VEO = ("veo-3.1-generate-001", "veo-3.1-fast-generate-001", "veo-3.1-lite-generate-001")
VEO_SECONDS = (4, 6, 8)
IMAGE_MODELS = {
    "gemini-nano-banana-2.1": ImageModel(FOURTEEN, ("1K", "2K", "4K")),
    "gemini-3-pro-image": ImageModel(TEN, ("1K", "2K", "4K")),
    "gemini-3.1-flash-image": ImageModel(FOURTEEN, ("512", "1K", "2K", "4K")),
    "gemini-3.1-flash-lite-image": ImageModel(TEN, ("1K",), thinks=False),
    "gemini-2.5-flash-image": ImageModel(TEN, ("1K",), thinks=False),
}
SHUT_DOWN = {
    "gemini-omni-flash-preview": "gemini-omni-1.1-flash",
    "veo-3.1-generate-preview": "gemini-omni-1.1-flash",
    "veo-3.1-fast-generate-preview": "gemini-omni-1.1-flash",
    "veo-3.1-lite-generate-preview": "gemini-omni-1.1-flash",
    "imagen-4.0-generate-001": "gemini-nano-banana-2.1",
}
"""Models that are gone, and what the vendor names instead."""

MOST_INPUTS = 14
"""Input images of an image."""


def video_size(ratio: str, tier: str) -> tuple[int, int]:
    """Returns width and height of a video, in pixels."""
    short = RESOLUTIONS[tier]
    long = short * 16 // 9
    return (long, short) if ratio == "16:9" else (short, long)


def image_size_of_tier(ratio: str, tier: str) -> tuple[int, int]:
    """Returns width and height of an image, in pixels: about the area of the tier's square, on a grid of 16."""
    if (ratio, tier) == ("16:9", "1K"):
        return 1376, 768
    return size_of_area(ratio, TIERS[tier])
