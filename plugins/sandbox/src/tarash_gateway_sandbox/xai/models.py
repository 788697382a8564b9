"""What the vendor's models take, from its side: it shares nothing with the plugin's rows."""

from __future__ import annotations

from dataclasses import dataclass

TICKS = 10_000_000_000
"""Ticks of one US dollar, in which the vendor tells what a call cost."""

IMAGE_RATIOS = (
    *("auto", "1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1"),
    *("21:9", "5:2"),  # SDK 1.21.0, November 2026
)
VIDEO_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")
IMAGE_SIDES = {"1k": 1024, "2k": 2048}
SHORT_SIDES = {"480p": 480, "720p": 720, "1080p": 1080}


@dataclass(frozen=True)
class ImageModel:
    """One image model."""

    served: str
    """The model that serves it."""
    inputs: int
    qualities: tuple[str, ...] = ()
    dollars: float = 0.02


@dataclass(frozen=True)
class VideoModel:
    """One video model."""

    resolutions: tuple[str, ...]
    per_second: float
    edits: bool = False
    last_frame: bool = False


_SECOND = ImageModel("grok-imagine-image-2.0", 5, ("low", "medium", "auto"), 0.04)

IMAGE_MODELS = {
    "grok-imagine-image": ImageModel("grok-imagine-image", 3),
    "grok-imagine-image-2.0": _SECOND,
    "grok-imagine-image-quality": _SECOND,
    "grok-imagine-image-pro": _SECOND,
}

_FIRST_OF_1_5 = VideoModel(("480p", "720p", "1080p"), 0.08, last_frame=True)

VIDEO_MODELS = {
    "grok-imagine-video": VideoModel(("480p", "720p"), 0.05, edits=True),
    "grok-imagine-video-1.5": _FIRST_OF_1_5,
    "grok-imagine-video-1.5-2026-05-30": _FIRST_OF_1_5,
    "grok-imagine-video-1.5-preview": _FIRST_OF_1_5,
    "grok-imagine-video-1.5-lite": VideoModel(("480p", "720p"), 0.02),
}
