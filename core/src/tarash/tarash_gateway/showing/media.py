"""How media show themselves: the picture, a player, or a line where there is nothing to show."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from tarash.tarash_gateway.errors import DownloadError
from tarash.tarash_gateway.showing import html

if TYPE_CHECKING:
    from tarash.tarash_gateway.models.media import Media

INLINE_LIMIT: Final = 8_000_000
"""Bytes of one picture or clip that go into a notebook's file; a larger one is shown as a line."""

_PICTURES: Final = {kind: kind for kind in ("image/png", "image/jpeg", "image/gif", "image/webp")}
"""What a notebook shows by itself."""

_CLIPS: Final = {
    "video/mp4": "video/mp4",
    "video/x-m4v": "video/mp4",
    "video/webm": "video/webm",
    "video/quicktime": "video/quicktime",
}
"""Clips that browsers play, and the name under which they do."""

_ELEMENTS: Final[Mapping[str, tuple[Callable[[str, str, int], str], str]]] = {
    **{kind: (html.picture, kind) for kind in _PICTURES},
    # A drawing may hold scripts; inside an <img> they do not run.
    "image/svg+xml": (html.picture, "image/svg+xml"),
    **{kind: (html.player, played_as) for kind, played_as in _CLIPS.items()},
}
"""What goes into a page, how, and under which name: never under one that came from elsewhere."""


def media_bundle(media: Media) -> dict[str, Any]:
    """What a notebook is given for `media`: a picture as it is, anything else as HTML, and a line of text."""
    text = {"text/plain": repr(media)}
    if media.content_type in _PICTURES and _fits(media, INLINE_LIMIT):
        with suppress(DownloadError):  # then the HTML tells of it
            return {_PICTURES[media.content_type]: base64.b64encode(media.content).decode("ascii"), **text}
    return {"text/html": media_html(media), **text}


def media_html(media: Media, *, about: str = "", height: int = 512, limit: int = INLINE_LIMIT) -> str:
    """`media` as HTML: a picture, a player, a link or a line.

    Args:
        media: the picture or clip.
        about: what is to be seen, for who cannot see it.
        height: pixels at the most.
        limit: bytes that may go into the page.
    """
    about = about or str(media)
    if media.data is None and media.path is None:
        return html.link(media.url) if media.url else html.line(str(media))
    if not _fits(media, limit):
        return _too_large(media, about, height)
    kind = _ELEMENTS.get(media.content_type)
    if kind is None:
        return html.line(" ".join(filter(None, (str(media), str(media.path or "")))))
    element, content_type = kind
    try:
        return element(html.data_url(content_type, media.content), about, height)
    except DownloadError as error:
        return html.line(str(error))


def _fits(media: Media, limit: int) -> bool:
    return (len(media.data) if media.data is not None else media.size_bytes or 0) <= limit


def _too_large(media: Media, about: str, height: int) -> str:
    """A clip in a file below the notebook's folder plays from there; of anything else there is a line."""
    if media.path is None:
        return html.line(f"{media}: save it to look at it")
    told = html.line(f"{media} {media.path}")
    address = _address(media.path)
    if media.content_type not in _CLIPS or address is None:
        return told
    return html.player(address, about, height) + told


def _address(path: Path) -> str | None:
    """The file as a notebook's page reaches it: relative to the folder that the notebook runs in."""
    try:
        below = path.resolve().relative_to(Path.cwd())
        return quote(below.as_posix()) if path.is_file() else None
    except (OSError, ValueError):
        return None
