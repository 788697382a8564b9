"""Input images, in whatever form a caller has them, made into named files with a content type."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.errors import DownloadError, MediaTooLargeError
from tarash.tarash_gateway.media.decoding import decode_base64, decode_data_url
from tarash.tarash_gateway.media.structure import BrokenMediaError, check_pixels, inspect_media
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import GenerationRequest, ImageType
from tarash.tarash_gateway.plugins.provider import InputFile
from tarash.tarash_gateway.problems import Problem
from tarash.tarash_gateway.records import held

INPUT_LIMIT = 50 * 1024 * 1024
"""Bytes of one input image; the largest that a vendor of today takes."""

_ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/svg+xml": "svg",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}


@dataclass(frozen=True, slots=True)
class Remote:
    """An input image that still has to be fetched."""

    url: str
    place: str
    source: ImageType


Input = InputFile | Remote


def load_inputs(request: GenerationRequest, row: ModelRow | None) -> tuple[list[Input], Input | None, list[Problem]]:
    """Reads every input image that is at hand; nothing is fetched.

    Returns:
        The images in their order, the mask, and every problem that was found.
    """
    problems: list[Problem] = []
    images = [
        loaded
        for at, image in enumerate(request.image_list)
        if (loaded := _load(image, f"image_list.{at}.image", row, problems))
    ]
    mask = held(request, "mask_image")
    return images, _load(mask, "mask_image", row, problems) if mask is not None else None, problems


def input_file(data: bytes, source: ImageType, place: str, row: ModelRow | None) -> InputFile:
    """Looks at the bytes of an input image and gives it a name.

    Raises:
        ValueError: it is no whole picture, too large, or of a kind that the model does not take.
    """
    limit = (row.input_max_bytes if row else None) or INPUT_LIMIT
    if len(data) > limit:
        msg = f"has {len(data):,} bytes, the limit is {limit:,}"
        raise ValueError(msg)
    try:
        facts = inspect_media(data)
        check_pixels(facts)
    except (BrokenMediaError, MediaTooLargeError) as error:
        msg = f"cannot be used: {error}"
        raise ValueError(msg) from error
    formats = row.input_formats if row else None
    if formats is not None and facts.content_type not in formats:
        msg = f"is {facts.content_type}, the model takes {', '.join(formats)}"
        raise ValueError(msg)
    name = f"{place.removesuffix('.image').replace('.', '-')}.{_ENDINGS.get(facts.content_type, 'bin')}"
    return InputFile(name, data, facts.content_type, source.type, facts.width, facts.height)


def _load(source: ImageType, place: str, row: ModelRow | None, problems: list[Problem]) -> Input | None:
    try:
        found = _at_hand(source.image)
        return Remote(found, place, source) if isinstance(found, str) else input_file(found, source, place, row)
    except ValueError as error:
        problems.append(Problem(place, str(error)))
    except OSError as error:
        problems.append(
            Problem(place, f"cannot be read: {error.strerror or type(error).__name__}", value=str(source.image))
        )
    return None


def _at_hand(image: str | bytes | Path | Media) -> bytes | str:
    """The bytes, or the URL that they are at."""
    if isinstance(image, bytes):
        return image
    if isinstance(image, Path):
        if image.exists() and not image.is_file() and not image.is_dir():
            msg = "is no file"
            raise ValueError(msg)
        if image.stat().st_size > INPUT_LIMIT:
            msg = f"has {image.stat().st_size:,} bytes, the limit is {INPUT_LIMIT:,}"
            raise ValueError(msg)
        return image.read_bytes()
    return _of_media(image) if isinstance(image, Media) else _of_text(image)


def _of_media(media: Media) -> bytes | str:
    if media.data is None and media.path is None and media.url:
        return media.url
    try:
        return media.content
    except DownloadError as error:
        raise ValueError(str(error)) from error


def _of_text(text: str) -> bytes | str:
    if "://" in text[:32]:
        return text
    if text[:5].lower() == "data:":
        return decode_data_url(text)
    try:
        return decode_base64(text)
    except ValueError:
        msg = "is a string that is neither a URL, nor a data URL, nor base64; give a file's name as pathlib.Path"
        raise ValueError(msg) from None
