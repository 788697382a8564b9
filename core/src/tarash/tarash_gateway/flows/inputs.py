"""Input images, in whatever form a caller has them, made into named files with a content type.

Those at hand are read when the call is planned; those at a URL are fetched before anything is paid for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.errors import DownloadError, MediaTooLargeError, Problem, ValidationError
from tarash.tarash_gateway.flows.commands import Either, Flow, Now
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.media import fetch
from tarash.tarash_gateway.media.base64 import decode_base64, decode_data_url
from tarash.tarash_gateway.media.files import ending_of
from tarash.tarash_gateway.media.reader import read_regular
from tarash.tarash_gateway.media.structure import BrokenMediaError, check_pixels, inspect_media
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import INPUT_LIMIT, GenerationRequest, ImageType
from tarash.tarash_gateway.plugins.exchange import InputFile

FETCH_SECONDS = 60.0
"""Seconds that one input image may take to come."""


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
    mask, video = request.__dict__.get("mask_image"), request.__dict__.get("video")  # not each kind has both
    if isinstance(video, (Path, Media)):
        _check_video(video, problems)
    return images, _load(mask, "mask_image", row, problems) if mask is not None else None, problems


def input_file(data: bytes, source: ImageType, place: str, row: ModelRow | None) -> InputFile:
    """Checks the bytes of an input image and gives it a name.

    Raises:
        ValueError: it is no whole image, too large, or of a kind that the model does not take.
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
    name = f"{place.removesuffix('.image').replace('.', '-')}{ending_of(facts.content_type)}"
    return InputFile(name, data, facts.content_type, source.type, facts.width, facts.height)


def _load(source: ImageType, place: str, row: ModelRow | None, problems: list[Problem]) -> Input | None:
    try:
        data = _bytes_or_url(source.image)
        return Remote(data, place, source) if isinstance(data, str) else input_file(data, source, place, row)
    except ValueError as error:
        problems.append(Problem(place, str(error)))
    except OSError as error:
        problems.append(
            Problem(place, f"cannot be read: {error.strerror or type(error).__name__}", value=str(source.image))
        )
    return None


def _check_video(video: Path | Media, problems: list[Problem]) -> None:
    """Checks a video before anything is sent; the plugin reads it."""
    path = video if isinstance(video, Path) else video.path
    try:
        if path is not None and (isinstance(video, Path) or video.data is None):
            Media.from_file(path)
    except BrokenMediaError as error:
        problems.append(Problem("video", f"cannot be used: {error}"))
    except OSError as error:
        problems.append(Problem("video", f"cannot be read: {error.strerror or error}", value=str(path)))


def _bytes_or_url(image: str | bytes | Path | Media) -> bytes | str:
    if isinstance(image, bytes):
        return image
    if isinstance(image, Path):
        return read_regular(image, INPUT_LIMIT)
    if isinstance(image, Media):
        by_url = image.data is None and image.path is None and image.url
        try:
            return by_url or image.content
        except DownloadError as error:
            raise ValueError(str(error)) from error
    if "://" in image[:32]:
        return image
    if image[:5].lower() == "data:":
        return decode_data_url(image)
    try:
        return decode_base64(image)
    except ValueError:
        msg = "is a string that is neither a URL, nor a data URL, nor base64; give a file's name as pathlib.Path"
        raise ValueError(msg) from None


def fetch_inputs(
    context: Context, images: Sequence[Input], mask: Input | None, row: ModelRow | None
) -> Flow[tuple[tuple[InputFile, ...], InputFile | None]]:
    """Fetches the input images and the mask that are at a URL, before anything is paid for.

    Raises:
        ValidationError: what came is no image, or not one that the model takes.
        UnsafeUrlError: the address is not a public one.
        DownloadError: it could not be fetched.
    """
    problems: list[Problem] = []
    files: list[InputFile] = []
    settings = context.config.provider_config
    for image in [*images] if mask is None else [*images, mask]:
        if not isinstance(image, Remote):
            files.append(image)
            continue
        options = {
            "timeout": min(context.left((yield Now())), FETCH_SECONDS),
            "allow_private": settings.get("allow_private_urls") is True,
            # Not by themselves: a proxy resolves names where nobody screens what they lead to.
            "use_proxies": settings.get("inputs_through_proxy") is True,
        }
        fetched = yield Either(fetch.fetch, fetch.fetch_async, (image.url,), options)
        try:
            files.append(input_file(fetched.content, image.source, image.place, row))
        except ValueError as error:
            problems.append(Problem(image.place, str(error)))
    if problems:
        subject = f"{context.config.provider}/{context.model}"
        raise ValidationError.of(subject, problems)
    return (tuple(files), None) if mask is None else (tuple(files[:-1]), files[-1])


def shape_warnings(images: Sequence[InputFile], size: str | None, row: ModelRow | None) -> list[str]:
    """Names the input images whose size is not the video's, where the model wants them equal."""
    if size is None or not getattr(row, "input_match_size", False):
        return []
    return [
        f"image_list.{at}: the image has {file.width}x{file.height} pixels, not the video's {size}; it may be refused"
        for at, file in enumerate(images)
        if file.width and f"{file.width}x{file.height}" != size
    ]
