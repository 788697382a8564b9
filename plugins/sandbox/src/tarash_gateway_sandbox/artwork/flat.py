"""Images and videos of one colour, for a server that does not draw: right in size, format and length, and cheap."""

from __future__ import annotations

import functools
import hashlib
import io
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image  # noqa: TID253 - imported when something is drawn, never before

if TYPE_CHECKING:
    from tarash_gateway_sandbox.artwork.orders import ImageOrder, VideoOrder
    from tarash_gateway_sandbox.artwork.palettes import Rgb

FRAMES_PER_SECOND = 1


def flat_image(order: ImageOrder) -> bytes:
    """Encodes an image of one colour, which depends on the prompt, the inputs and the number of the image.

    Args:
        order: The image; svg is not for this function.

    Returns:
        The encoded image, of the size and format that were asked for.
    """
    seed = hashlib.sha256(f"{order.prompt}\x1f{order.model}\x1f{order.number}".encode("utf-8", "replace"))
    for content in order.inputs:
        seed.update(content)
    red, green, blue = seed.digest()[:3]
    colour = (red, green, blue)
    size = (order.width, order.height)
    if order.format == "gif":
        return _animation(size, colour, order.frames, order.frame_ms)
    return _still(size, colour, order.format, transparent=order.transparent)


def flat_video(order: VideoOrder) -> bytes:
    """Encodes a video of one colour.

    Args:
        order: The video.

    Returns:
        An MP4 file of the size and length that were asked for; another order gives other bytes.
    """
    # A box that players skip makes the difference: encoding again would cost a thousand times as much.
    mark = hashlib.sha256(repr(order).encode("utf-8", "replace")).digest()
    return _video(order.width, order.height, order.seconds) + struct.pack(">I4s", 8 + len(mark), b"free") + mark


@functools.lru_cache(maxsize=64)
def _still(size: tuple[int, int], colour: Rgb, form: str, *, transparent: bool) -> bytes:
    out = io.BytesIO()
    if form == "png":
        # Two colours are a bit for each pixel. Uncompressed, so that it has some size: clients treat a few bytes
        # otherwise than an image.
        image = Image.new("P", size, 1)
        image.putpalette((0, 0, 0, *colour))
        if transparent:
            image.paste(0, (0, 0, max(1, size[0] // 8), size[1]))
            image.save(out, form, compress_level=0, transparency=0)
        else:
            image.save(out, form, compress_level=0)
    elif form == "webp":
        image = Image.new("RGBA" if transparent else "RGB", size, colour)
        if transparent:
            image.paste((0, 0, 0, 0), (0, 0, max(1, size[0] // 8), size[1]))
        image.save(out, form, lossless=True, quality=0, method=0)
    else:
        Image.new("RGB", size, colour).save(out, form, quality=90)
    return out.getvalue()


@functools.lru_cache(maxsize=32)
def _animation(size: tuple[int, int], colour: Rgb, frames: int, frame_ms: int) -> bytes:
    # Two frames in a row of one colour would become one.
    first, *rest = (Image.new("P", size, number % 2) for number in range(frames))
    for image in (first, *rest):
        image.putpalette((*colour, *(255 - part for part in colour)))
    out = io.BytesIO()
    duration = max(10, (frame_ms + 5) // 10 * 10)
    first.save(out, "gif", save_all=True, append_images=rest, duration=duration, loop=0, optimize=False)
    return out.getvalue()


@functools.lru_cache(maxsize=64)
def _video(width: int, height: int, seconds: int) -> bytes:
    import av

    with tempfile.TemporaryDirectory(prefix="tarash-sandbox-") as folder:
        path = Path(folder) / "video.mp4"
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.options = {"preset": "ultrafast", "crf": "40", "threads": "1"}
            frame = av.VideoFrame(width, height, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([110]) * plane.buffer_size)
            for number in range(seconds * FRAMES_PER_SECOND):
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()
