"""What an image or a video depends on: the same order is the same bytes. Imports no imaging library."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class ImageOrder:
    """Everything an image depends on."""

    prompt: str
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    model: str = ""
    """Written in the corner; empty writes nothing there."""
    number: int = 0
    """Which of the images of one request."""
    format: str = "png"
    """`png`, `jpeg`, `webp`, `gif` or `svg`."""
    quality: int = 90
    """0 to 100, for jpeg and webp."""
    transparent: bool = False
    """Whether the corners are transparent (png and webp)."""
    inputs: tuple[bytes, ...] = ()
    """Input images, encoded; they are shown on the image."""
    frames: int = 0
    """Frames of a gif."""
    frame_ms: int = 200
    """How long each frame of a gif is shown, in milliseconds."""


@dataclass(frozen=True)
class VideoOrder:
    """Everything a video depends on."""

    prompt: str
    width: int
    """Pixels, even."""
    height: int
    """Pixels, even."""
    seconds: int
    model: str = ""
    reference: bytes | None = None
    """The first frame, an encoded image."""
    scene: str = ""
    """What the landscape comes from; empty is the prompt. A remix keeps its source's."""
    remixes: int = 0
    """How many remixes away from the first video."""


def image_orders(count: int, order: ImageOrder) -> list[ImageOrder]:
    """Numbers the images of one request.

    Args:
        count: How many.
        order: The first of them.

    Returns:
        So many orders, which differ in their number.
    """
    return [replace(order, number=number) for number in range(count)]
