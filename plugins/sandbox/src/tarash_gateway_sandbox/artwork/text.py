"""Setting a prompt in type, with the one typeface Pillow carries with it."""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont  # noqa: TID253 - imported when something is drawn, never before

SPELLINGS = str.maketrans(
    {
        "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D",
        "þ": "th",
        "Þ": "Th", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "\u0131": "i", "\u00d7": "x", "—": "-",
        "\u2013": "-", "€": "EUR", "→": "->", "«": "“", "»": "”", "„": "“",
    }
)  # fmt: skip
"""The bundled face has ASCII and typographic quotes, no accents: these have a common plain spelling."""

LONGEST = 420
"""Characters of a prompt that are considered for setting; nobody reads more on a card."""


@functools.lru_cache(maxsize=64)
def face(pixels: int) -> ImageFont.FreeTypeFont:
    """Returns the typeface at one size.

    Args:
        pixels: The size, in pixels.

    Returns:
        The face.
    """
    loaded = ImageFont.load_default(size=float(pixels))
    if not isinstance(loaded, ImageFont.FreeTypeFont):  # pragma: no cover - Pillow's wheels carry FreeType
        msg = "Pillow was built without FreeType; the sandbox cannot write. Install Pillow's wheel."
        raise TypeError(msg)
    return loaded


FOREIGN = "(a prompt in another script)"
"""What stands for a prompt of which the face can show no letter."""


@functools.lru_cache(maxsize=4096)
def _has(character: str) -> bool:
    typeface = face(40)
    return bytes(typeface.getmask(character)) != bytes(typeface.getmask("\U000f0000"))


def settable(text: str) -> str:
    """Returns a prompt as the bundled face can show it.

    Accents are dropped, other scripts and pictographs become an ellipsis: a row of empty boxes would
    say nothing.

    Args:
        text: The prompt.

    Returns:
        Text of which every character has a shape in the face.
    """
    out: list[str] = []
    for character in unicodedata.normalize("NFKD", text[:LONGEST].translate(SPELLINGS)):
        if character.isspace():
            out.append(" ")
        elif unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Cc", "Cs"}:
            continue
        elif _has(character):
            out.append(character)
        elif not out or out[-1] != "…":
            out.append("…")
    shown = " ".join("".join(out).split())
    return shown if any(character.isalnum() for character in shown) else FOREIGN


@dataclass(frozen=True)
class Lettering:
    """Text set in lines, as the mask a colour is painted through."""

    mask: Image.Image
    """Mode L, as large as the text."""
    pixels: int
    """The size of the type, in pixels."""


def _wrap(words: list[str], font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [_cut(line, font, width) for line in lines]


def _cut(line: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(line + "…") > width:
        line = line[:-1]
    return line.rstrip() + "…"


def set_text(text: str, *, width: int, height: int, largest: int, smallest: int = 9) -> Lettering:
    """Sets text as large as it fits.

    Args:
        text: What to set.
        width: The room there is, in pixels.
        height: The room there is, in pixels.
        largest: The largest type to try, in pixels.
        smallest: The smallest; below it the text is cut instead.

    Returns:
        The text in lines, left-aligned.
    """
    words = settable(text).split()
    size = max(largest, smallest)
    while True:
        font, leading = face(size), round(size * 1.28)
        lines = _wrap(words, font, width)
        room = max(1, height // leading)
        whole = len(lines) <= room and all(font.getlength(word) <= width for word in words)
        if whole or size <= smallest:
            break
        size = max(smallest, int(size * 0.9))
    if len(lines) > room:
        lines = [*lines[: room - 1], _cut(lines[room - 1] + " …", font, width)]
    mask = Image.new("L", (width, leading * len(lines)), 0)
    pen = ImageDraw.Draw(mask)
    for number, line in enumerate(lines):
        pen.text((0, number * leading), line, fill=255, font=font)
    return Lettering(mask, size)
