"""Clips and pictures for this face, drawn as everywhere in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tarash_gateway_sandbox.clip import ClipOrder
    from tarash_gateway_sandbox.drawing import PictureOrder

QUICK_EDGE = 64
"""Width and height of a quick server's pictures and clips, in pixels."""


def clip_order(
    prompt: str, size: tuple[int, int], seconds: int, model: str, *, reference: bytes | None, number: int, quick: bool
) -> ClipOrder:
    """What a clip depends on; a quick server makes the same small one for every job."""
    from tarash_gateway_sandbox.clip import ClipOrder  # noqa: PLC0415 - brings Pillow and PyAV

    if quick:
        return ClipOrder("quick", QUICK_EDGE, QUICK_EDGE, 1)
    width, height = (edge - edge % 2 for edge in size)
    scene = f"{prompt} ({number + 1})" if number else prompt
    return ClipOrder(prompt, width, height, seconds, model, reference, scene, number)


def film(order: ClipOrder) -> bytes:
    """The clip."""
    from tarash_gateway_sandbox import clip  # noqa: PLC0415 - brings Pillow and PyAV

    return clip.film(order)


def picture_order(
    prompt: str, size: tuple[int, int], model: str, *, inputs: tuple[bytes, ...], form: str, quick: bool
) -> PictureOrder:
    """What a picture depends on."""
    from tarash_gateway_sandbox.drawing import PictureOrder  # noqa: PLC0415 - brings Pillow

    width, height = (QUICK_EDGE, QUICK_EDGE) if quick else size
    return PictureOrder(prompt, width, height, model, inputs=inputs, format=form)


def draw(order: PictureOrder, unfinished: int) -> tuple[bytes, list[bytes]]:
    """The picture, and how it looks while it is thought about."""
    from tarash_gateway_sandbox import drawing  # noqa: PLC0415 - brings Pillow
    from tarash_gateway_sandbox.unfinished import unfinish  # noqa: PLC0415 - as above

    whole = drawing.draw(order)
    return whole, [unfinish(whole, (number + 1) / (unfinished + 1)) for number in range(unfinished)]


def is_picture(content: bytes) -> bool:
    """Whether it can be opened."""
    from tarash_gateway_sandbox.drawing import open_picture  # noqa: PLC0415 - brings Pillow

    try:
        open_picture(content)
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return False
    return True
