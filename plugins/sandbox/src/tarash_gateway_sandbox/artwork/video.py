"""Videos: the same landscapes, drifting, as H.264 in an MP4 that any browser plays."""

from __future__ import annotations

import functools
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import av  # noqa: TID253 - imported when a video is encoded, never before
from av.video.reformatter import Colorspace  # noqa: TID253
from PIL import Image, ImageDraw  # noqa: TID253 - imported when something is drawn, never before

from tarash_gateway_sandbox.artwork.image import caption, encode, open_image
from tarash_gateway_sandbox.artwork.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tarash_gateway_sandbox.artwork.orders import VideoOrder

FRAMES_PER_SECOND = 12
REMIX_TURN = 0.12
"""How far each remix turns its source's palette, in whole turns of the colour wheel."""


def _small_line(order: VideoOrder) -> str:
    return " · ".join(filter(None, (order.model, f"{order.width}x{order.height}", f"{order.seconds} s")))


def _words(order: VideoOrder) -> tuple[tuple[int, int, int, int], Image.Image]:
    """Returns the caption as a mask, and where it goes: setting type anew would cost more than a frame."""
    words = Image.new("RGB", (order.width, order.height), 0)
    caption(words, (255, 255, 255), order.prompt, _small_line(order))
    box = words.getbbox() or (0, 0, 1, 1)
    return box, words.getchannel("R").crop(box)


def _landscape(order: VideoOrder, moments: list[float]) -> Iterator[Image.Image]:
    turn = (order.remixes * REMIX_TURN) % 1.0
    scene = Scene(order.scene or order.prompt, order.width, order.height, turn=turn)
    box, mask = _words(order)
    for moment in moments:
        frame = scene.at(moment)
        frame.paste(scene.ink, box, mask)
        _progress(frame, scene.ink, moment)
        yield frame


def _approach(order: VideoOrder, moments: list[float]) -> Iterator[Image.Image]:
    """Yields the reference, then a slow approach to its middle while the prompt comes up."""
    still = open_image(order.reference or b"").convert("RGB").resize((order.width, order.height))
    if order.remixes:
        hue, saturation, value = still.convert("HSV").split()
        turned = hue.point([round(step + 256 * REMIX_TURN * order.remixes) % 256 for step in range(256)])
        still = Image.merge("HSV", (turned, saturation, value)).convert("RGB")
    ink = (255, 252, 246)
    # Nearly opaque under the words: the reference may carry writing of its own there.
    floor = Image.linear_gradient("L").resize((order.width, order.height // 3))
    floor = floor.point([min(244, value * 2) for value in range(256)])
    shaded = (0, order.height - floor.height)
    box, words = _words(order)
    for number, moment in enumerate(moments):
        if number == 0:
            yield still
            continue
        share = min(1.0, number / FRAMES_PER_SECOND)
        inset = 0.05 * moment
        edge = (
            inset * order.width,
            inset * order.height,
            (1 - inset) * order.width,
            (1 - inset) * order.height,
        )
        frame = still.resize(still.size, Image.Resampling.BILINEAR, box=edge)
        fade = [round(value * share) for value in range(256)]
        frame.paste((8, 10, 18), shaded, floor.point(fade) if share < 1 else floor)
        frame.paste(ink, box, words.point(fade) if share < 1 else words)
        _progress(frame, ink, moment)
        yield frame


def _progress(frame: Image.Image, ink: tuple[int, int, int], moment: float) -> None:
    thick = max(3, round(min(frame.size) * 0.007))
    ImageDraw.Draw(frame).rectangle((0, frame.height - thick, round(frame.width * moment), frame.height), fill=ink)


def frames(order: VideoOrder) -> Iterator[Image.Image]:
    """Yields the images of a video, in order.

    Args:
        order: What to draw.

    Yields:
        One image for each frame, mode RGB.
    """
    count = order.seconds * FRAMES_PER_SECOND
    moments = [number / max(1, count - 1) for number in range(count)]
    yield from (_approach if order.reference is not None else _landscape)(order, moments)


@functools.lru_cache(maxsize=24)
def encode_video(order: VideoOrder) -> bytes:
    """Encodes a video.

    Args:
        order: What to encode.

    Returns:
        An MP4 file, its index in front so that it plays while it loads.
    """
    # ffmpeg moves the index to the front by reading back what it wrote, which takes a file.
    with tempfile.TemporaryDirectory(prefix="tarash-sandbox-") as folder:
        path = Path(folder) / "video.mp4"
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
            stream.width, stream.height, stream.pix_fmt = order.width, order.height, "yuv420p"
            # A fixed number of threads: x264's output is the same for the same number, not for any number.
            stream.options = {
                "preset": "ultrafast",
                "crf": "23",
                "threads": "2",
                "x264-params": "keyint=24:colorprim=bt709:transfer=bt709:colormatrix=bt709",
            }
            for number, image in enumerate(frames(order)):
                frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
                frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()


@functools.lru_cache(maxsize=24)
def poster(order: VideoOrder) -> bytes:
    """Returns a video's first frame, half as wide.

    Args:
        order: The video.

    Returns:
        A WebP image.
    """
    first = next(frames(order))
    return encode(first.resize((order.width // 2, order.height // 2), Image.Resampling.LANCZOS), "webp", 82)


def inspect(content: bytes) -> tuple[bytes, tuple[int, int], float]:
    """Looks into a video.

    Args:
        content: An encoded video.

    Returns:
        Its first frame as a PNG, its width and height in pixels, and its length in seconds.

    Raises:
        ValueError: It holds no video.
        av.FFmpegError: It is no video.
    """
    with av.open(io.BytesIO(content), "r") as container:
        frame = next(container.decode(video=0), None)
        if frame is None:
            msg = "no frame"
            raise ValueError(msg)
        image = frame.to_image()  # type: ignore[no-untyped-call]
        return encode(image, "png", 100), (frame.width, frame.height), (container.duration or 0) / av.time_base
