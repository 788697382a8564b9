"""A landscape whose every line comes from a seed: sky, sun, stars and drifting ridges."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter  # noqa: TID253 - imported when something is drawn, never before

from tarash_gateway_sandbox.artwork.palettes import PALETTES, Palette, Rgb, blend, rgb, seeded

RIDGES = 5
DRIFT = 0.22
"""How much wider than the image the nearest ridge is, as a share of the width: the way it can drift."""


@dataclass(frozen=True)
class Ridge:
    """One ridge: a coloured sheet, and the mask that cuts its skyline."""

    sheet: Image.Image
    mask: Image.Image
    """Wider than the sheet by `reach`."""
    top: int
    """Pixels from the top of the image."""
    reach: int
    """Pixels it can drift."""


def skyline(dice: random.Random, *, peaks: bool, depth: float) -> list[tuple[float, float, float]]:
    """Returns the waves of a skyline: frequency in image widths, phase in turns, weight.

    Args:
        dice: Where they come from.
        peaks: Mountains instead of hills.
        depth: 0 (farthest) to 1 (nearest).

    Returns:
        The waves.
    """
    waves: list[tuple[float, float, float]] = []
    for octave in range(5 if peaks else 3):
        frequency = (0.6 + 1.4 * dice.random()) * 1.9**octave * (1.25 - 0.5 * depth)
        waves.append((frequency, dice.random(), 0.52**octave))
    return waves


def height_at(waves: list[tuple[float, float, float]], x: float, *, peaks: bool) -> float:
    """Returns how high the skyline stands at `x` (in image widths), 0 to 1."""
    total = 0.0
    for frequency, phase, weight in waves:
        turn = (x * frequency + phase) % 1.0
        total += weight * (1 - abs(2 * turn - 1) if peaks else 0.5 + 0.5 * math.sin(2 * math.pi * turn))
    return total / sum(weight for _, _, weight in waves)


def _sheet(width: int, height: int, top: Rgb, bottom: Rgb) -> Image.Image:
    strip = Image.new("RGB", (1, 2))
    strip.putpixel((0, 0), top)
    strip.putpixel((0, 1), bottom)
    return strip.resize((width, height), Image.Resampling.BILINEAR)


class Scene:
    """A landscape, drawn once and shown at any moment of its drift.

    Args:
        seed: What the landscape depends on.
        width: Pixels.
        height: Pixels.
        turn: How far its palette is turned on the colour wheel, in whole turns: a remix is its source
            in other light.
    """

    def __init__(self, seed: str, width: int, height: int, *, turn: float = 0.0) -> None:
        dice = seeded("scene", seed)
        self.width, self.height = width, height
        self.palette: Palette = PALETTES[int(dice.random() * len(PALETTES))]
        self.turn = turn + (dice.random() - 0.5) * 0.07
        self.ink = rgb(self.palette.ink, turn)
        self.floor = rgb(self.palette.near, self.turn)
        self._small = min(width, height)
        self._sun_at = (0.22 + 0.56 * dice.random(), 0.2 + 0.16 * dice.random())
        self._sun_radius = max(6, round(self._small * (0.075 + 0.05 * dice.random())))
        self._sky = self._draw_sky(dice)
        self._sun = self._draw_sun()
        self._ridges = self._draw_ridges(dice)

    def at(self, moment: float) -> Image.Image:
        """Returns the landscape at one moment.

        Args:
            moment: 0 (the beginning) to 1 (the end).

        Returns:
            A new image, mode RGB.
        """
        image = self._sky.copy()
        across, up = self._sun_at
        side = self._sun.width
        left = round((across + 0.05 * (moment - 0.5)) * self.width - side / 2)
        top = round((up + 0.07 * (0.5 - moment)) * self.height - side / 2)
        image.paste(rgb(self.palette.sun, self.turn), (left, top, left + side, top + side), self._sun)
        for ridge in self._ridges:
            shift = round(moment * ridge.reach)
            cut = ridge.mask.crop((shift, 0, shift + self.width, ridge.mask.height))
            image.paste(ridge.sheet, (0, ridge.top), cut)
        return image

    def _draw_sky(self, dice: random.Random) -> Image.Image:
        top, middle, horizon = (rgb(colour, self.turn) for colour in self.palette.sky)
        # A handful of points, enlarged softly: a gradient without a loop over pixels.
        rows = (top, blend(top, middle, 0.6), middle, blend(middle, horizon, 0.65), horizon, horizon, horizon)
        small = Image.new("RGB", (5, len(rows)))
        for y, colour in enumerate(rows):
            for x in range(5):
                small.putpixel((x, y), blend(colour, middle, 0.22 * dice.random()))
        sky = small.resize((self.width, self.height), Image.Resampling.BICUBIC)
        if self.palette.stars:
            pen = ImageDraw.Draw(sky)
            light = rgb(self.palette.ink, self.turn)
            for _ in range(90):
                across, down = dice.random() * self.width, dice.random() ** 1.6 * self.height * 0.45
                size = self._small * (0.0006 + 0.0012 * dice.random() ** 3)
                colour = blend(sky.getpixel((int(across), int(down))), light, 0.25 + 0.65 * dice.random())  # type: ignore[arg-type]
                pen.ellipse((across - size, down - size, across + size, down + size), fill=colour)
        return sky

    def _draw_sun(self) -> Image.Image:
        radius = self._sun_radius
        side = radius * 7
        # Pillow's radial gradient is dark in the middle; the square falls off more softly than a line does.
        glow = Image.radial_gradient("L").resize((side, side), Image.Resampling.BICUBIC)
        glow = glow.point([round(150 * max(0.0, 1 - value / 180) ** 2) for value in range(256)])
        disc = Image.new("L", (side, side), 0)
        middle = side / 2
        ImageDraw.Draw(disc).ellipse((middle - radius, middle - radius, middle + radius, middle + radius), fill=255)
        glow.paste(250, (0, 0, side, side), disc.filter(ImageFilter.GaussianBlur(max(0.8, radius / 60))))
        return glow

    def _draw_ridges(self, dice: random.Random) -> list[Ridge]:
        peaks = dice.random() < 0.45
        far, near = rgb(self.palette.far, self.turn), self.floor
        horizon = rgb(self.palette.sky[2], self.turn)
        plans = []
        for number in range(RIDGES):
            depth = number / (RIDGES - 1)
            tall = self.height * ((0.2 if peaks else 0.15) - 0.07 * depth)
            base = self.height * (0.54 + 0.2 * depth + 0.02 * (dice.random() - 0.5))
            plans.append(
                (
                    depth,
                    round(base - tall),
                    round(base),
                    skyline(dice, peaks=peaks and number < 3, depth=depth),
                )
            )
        ridges = []
        for number, (depth, top, base, waves) in enumerate(plans):
            # Below its skyline the nearest ridge is plain ground, painted once, with the sky.
            end = base if number == RIDGES - 1 else plans[number + 1][2]
            colour = blend(far, near, depth**1.15)
            foot = near if number == RIDGES - 1 else blend(colour, horizon, 0.28 * (1 - depth))
            reach = round(self.width * DRIFT * (0.12 + 0.88 * depth**1.4))
            mask = self._cut(waves, (self.width + reach, base - top, end - top), peaks=peaks and number < 3)
            if number == RIDGES - 1:
                self._sky.paste(near, (0, base, self.width, self.height))
            ridges.append(Ridge(_sheet(self.width, end - top, colour, foot), mask, top, reach))
        return ridges

    def _cut(self, waves: list[tuple[float, float, float]], size: tuple[int, int, int], *, peaks: bool) -> Image.Image:
        wide, tall, deep = size
        fine = 2 if wide * tall < 2_000_000 else 1  # twice as fine, then halved: a smooth edge
        skyline = Image.new("L", (wide * fine, max(1, tall) * fine), 0)
        step = max(2, wide // 400)
        points = [
            (x * fine, (1 - height_at(waves, x / self.width, peaks=peaks)) * tall * fine)
            for x in range(0, wide + step, step)
        ]
        ImageDraw.Draw(skyline).polygon([*points, (wide * fine + 9, tall * fine), (0, tall * fine)], fill=255)
        mask = Image.new("L", (wide, max(1, deep)), 255)
        mask.paste(skyline.reduce(fine) if fine > 1 else skyline, (0, 0))
        return mask
