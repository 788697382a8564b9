"""Images: a landscape of the prompt's own, with the prompt written on it."""

from __future__ import annotations

import functools
import hashlib
import io
import math
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter  # noqa: TID253 - imported when something is drawn, never before

from tarash_gateway_sandbox.artwork.scene import Scene
from tarash_gateway_sandbox.artwork.svg import vector
from tarash_gateway_sandbox.artwork.text import set_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tarash_gateway_sandbox.artwork.orders import ImageOrder


LONGEST_FRAME = 655_350
"""Milliseconds: what the format can say."""
START = 0.3
"""Radians into the first swing: from its turning point, two frames in a row could be the same and become one."""


@functools.lru_cache(maxsize=48)
def draw(order: ImageOrder) -> bytes:
    """Draws an image.

    Args:
        order: What to draw.

    Returns:
        The encoded image.
    """
    seed = f"{order.prompt}\x1f{order.model}\x1f{order.number}"
    line = " · ".join(filter(None, (order.model, f"{order.width}x{order.height}")))
    if order.format == "svg":
        shown = [thumbnail(content, 320) for content in order.inputs]
        return vector(seed, (order.width, order.height), order.prompt, line, shown)
    scene = Scene(seed, order.width, order.height)

    def at(moment: float) -> Image.Image:
        image = scene.at(moment)
        if order.inputs:
            _hang(image, [open_image(content) for content in order.inputs])
        caption(image, scene.ink, order.prompt, line)
        return image

    if order.format == "gif":
        return animate(at, order.frames, order.frame_ms)
    image = at(0.5)
    return encode(_round(image) if order.transparent else image, order.format, order.quality)


@functools.lru_cache(maxsize=48)
def thumbnail(content: bytes, width: int) -> bytes:
    """Returns an image made smaller.

    Args:
        content: An encoded image.
        width: Pixels; the height follows.

    Returns:
        A WebP image.
    """
    image = open_image(content)
    small = image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS)
    return encode(small.convert("RGB"), "webp", 82)


@functools.lru_cache(maxsize=1)
def draw_car() -> bytes:
    """Returns a car on a road: the image of examples that need one.

    Returns:
        A JPEG, 1280x720 pixels.
    """
    scene = Scene("car", 1280, 720)
    image = scene.at(0.5)
    fine = Image.new("L", (2560, 1440), 0)  # twice as fine, then halved: smooth edges
    pen = ImageDraw.Draw(fine)
    pen.rounded_rectangle((760, 1010, 1800, 1180), 70, fill=255)
    pen.polygon([(960, 1020), (1120, 860), (1440, 860), (1620, 1020)], fill=255)
    image.paste((208, 62, 52), (0, 0), fine.reduce(2))
    pen = ImageDraw.Draw(image)
    for left, right, lean in ((503, 620, 55), (632, 776, -62)):
        pen.polygon(
            [(left + max(0, lean), 442), (right + min(0, lean), 442), (right, 505), (left, 505)],
            fill=scene.ink,
        )
    for middle in (500, 792):
        pen.ellipse((middle - 52, 538, middle + 52, 642), fill=(22, 18, 28))
        pen.ellipse((middle - 22, 568, middle + 22, 612), fill=(196, 196, 204))
    pen.rectangle((0, 640, 1280, 646), fill=scene.ink)
    return encode(image, "jpeg", 88)


def open_image(content: bytes) -> Image.Image:
    """Decodes an image wholly.

    Args:
        content: An encoded image.

    Returns:
        The image, in mode RGB or RGBA.

    Raises:
        OSError: It is no image, or half of one.
    """
    with Image.open(io.BytesIO(content)) as opened:
        opened.load()
        return opened.convert("RGBA" if opened.has_transparency_data else "RGB")


def encode(image: Image.Image, form: str, quality: int = 90) -> bytes:
    """Encodes an image.

    Args:
        image: Mode RGB or RGBA.
        form: `png`, `jpeg` or `webp`.
        quality: 0 to 100, for jpeg and webp.

    Returns:
        The encoded bytes.
    """
    out = io.BytesIO()
    # Level 1 and method 0: a stand-in that is waited for is worth less than a few bytes saved.
    options = {
        "png": {"compress_level": 1},
        "jpeg": {"quality": quality},
        "webp": {"quality": quality, "method": 0},
    }
    image.save(out, form, **options[form])
    return out.getvalue()


def caption(image: Image.Image, ink: tuple[int, int, int], prompt: str, line: str) -> None:
    """Writes a prompt on the lower part of an image, and a small line under it.

    Args:
        image: What is written on, in place.
        ink: The colour.
        prompt: The prompt.
        line: The small line; empty for none.
    """
    width, height = image.size
    small = min(width, height)
    margin = round(small * 0.065)
    room = width - 2 * margin
    foot = height - margin
    if line:
        little = set_text(line, width=room, height=round(small * 0.06), largest=max(9, round(small * 0.027)))
        foot -= little.mask.height
        faint = little.mask.point([round(value * 0.62) for value in range(256)])
        image.paste(ink, (margin, foot), faint)
        foot -= round(small * 0.012)
    text = set_text(
        prompt, width=room, height=round(max(height * 0.19, small * 0.3)), largest=max(12, round(small * 0.062))
    )
    image.paste(ink, (margin, foot - text.mask.height), text.mask)


def _round(image: Image.Image) -> Image.Image:
    """Returns the image as a badge: rounded, with see-through air around it."""
    width, height = image.size
    air = round(min(width, height) * 0.02)
    shape = Image.new("L", (width * 2, height * 2), 0)
    box = (air * 2, air * 2, (width - air) * 2 - 1, (height - air) * 2 - 1)
    ImageDraw.Draw(shape).rounded_rectangle(box, radius=round(min(width, height) * 0.22), fill=255)
    badge = image.convert("RGBA")
    badge.putalpha(shape.reduce(2))
    return badge


def _hang(image: Image.Image, shown: list[Image.Image]) -> None:
    """Hangs the input images in a row above the caption, framed, with a soft shadow."""
    width, height = image.size
    gap = round(min(width, height) * 0.045)
    wide = (width - gap * (len(shown) + 1)) // len(shown)
    tall = round(height * 0.7) - 2 * gap
    frame = max(2, round(min(width, height) * 0.009))
    for number, shown_image in enumerate(shown):
        scale = min(wide / shown_image.width, tall / shown_image.height)
        fitted = shown_image.resize(
            (max(1, round(shown_image.width * scale)), max(1, round(shown_image.height * scale)))
        )
        left = gap + number * (wide + gap) + (wide - fitted.width) // 2
        top = gap + (tall - fitted.height) // 2
        outer = (left - frame, top - frame, left + fitted.width + frame, top + fitted.height + frame)
        shadow = Image.new("L", image.size, 0)
        ImageDraw.Draw(shadow).rectangle([edge + frame for edge in outer], fill=110)
        image.paste((0, 0, 0), (0, 0), shadow.filter(ImageFilter.BoxBlur(frame * 2)))
        image.paste((250, 248, 244), outer)
        image.paste(fitted.convert("RGB"), (left, top), fitted.getchannel("A") if fitted.mode == "RGBA" else None)


def animate(at: Callable[[float], Image.Image], frames: int, frame_ms: int) -> bytes:
    """Encodes an animation that repeats for ever.

    Args:
        at: Draws the image of a moment, 0 to 1.
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


@functools.lru_cache(maxsize=48)
def unfinish(content: bytes, share: float) -> bytes:
    """Returns an image on its way: soft and grainy at first, then clearer.

    Args:
        content: The finished image, a png, jpeg or webp.
        share: How far it has come, more than 0 and less than 1.

    Returns:
        An image of the same size and format.
    """
    finished = open_image(content)
    form = "png" if content[:4] == b"\x89PNG" else "webp" if content[:4] == b"RIFF" else "jpeg"
    image = finished.convert("RGB")
    # So many cells along the shorter edge: enlarging a few pixels softly is a blur that costs nothing.
    cells = 14 * 2 ** (4.2 * share)
    scale = min(1.0, cells / min(image.size))
    few = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    soft = image.resize(few, Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC)
    image = Image.blend(soft, _grain(content[-64:], image.size), 0.34 * (1 - share) ** 1.5)
    if finished.mode == "RGBA":
        image.putalpha(finished.getchannel("A"))
    return encode(image, form)


def _grain(seed: bytes, size: tuple[int, int]) -> Image.Image:
    """Returns coloured noise, the same for the same seed."""
    width, height = (max(1, edge // 3) for edge in size)
    noise = hashlib.shake_128(seed).digest(width * height * 3)
    return Image.frombytes("RGB", (width, height), noise).resize(size, Image.Resampling.BILINEAR)
