"""What the usual request fields are called at one model. Names and exceptions are from fal's own schemas."""

from __future__ import annotations

from collections.abc import Collection

IMAGES = ("image_urls", "reference_image_urls", "input_image_urls")
"""Lists of input images."""

_ONE_IMAGE = ("image_url", "control_image_url", "reference_image_url")
_FIRST_FRAMES = ("image_url", "start_image_url", "first_frame_url", "first_image_url")
_LAST_FRAMES = ("end_image_url", "tail_image_url", "last_frame_url", "last_image_url")


class FieldNames:
    """The names of one model's fields; None where it has no such field.

    Args:
        fields: the names of all fields of its input.
    """

    def __init__(self, fields: Collection[str]) -> None:
        def first(*names: str) -> str | None:
            return next((name for name in names if name in fields), None)

        self.count = first("num_images", "max_images")
        self.size = first("image_size", "size", "video_size")
        self.aspect_ratio = first("aspect_ratio")
        self.resolution = first("resolution")
        self.images = first(*IMAGES, *_ONE_IMAGE)
        self.mask = first("mask_url", "mask_image_url")
        self.seed = first("seed")
        self.negative_prompt = first("negative_prompt")
        self.output_format = first("output_format")
        self.duration = first("duration", "duration_seconds")
        self.audio = first("generate_audio", "enable_audio")
        self.first_frame = first(*_FIRST_FRAMES)
        self.last_frame = first(*_LAST_FRAMES)
        self.references = first(*IMAGES)
        self.video = first("video_url")


USUAL = FieldNames(
    (
        *("num_images", "image_size", "aspect_ratio", "resolution", "image_urls", "mask_url", "seed"),
        *("negative_prompt", "output_format", "duration", "generate_audio", "image_url", "end_image_url", "video_url"),
    )
)
"""For a model without a row: the names that most models have."""
