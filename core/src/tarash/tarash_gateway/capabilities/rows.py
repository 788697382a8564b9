"""Capability rows: what one model accepts, as frozen data with a source and a date.

Three things a column of values can say: a tuple lists what is taken; an empty tuple says that the model does not have
the field; None means that it is not known, so every value passes and the service decides. What becomes of a field that
the model does not have, by an empty column or by its name in `unsupported`, is decided by `config.unsupported`.
"""

from datetime import date
from typing import Literal

from pydantic import Field, JsonValue

from tarash.tarash_gateway.capabilities.lifecycle import Lifecycle
from tarash.tarash_gateway.capabilities.price import Price
from tarash.tarash_gateway.capabilities.rules import DurationRule, FieldRule, NumberRule, SizeRule
from tarash.tarash_gateway.records import StrictModel

Values = tuple[str, ...] | None
Durations = tuple[float, ...] | DurationRule | None

VALUE_COLUMNS = {
    "quality": "qualities",
    "style": "styles",
    "background": "backgrounds",
    "output_format": "output_formats",
    "resolution": "resolutions",
}
"""Request field to the column that lists its words."""

COLUMNS = {**VALUE_COLUMNS, "size": "sizes", "aspect_ratio": "aspect_ratios", "duration_seconds": "durations"}
"""Request field to the column that is empty where the model does not have the field."""


class ModelRow(StrictModel):
    """The columns that image and video models share."""

    model: str
    """The vendor's name of the model, as it goes out on the wire."""

    aliases: tuple[str, ...] = ()
    """Other names for the same model, dated snapshots among them."""

    source: str
    """Where the vendor says so: a URL."""

    checked_on: date
    """The date of the last comparison with the source."""

    lifecycle: Lifecycle = Field(default_factory=Lifecycle)
    """Where the model stands at its vendor: `current`, `deprecated` or `retired`, its last day and what replaces it."""

    price: Price | None = None
    """US dollars, by what the vendor counts; None where the price is not known: nothing is estimated then."""

    prompt_max_chars: int | None = None
    """Characters of the longest prompt; a longer one is refused."""

    sizes: tuple[str, ...] | SizeRule | None = None
    """Pixels as WIDTHxHEIGHT and the vendor's words, or a rule."""

    word_sizes: dict[str, str] = Field(default_factory=dict)
    """The vendor's words for a size, each with the pixels that it makes, such as `square` with `512x512`; a price by
    the megapixel needs them. Without a size in the request the model makes one of them."""

    aspect_ratios: dict[str, str] | tuple[str, ...] | None = None
    """Ratio to the size that is sent in its place; or, for a vendor that thinks in ratios, those that are sent as
    they are."""

    resolutions: Values = None
    """Tiers such as `720p` or `2K`."""

    min_input_images: int = Field(default=0, ge=0)
    """Input images that a request must carry, as for a model that only edits; fewer are refused."""

    max_input_images: int | None = None
    """Images that one request may carry; more are left out with a warning, and with 0 any is refused."""

    input_formats: Values = None
    """Content types of input images, such as `image/png`; another kind is refused."""

    input_max_bytes: int | None = None
    """Bytes of one input image; a larger one is refused. None: 50 MiB."""

    extra_params: Values = None
    """The vendor's own parameters that `extra_params` may hold."""

    param_values: dict[str, tuple[JsonValue, ...] | NumberRule] = Field(default_factory=dict)
    """The values of those parameters, where they are known."""

    rules: tuple[FieldRule, ...] = ()
    """Rules across fields; a request that breaks one is refused."""

    unsupported: tuple[str, ...] = ()
    """Request fields that the model does not have."""

    substitutes: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Field to (requested value to sent value): what the vendor has no equal for is sent as the nearest real value, and
    recorded as an adjustment."""

    def names(self) -> tuple[str, ...]:
        """Returns every name of this row's model."""
        return (self.model, *self.aliases)

    def lacking(self) -> tuple[str, ...]:
        """Lists the request fields that the model does not have: those in `unsupported` or with an empty column."""
        columns = self.__dict__
        empty = [name for name, column in COLUMNS.items() if columns.get(column) == ()]
        return tuple(dict.fromkeys((*self.unsupported, *empty)))


class ImageModel(ModelRow):
    """What one image model accepts."""

    max_images: int = Field(default=1, ge=1)
    """Images in one request."""

    mask: bool | None = None
    """Whether an edit may carry a mask; None where it is not known."""

    qualities: Values = None
    """Words of the common scale (`low`, `medium` = `standard`, `high` = `hd`, `xhigh`, `max`), `auto`, or the vendor's
    own. A word of the scale that is not among them is sent as the one of the same step, or of the next step below."""

    quality_steps: dict[str, str] = Field(default_factory=dict)
    """The vendor's own words for a quality, each with the word of the common scale that it means."""

    styles: Values = None
    """Words of `style`, such as `vivid`."""

    backgrounds: Values = None
    """Words of `background`: `auto`, `opaque`, `transparent`."""

    output_formats: Values = None
    """Words of `output_format`, such as `png`; another spelling (`jpg`) is sent as the model's own."""

    streaming: bool | None = None
    """Whether partial images can be streamed; None where it is not known."""

    response_formats: Values = ()
    """What the wire's `response_format` takes; most models have none and give base64."""


class VideoModel(ModelRow):
    """What one video model accepts."""

    max_videos: int = Field(default=1, ge=1)
    """Videos in one job."""

    durations: Durations = None
    """Seconds, as a list or a range."""

    durations_by_mode: dict[str, Durations] = Field(default_factory=dict)
    """Durations where they differ by what is given: `text`, `first_frame`, `frames`, `reference`, `edit`, `extend`."""

    audio: Literal["always", "optional", "never"] | None = None
    """Whether the video has sound. With `always`, a request without sound is unsupported."""

    input_roles: Values = None
    """The roles that input images can have: `reference`, `first_frame`, `last_frame`, `asset`, `style`."""

    max_by_role: dict[str, int] = Field(default_factory=dict)
    """Role to how many images may have it."""

    frames_with_references: bool | None = None
    """Whether first or last frames go together with images of other roles; None where it is not known."""

    input_match_size: bool = False
    """Whether an input image must have exactly the size of the video."""

    operations: tuple[str, ...] = ("generate",)
    """What the model does: `generate`, `remix`, `edit`, `extend`."""

    operation_params: dict[str, str] = Field(default_factory=dict)
    """Extra parameter to the operation that its presence asks for, such as `video_id` to `remix`."""

    operation_fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Operation to the request fields that it takes, where it takes fewer than `generate`; others are unsupported."""


def build_rows() -> None:
    """Builds the schemas of rows, inner ones first, so that none is built again inside of another one."""
    for kind in (SizeRule, DurationRule, NumberRule, FieldRule, Lifecycle, Price, ImageModel, VideoModel):
        kind.model_rebuild()
