"""Vector images: a landscape of the prompt's own as SVG, with the prompt written on it."""

from __future__ import annotations

import base64
import re
import textwrap
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from tarash_gateway_sandbox.artwork.palettes import PALETTES, blend, rgb, seeded
from tarash_gateway_sandbox.artwork.scene import height_at, skyline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tarash_gateway_sandbox.artwork.palettes import Rgb

RIDGES = 4
POINTS = 48
"""Corners of a skyline."""
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML has no way to write."""
MOST_LINES = 4


def vector(seed: str, size: tuple[int, int], prompt: str, line: str, inputs: Sequence[bytes] = ()) -> bytes:
    """Draws a vector image.

    Args:
        seed: What the landscape depends on.
        size: Width and height, in pixels.
        prompt: Written on it, and its title.
        line: The small line under the prompt.
        inputs: WebP images that are shown on it.

    Returns:
        An SVG document.
    """
    width, height = size
    dice = seeded("vector", seed)
    palette = PALETTES[int(dice.random() * len(PALETTES))]
    turn = (dice.random() - 0.5) * 0.07
    top, middle, horizon = (rgb(colour, turn) for colour in palette.sky)
    across, up = (0.22 + 0.56 * dice.random()) * width, (0.2 + 0.14 * dice.random()) * height
    small = min(width, height)
    stops = "".join(
        f'<stop offset="{offset}" stop-color="{_hex(colour)}"/>'
        for offset, colour in ((0, top), (0.4, middle), (0.75, horizon))
    )
    sun = _hex(rgb(palette.sun, turn))
    radius = small * (0.075 + 0.05 * dice.random())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{_text(prompt)}</title>",
        (
            f'<defs><linearGradient id="sky" x2="0" y2="1">{stops}</linearGradient>'
            f'<radialGradient id="glow"><stop stop-color="{sun}" stop-opacity=".6"/>'
            f'<stop offset="1" stop-color="{sun}" stop-opacity="0"/></radialGradient></defs>'
        ),
        f'<rect width="{width}" height="{height}" fill="url(#sky)"/>',
        f'<circle cx="{across:.0f}" cy="{up:.0f}" r="{radius * 3:.0f}" fill="url(#glow)"/>',
        f'<circle cx="{across:.0f}" cy="{up:.0f}" r="{radius:.0f}" fill="{sun}"/>',
    ]
    far, near = rgb(palette.far, turn), rgb(palette.near, turn)
    for number in range(RIDGES):
        depth = number / (RIDGES - 1)
        waves = skyline(dice, peaks=number % 2 == 0, depth=depth)
        tall, base = height * (0.2 - 0.07 * depth), height * (0.54 + 0.2 * depth)
        corners = " ".join(
            f"{width * at / POINTS:.0f},{base - tall * height_at(waves, at / POINTS, peaks=number % 2 == 0):.0f}"
            for at in range(POINTS + 1)
        )
        colour = _hex(blend(far, near, depth**1.15))
        parts.append(f'<polygon points="0,{height} {corners} {width},{height}" fill="{colour}"/>')
    parts += _images(inputs, width, height)
    parts += _caption(prompt, line, width, height, _hex(rgb(palette.ink)))
    return "\n".join([*parts, "</svg>\n"]).encode()


def _images(inputs: Sequence[bytes], width: int, height: int) -> list[str]:
    parts = []
    gap = min(width, height) * 0.045
    wide = (width - gap * (len(inputs) + 1)) / max(1, len(inputs))
    for number, content in enumerate(inputs):
        data = base64.b64encode(content).decode()
        parts.append(
            f'<image x="{gap + number * (wide + gap):.0f}" y="{gap:.0f}" width="{wide:.0f}" '
            f'height="{height * 0.7 - 2 * gap:.0f}" href="data:image/webp;base64,{data}"/>'
        )
    return parts


def _caption(prompt: str, line: str, width: int, height: int, ink: str) -> list[str]:
    """Returns the prompt in lines that fit, from the foot upwards, and the small line under them."""
    small = min(width, height)
    margin, size = small * 0.065, small * 0.05
    fitting = max(8, int((width - 2 * margin) / (size * 0.56)))
    lines = textwrap.wrap(prompt, fitting, max_lines=MOST_LINES, placeholder=" …") or [""]
    font = 'font-family="Georgia, serif"'
    foot = height - margin
    parts = [
        (
            f'<text x="{margin:.0f}" y="{foot:.0f}" font-size="{small * 0.021:.0f}" font-family="sans-serif" '
            f'fill="{ink}" opacity=".62">{_text(line)}</text>'
        )
    ]
    for number, words in enumerate(reversed(lines)):
        y = foot - small * 0.045 - number * size * 1.25
        parts.append(
            f'<text x="{margin:.0f}" y="{y:.0f}" font-size="{size:.0f}" {font} fill="{ink}">{_text(words)}</text>'
        )
    return parts


def _text(words: str) -> str:
    return escape(NOT_XML.sub("�", words))


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
