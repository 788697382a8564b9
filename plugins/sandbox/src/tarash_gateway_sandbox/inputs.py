"""Input images as requests bring them: base64, data URLs, and whether an image can be decoded."""

from __future__ import annotations

import base64
import binascii
import re

DATA_URL = re.compile(r"data:([\w/+.-]+);base64,(.*)", re.DOTALL)


def is_web_url(url: str) -> bool:
    """Tells whether something is at an address of the web; the sandbox does not fetch it."""
    return url.startswith(("https://", "http://"))


def data_of(url: str) -> bytes:
    """Returns the bytes of a data URL; nothing where it is none, or its base64 is broken."""
    found = DATA_URL.fullmatch(url)
    try:
        return base64.b64decode(found[2], validate=True) if found else b""
    except binascii.Error:
        return b""


def image_size(content: bytes) -> tuple[int, int] | None:
    """Decodes an image wholly, and returns its width and height in pixels; None if that is not possible."""
    from tarash_gateway_sandbox.artwork.image import open_image  # noqa: PLC0415 - brings Pillow

    try:
        return open_image(content).size
    except Exception:  # noqa: BLE001 - Pillow raises a dozen kinds of error for broken files
        return None


def encode_base64(content: bytes) -> str:
    """Returns bytes as base64 text."""
    return base64.b64encode(content).decode()
