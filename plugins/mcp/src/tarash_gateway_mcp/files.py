"""Files: which inputs an agent may name, and the small image that it gets of a result."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.plugins import expand_home

if TYPE_CHECKING:
    from PIL.Image import Image

    from tarash.tarash_gateway.models import Media

THUMBNAIL_PIXELS: Final = 256
"""Pixels of the longer edge."""


def allowed_file(text: str, folders: Iterable[Path]) -> Path:
    """Returns the file that `text` names, every link of its path resolved.

    Args:
        text: a path. No address is taken: whoever writes a prompt must not choose what is fetched.
        folders: where it may lie.

    Raises:
        ValidationError: it is no file, or lies elsewhere. Which of the two is not told: that would be an answer to
            whoever asks what is on this machine.
    """
    roots = [folder.resolve() for folder in folders]
    try:
        path = expand_home(text).resolve(strict=True)
        if path.is_file() and any(path.is_relative_to(root) for root in roots):
            return path
    except (OSError, ValueError, RuntimeError):  # not there, a NUL in it, a circle of links
        pass
    msg = (
        f"an input is no file inside {' or '.join(map(str, roots))}. Give the path of one there, such as a result of "
        "an earlier call; the user allows another folder with tarash mcp --inputs FOLDER. Nothing was sent"
    )
    raise ValidationError(msg)


def thumbnail(media: Media) -> str | None:
    """Returns a small JPEG of an image, or of a video's first frame, as base64; None where none can be drawn."""
    if media.path is None:
        return None
    try:
        image = (_first_frame if media.content_type.startswith("video/") else _opened)(media.path)
        image.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=70)
    except Exception:  # noqa: BLE001 # the file is there, and is what counts
        return None
    return base64.b64encode(out.getvalue()).decode()


def _opened(path: Path) -> Image:
    from PIL import Image  # when there is a result

    image = Image.open(path)
    image.draft("RGB", (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))  # a JPEG is not decoded in full
    return image


def _first_frame(path: Path) -> Image:
    import av  # of the extra `video`

    with av.open(str(path)) as container:
        frame: Image = next(container.decode(video=0)).to_image()  # type: ignore[no-untyped-call] # PyAV's
        return frame
