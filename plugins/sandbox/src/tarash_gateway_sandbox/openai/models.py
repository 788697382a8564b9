"""What each model accepts. Data only: `checks` reads it, nothing here decides anything.

Sources: OpenAI's OpenAPI document and the parameter texts of openai-python 3.54, read in November
2026; the sizes' pixel limits are from Microsoft's image page. The columns that go beyond the vendor say so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

GPT_QUALITIES = ("low", "medium", "high", "auto")
GPT_SIZES = ("1024x1024", "1024x1536", "1536x1024", "auto")


@dataclass(frozen=True)
class FreeSize:
    """The rule of models that take any size."""

    step: int = 16
    """Width and height are multiples of this, in pixels."""
    ratio: float = 3.0
    """The longer edge is at most so many times the shorter."""
    edge: int = 3840
    """Longest edge, in pixels."""
    least: int = 655_360
    """Fewest pixels."""
    most: int = 8_294_400
    """Most pixels."""


@dataclass(frozen=True)
class OutputFormat:
    """What goes together with one output format."""

    name: str
    compression: bool = False
    """Whether `output_compression` below 100 is taken."""
    transparency: bool = False
    streams: bool = True
    """Whether `stream` and `partial_images` are taken."""
    masks: bool = True
    images: int = 10
    """Most images in one request."""


OUTPUT_FORMATS = {
    row.name: row
    for row in (
        OutputFormat("png", transparency=True),
        OutputFormat("jpeg", compression=True),
        OutputFormat("webp", compression=True, transparency=True),
        OutputFormat("gif", streams=False, masks=False),
        OutputFormat("svg", streams=False, images=1),
    )
}
"""Every output format, by the name that is sent (parameter texts of openai-python 3.54, November 2026)."""


@dataclass(frozen=True)
class ImageModel:
    """One row of the image table. An empty tuple means the parameter does not exist for the model."""

    name: str
    sizes: tuple[str, ...] | FreeSize
    qualities: tuple[str, ...]
    prompt_length: int
    """Longest prompt, in characters."""
    images: int = 10
    """Most images in one request."""
    styles: tuple[str, ...] = ()
    response_formats: tuple[str, ...] = ()
    backgrounds: tuple[str, ...] = ()
    output_formats: tuple[str, ...] = ()
    moderations: tuple[str, ...] = ()
    fidelities: tuple[str, ...] = ()
    """Of `input_fidelity`, edits only."""
    complexities: tuple[str, ...] = ()
    compression: bool = False
    stream: bool = False
    animation: bool = False
    """Whether `frame_count` and `frame_duration_ms` exist."""
    vectors: bool = False
    """Whether `svg` exists."""
    inputs: int = 0
    """Most images in one edit; 0 is no edits."""
    input_types: tuple[str, ...] = ("image/jpeg", "image/png", "image/webp")
    revises: bool = False
    """Whether the answer carries `revised_prompt`."""
    json_edits: bool = False
    """Whether edits are taken as JSON, too."""
    variations: bool = False
    """Whether an image is varied without a prompt."""
    links: bool = False
    """Whether images come as URLs when nothing else is asked for."""
    extras: bool = False
    """Whether keys that the vendor does not know are taken."""


@dataclass(frozen=True)
class VideoModel:
    """One row of the video table."""

    name: str
    sizes: tuple[str, ...]
    seconds: tuple[str, ...]
    """As the wire has them: strings."""
    prompt_length: int = 32_000
    extras: bool = False
    """Whether keys that the vendor does not know are taken, and `seconds` as a number."""


_DALL_E_2 = ImageModel(
    name="dall-e-2",
    sizes=("256x256", "512x512", "1024x1024"),
    qualities=("standard",),
    prompt_length=1000,
    response_formats=("url", "b64_json"),
    inputs=1,
    input_types=("image/png",),
    variations=True,
    links=True,
)
_DALL_E_3 = ImageModel(
    name="dall-e-3",
    sizes=("1024x1024", "1792x1024", "1024x1792"),
    qualities=("standard", "hd"),
    prompt_length=4000,
    images=1,
    styles=("vivid", "natural"),
    response_formats=("url", "b64_json"),
    revises=True,
    links=True,
)
_GPT_IMAGE_1 = ImageModel(
    name="gpt-image-1",
    sizes=GPT_SIZES,
    qualities=GPT_QUALITIES,
    prompt_length=32_000,
    backgrounds=("transparent", "opaque", "auto"),
    output_formats=("png", "jpeg", "webp"),
    moderations=("low", "auto"),
    fidelities=("high", "low"),
    compression=True,
    stream=True,
    inputs=16,
    json_edits=True,
)
_GPT_IMAGE_2 = replace(_GPT_IMAGE_1, name="gpt-image-2", sizes=FreeSize(), fidelities=())
# gif and svg are preview access at the vendor: the sandbox has it.
_GPT_IMAGE_25 = replace(
    _GPT_IMAGE_2,
    name="gpt-image-2.5-sunburst",
    qualities=(*GPT_QUALITIES, "xhigh", "max"),
    output_formats=("png", "jpeg", "webp", "gif", "svg"),
    animation=True,
    vectors=True,
)
_GPT_IMAGE_26 = replace(_GPT_IMAGE_25, name="gpt-image-2.6-sunburst", complexities=("low", "medium", "high"))

ANY_IMAGE = replace(
    _GPT_IMAGE_26,
    name="",
    sizes=(),
    qualities=(),
    styles=("vivid", "natural"),
    response_formats=("url", "b64_json"),
    fidelities=("high", "low"),
)
"""A deployment nobody said the model of: every parameter exists, only types are checked."""

COMPATIBLE_IMAGE = replace(
    ANY_IMAGE,
    prompt_length=1_000_000,
    styles=(),
    response_formats=(),
    backgrounds=(),
    moderations=(),
    fidelities=(),
    complexities=(),
    variations=True,
    extras=True,
)
"""Every model of a compatible server: only types are checked, and other keys are taken."""

IMAGE_MODELS = {
    row.name: row
    for row in (
        _DALL_E_2,
        _DALL_E_3,
        _GPT_IMAGE_1,
        replace(_GPT_IMAGE_1, name="gpt-image-1-mini", fidelities=("low",)),
        replace(_GPT_IMAGE_1, name="gpt-image-1.5"),
        replace(_GPT_IMAGE_1, name="gpt-image-1.5-2025-12-16"),
        replace(_GPT_IMAGE_1, name="chatgpt-image-latest"),
        _GPT_IMAGE_2,
        replace(_GPT_IMAGE_2, name="gpt-image-2-2026-04-21"),
        replace(_GPT_IMAGE_25, name="gpt-image-2.5-sunburst-2026-09-08"),
        replace(_GPT_IMAGE_25, name="gpt-image-2.5-flare-2026-09-08"),
        _GPT_IMAGE_25,
        replace(_GPT_IMAGE_25, name="gpt-image-2.5-flare"),
        _GPT_IMAGE_26,
        replace(_GPT_IMAGE_26, name="gpt-image-2.6-flare"),
    )
}
"""Every image model, by the name that is sent."""

# The vendor's own list gives sora-2 the first two only.
_VIDEO_SIZES = ("720x1280", "1280x720", "1024x1792", "1792x1024")
# Not the vendor's: the square, and 10, 15 and 25 seconds of sora-2-pro. Our users' page promises them
# and compatible servers serve them, so an application that follows the page must be able to try them here.
_PAGE_SIZES = ("1024x1024",)
_VENDOR_SECONDS = ("4", "8", "12")
_PAGE_SECONDS = ("10", "15", "25")

_SORA_2 = VideoModel("sora-2", (*_VIDEO_SIZES, *_PAGE_SIZES), _VENDOR_SECONDS)
_SORA_2_PRO = VideoModel("sora-2-pro", (*_VIDEO_SIZES, *_PAGE_SIZES), (*_VENDOR_SECONDS, *_PAGE_SECONDS))

ANY_VIDEO = VideoModel("", (), ())
"""A deployment nobody said the model of: only types are checked."""

COMPATIBLE_VIDEO = VideoModel("", (), (), prompt_length=1_000_000, extras=True)
"""Every model of a compatible server."""

VIDEO_MODELS = {
    row.name: row
    for row in (
        _SORA_2,
        replace(_SORA_2, name="sora-2-2025-10-06"),
        replace(_SORA_2, name="sora-2-2025-12-08"),
        _SORA_2_PRO,
        replace(_SORA_2_PRO, name="sora-2-pro-2025-10-06"),
        replace(_SORA_2, name="sandbox-video"),
    )
}
"""Every video model, by the name that is sent."""

OUTPUT_TOKENS = {
    "low": (272, 408, 400),
    "medium": (1056, 1584, 1568),
    "high": (4160, 6240, 6208),
}
"""Output tokens of one image by quality: square, portrait, landscape. gpt-image-1's, plausible for all."""
