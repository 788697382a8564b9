"""Content types and the endings of their files: the one table of both."""

from __future__ import annotations

from typing import Final

__all__ = ["content_type_of", "ending_of"]

# The first ending of a type is the one that files get; the others are read too.
_ENDINGS: Final = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "image/svg+xml": (".svg",),
    "image/avif": (".avif",),
    "image/heic": (".heic",),
    "image/heif": (".heif",),
    "image/tiff": (".tif", ".tiff"),
    "image/bmp": (".bmp",),
    "image/jxl": (".jxl",),
    "image/jp2": (".jp2",),
    "video/mp4": (".mp4",),
    "video/quicktime": (".mov",),
    "video/x-m4v": (".m4v",),
    "video/webm": (".webm",),
    "video/x-matroska": (".mkv",),
    "video/x-msvideo": (".avi",),
    "video/mp2t": (".ts",),
    "audio/mp4": (".m4a",),
}
_TYPES: Final = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings}


def ending_of(content_type: str) -> str:
    """Returns the ending of a file of that type, with its dot; `.bin` for a type that is not in the table."""
    return _ENDINGS.get(content_type, (".bin",))[0]


def content_type_of(ending: str) -> str | None:
    """Returns the type that files with that ending have; None for an ending that is not in the table.

    Args:
        ending: with its dot, in any case: `.png`, `.JPEG`.
    """
    return _TYPES.get(ending.lower())
