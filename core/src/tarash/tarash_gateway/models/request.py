"""Requests: what is to be made, in fields that mean the same at every vendor."""

import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict

from tarash.tarash_gateway._environment import expand_home
from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.media.reader import BrokenMediaError
from tarash.tarash_gateway.models.fields import (
    AspectRatio,
    Count,
    ExtraParams,
    Prompt,
    Seconds,
    Seed,
    Size,
    StrictBool,
    Text,
    Word,
)
from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.records import StrictModel

MOST_IMAGES = 1000
"""Input images of one request; no vendor takes a fiftieth of it."""


INPUT_LIMIT = 50 * 1024 * 1024
"""Bytes of one input image; the largest that a vendor of today takes."""

VIDEO_LIMIT = 2 * 1024**3
"""Bytes of one input video; the largest that a vendor of today takes."""


def _read(value: Any, limit: int) -> Any:
    """Reads a buffer, or an open binary file from its beginning; returns anything else as it is."""
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    read = getattr(value, "read", None)
    if not callable(read) or isinstance(value, (str, bytes, os.PathLike, Mapping, Media)):
        return value
    try:
        if value.seekable():  # after a write, a file is at its end
            value.seek(0)
        data = read(limit + 1)
    except (AttributeError, TypeError, OSError, ValueError) as error:
        msg = f"is a file that cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}"
        raise ValueError(msg) from error
    if not isinstance(data, bytes):
        if inspect.iscoroutine(data):
            data.close()
        msg = "is a file that gives no bytes when it is read: open it with 'rb'"
        raise ValueError(msg)  # noqa: TRY004 # pydantic reads this one
    if len(data) > limit:
        msg = f"has more than {limit:,} bytes"
        raise ValueError(msg)
    return data


def _input(value: Any, limit: int = INPUT_LIMIT) -> Any:
    """Makes a path or bytes of all that is one, and refuses what only names a file.

    Whoever sends JSON must not choose which files of this machine are read and sent on.
    """
    if isinstance(value, os.PathLike) and not isinstance(value, bytes):
        try:
            return expand_home(os.fsdecode(value))
        except ValidationError as error:
            raise ValueError(str(error)) from None
    if isinstance(value, Mapping):
        if value.get("path") is not None:
            msg = "names a file: a request takes files as Path or Media objects only, never from a mapping or JSON"
            raise ValueError(msg)
        # A dump of media has at least one of its fields; another dictionary would be media without anything in it.
        is_job = all(name in value for name, field in VideoJob.model_fields.items() if field.is_required())
        if Media.model_fields.keys().isdisjoint(value) and not is_job:
            msg = "is no dump of a Media"
            raise ValueError(msg)
    return _read(value, limit)


def _video(value: Any) -> Any:
    value = _input(value, VIDEO_LIMIT)
    try:
        return Media.from_bytes(value) if isinstance(value, bytes) else value
    except BrokenMediaError as error:
        msg = f"cannot be used: {error}"
        raise ValueError(msg) from None


def _path(value: Any) -> Any:
    if not isinstance(value, Path):
        msg = "input should be a path object"
        raise ValueError(msg)  # noqa: TRY004 # pydantic reads this one
    return value


# A `Path` by itself is made of text too, and out of JSON even where it is strict.
PathObject = Annotated[Path, BeforeValidator(_path)]

InputImage = Annotated[
    Annotated[str, Strict()] | Annotated[bytes, Strict()] | PathObject | Media, BeforeValidator(_input)
]
"""A URL, a data URL, base64, bytes or a file open for reading them, a path, or media from an earlier answer."""

InputVideo = Annotated[VideoJob | Media | PathObject | Word, BeforeValidator(_video)]
"""An earlier job, the vendor's id of one, a path, bytes or a file open for reading them, or media."""

Role = Literal["reference", "first_frame", "last_frame", "asset", "style"]
Operation = Literal["generate", "remix", "edit", "extend"]


class ImageType(StrictModel):
    """An input image and its role in the request."""

    image: Annotated[InputImage, Field(repr=False)]
    """A URL, a data URL, base64 text, bytes (a `BytesIO` or a file open for reading them too), a `Path`, or a `Media`.
    A plain string that is none of the first three is an error, so that a mistyped path is never sent as an image. JSON
    cannot name a file."""

    type: Role = "reference"
    """The role of the image; not every model distinguishes the roles."""


def _as_image(value: Any) -> Any:
    return value if value is None or isinstance(value, (ImageType, dict)) else {"image": value}


class GenerationRequest(StrictModel):
    """What image and video requests share."""

    prompt: Prompt
    """What the image or the video shows."""

    negative_prompt: Text | None = None
    """What it does not show, for the models that take it."""

    size: Size | None = None
    """Pixels as WIDTHxHEIGHT, or the vendor's word such as `auto`."""

    aspect_ratio: AspectRatio | None = None
    """WIDTH:HEIGHT; turned into a size where the model takes pixels."""

    resolution: Word | None = None
    """A tier such as `720p` or `2K`, for vendors that have tiers."""

    seed: Seed | None = None

    image_list: list[Annotated[ImageType, BeforeValidator(_as_image)]] = Field(
        default_factory=list, max_length=MOST_IMAGES
    )
    """Input images, in order."""

    extra_params: ExtraParams = Field(default_factory=dict)
    """The vendor's own parameters, passed on as they are."""


class ImageGenerationRequest(GenerationRequest):
    """An image to be made, or one to be edited where `image_list` is given."""

    quality: Word | None = None
    style: Word | None = None
    n: Count = 1
    """Images."""

    background: Word | None = None
    """`transparent`, `opaque` or `auto`, for the models that know it."""

    output_format: Word | None = None
    """`png`, `jpeg`, `webp`, … ; what came back is on `Media.content_type`."""

    mask_image: Annotated[ImageType | None, BeforeValidator(_as_image)] = None
    """Where the first input image is to change: its transparent parts."""


class VideoGenerationRequest(GenerationRequest):
    """A video to be made, or an earlier one to be remixed, edited or extended."""

    duration_seconds: Seconds | None = None
    """Seconds."""

    n: Count = 1
    """Videos."""

    generate_audio: StrictBool | None = None
    """Whether the video has sound; None leaves it to the model."""

    video: InputVideo | None = None
    """The video to start from: an earlier job, the vendor's id of one, or a video as `Path`, bytes or `Media`."""

    operation: Operation = "generate"
