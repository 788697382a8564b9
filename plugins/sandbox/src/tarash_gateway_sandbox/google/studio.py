"""Orders of this face, and the check of its input images."""

from __future__ import annotations

from tarash_gateway_sandbox.orders import VideoOrder


def video_order(
    prompt: str, size: tuple[int, int], seconds: int, model: str, *, reference: bytes | None, number: int
) -> VideoOrder:
    """Return what a video depends on."""
    width, height = (edge - edge % 2 for edge in size)
    scene = f"{prompt} ({number + 1})" if number else prompt
    return VideoOrder(prompt, width, height, seconds, model, reference, scene, number)


def is_picture(content: bytes) -> bool:
    """Whether it can be opened."""
    from tarash_gateway_sandbox.drawing import open_picture  # noqa: PLC0415 - brings Pillow

    try:
        open_picture(content)
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return False
    return True
