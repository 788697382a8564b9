"""Animated GIFs: the same landscapes, drifting to and fro."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

from PIL import Image  # noqa: TID253 - imported when something is drawn, never before

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_FRAME = 655_350
"""Milliseconds: what the format can say."""
START = 0.3
"""Radians into the first swing: from its turning point, two frames in a row could be the same and become one."""


def animate(at: Callable[[float], Image.Image], frames: int, frame_ms: int) -> bytes:
    """Encode an animation that repeats for ever.

    Args:
        at: Draws the picture of a moment, 0 to 1.
        frames: How many, at least 2.
        frame_ms: How long each is shown, in milliseconds; the format knows tens of them.

    Returns:
        A GIF file.
    """
    moments = [0.5 - 0.5 * math.cos(2 * math.pi * number / frames + START) for number in range(frames)]
    first = at(moments[0]).quantize(255, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    # One palette for all: colours that are chosen anew for each frame would flicker.
    rest = [at(moment).quantize(palette=first, dither=Image.Dither.NONE) for moment in moments[1:]]
    out = io.BytesIO()
    duration = max(10, min(LONGEST_FRAME, (frame_ms + 5) // 10 * 10))
    first.save(out, "gif", save_all=True, append_images=rest, duration=duration, loop=0, optimize=False)
    return out.getvalue()
