"""Unfinished pictures: what a stream shows before the finished one."""

from __future__ import annotations

import functools
import hashlib

from PIL import Image  # noqa: TID253 - imported when something is drawn, never before

from tarash_gateway_sandbox.artwork.image import encode, open_picture


@functools.lru_cache(maxsize=48)
def unfinish(content: bytes, share: float) -> bytes:
    """A picture on its way: soft and grainy at first, then clearer.

    Args:
        content: The finished picture, a png, jpeg or webp.
        share: How far it has come, more than 0 and less than 1.

    Returns:
        A picture of the same size and format.
    """
    finished = open_picture(content)
    form = "png" if content[:4] == b"\x89PNG" else "webp" if content[:4] == b"RIFF" else "jpeg"
    picture = finished.convert("RGB")
    # So many cells along the shorter edge: enlarging a few pixels softly is a blur that costs nothing.
    cells = 14 * 2 ** (4.2 * share)
    scale = min(1.0, cells / min(picture.size))
    few = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    soft = picture.resize(few, Image.Resampling.BOX).resize(picture.size, Image.Resampling.BICUBIC)
    picture = Image.blend(soft, _grain(content[-64:], picture.size), 0.34 * (1 - share) ** 1.5)
    if finished.mode == "RGBA":
        picture.putalpha(finished.getchannel("A"))
    return encode(picture, form)


def _grain(seed: bytes, size: tuple[int, int]) -> Image.Image:
    """Coloured noise, the same for the same seed."""
    width, height = (max(1, edge // 3) for edge in size)
    noise = hashlib.shake_128(seed).digest(width * height * 3)
    return Image.frombytes("RGB", (width, height), noise).resize(size, Image.Resampling.BILINEAR)
