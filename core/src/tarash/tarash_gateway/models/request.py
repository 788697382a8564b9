"""Requests: what is to be made, in words that mean the same at every vendor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict

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
from tarash.tarash_gateway.records import StrictInput

MOST_IMAGES = 1000
"""Input images of one request; no vendor takes a fiftieth of it."""


def _of_media(value: Any) -> Any:
    """A dump of media has at least one of its fields; another dictionary would be media without anything in it."""
    if isinstance(value, Mapping) and Media.model_fields.keys().isdisjoint(value):
        msg = "is no dump of a Media"
        raise ValueError(msg)
    return value


KnownMedia = Annotated[Media, BeforeValidator(_of_media)]

InputImage = Annotated[str, Strict()] | Annotated[bytes, Strict()] | Path | KnownMedia
"""A URL, a data URL, base64, bytes, a path, or media from an earlier answer."""

Role = Literal["reference", "first_frame", "last_frame", "asset", "style"]
Operation = Literal["generate", "remix", "edit", "extend"]


class ImageType(StrictInput):
    """An input image and its part in the request."""

    image: Annotated[InputImage, Field(repr=False)]
    """A URL, a data URL, base64 text, bytes, a `Path`, or a `Media`. A plain string that is none of the first three is
    an error, so that a mistyped path is never sent as a picture."""

    type: Role = "reference"
    """What the image is to the result; not every model tells the roles apart."""


def _as_image(value: Any) -> Any:
    return value if value is None or isinstance(value, (ImageType, dict)) else {"image": value}


class GenerationRequest(StrictInput):
    """What image and video requests share."""

    prompt: Prompt
    """What is to be seen."""

    negative_prompt: Text | None = None
    """What is not to be seen, for the models that take it."""

    size: Size | None = None
    """Pixels as WIDTHxHEIGHT, or the vendor's word such as `auto`."""

    aspect_ratio: AspectRatio | None = None
    """WIDTH:HEIGHT; turned into a size where the model takes pixels."""

    resolution: Word | None = None
    """A tier such as `720p` or `2K`, for vendors that think in tiers."""

    seed: Seed | None = None

    image_list: list[Annotated[ImageType, BeforeValidator(_as_image)]] = Field(
        default_factory=list, max_length=MOST_IMAGES
    )
    """Input images, in order."""

    extra_params: ExtraParams = Field(default_factory=dict)
    """The vendor's own parameters, passed on as they are."""


class ImageGenerationRequest(GenerationRequest):
    """A picture to be made, or one to be edited where `image_list` is given."""

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
    """Whether the clip has sound; None leaves it to the model."""

    video: VideoJob | KnownMedia | Annotated[Path, Strict()] | Word | None = None
    """The video to start from: an earlier job, the vendor's id of one, or a clip."""

    operation: Operation = "generate"
