"""`tarash image`: generates images, or edits them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from tarash_gateway_cli.options import (
    DEFAULT_OUTPUT,
    DEFAULT_PROVIDER,
    REQUEST_GROUP,
    Flag,
    OutputOptions,
    Prompt,
    ProviderOptions,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest, ImageGenerationResponse
    from tarash_gateway_cli.generation import CallMonitor

EXAMPLES = """\
Examples:
  tarash image "A harbour at night" -o harbour.png
  tarash image "A harbour at night" -o harbour.webp --size 1536x1024 -n 3
  tarash image "Make it winter" --edit harbour.png -o winter.png
  echo "A harbour at night" | tarash image - -o harbour.png --dry-run"""

app = App(name="image", help_epilogue=EXAMPLES)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ImageOptions:
    """The fields of the request."""

    size: Annotated[str | None, Parameter(metavar="PIXELS", group=REQUEST_GROUP)] = None
    """Pixels such as 1024x1024, or a word of the vendor such as auto."""

    aspect: Annotated[str | None, Parameter(metavar="RATIO", group=REQUEST_GROUP)] = None
    """A ratio such as 16:9, instead of a size."""

    resolution: Annotated[str | None, Parameter(metavar="TIER", group=REQUEST_GROUP)] = None
    """A tier such as 2K, for vendors that use tiers."""

    quality: Annotated[str | None, Parameter(metavar="WORD", group=REQUEST_GROUP)] = None
    """The vendor's word, such as low, medium, high or hd."""

    style: Annotated[str | None, Parameter(metavar="WORD", group=REQUEST_GROUP)] = None
    """The vendor's word, such as vivid or natural."""

    background: Annotated[str | None, Parameter(metavar="WORD", group=REQUEST_GROUP)] = None
    """transparent, opaque or auto."""

    n: Annotated[int, Parameter(name="-n", metavar="NUMBER", group=REQUEST_GROUP)] = 1
    """The number of images; the second file ends in -2, the third in -3."""

    fan_out: Annotated[bool, Flag, Parameter(group=REQUEST_GROUP)] = False
    """Send several requests if one makes fewer images."""

    format: Annotated[str | None, Parameter(metavar="WORD", group=REQUEST_GROUP)] = None
    """png, jpeg, webp, …; default: the ending of the file."""

    edit: Annotated[tuple[str, ...], Flag, Parameter(metavar="FILE", group=REQUEST_GROUP)] = ()
    """An image to edit: a file or an address. Repeat it for more images."""

    mask: Annotated[str | None, Parameter(metavar="FILE", group=REQUEST_GROUP)] = None
    """An image whose transparent parts mark what changes in the first one."""

    negative: Annotated[str | None, Parameter(metavar="TEXT", group=REQUEST_GROUP)] = None
    """What the image must not show, for models that accept it."""

    seed: Annotated[int | None, Parameter(metavar="NUMBER", group=REQUEST_GROUP)] = None
    """A number that gives the same image again, for models that accept it."""

    param: Annotated[tuple[str, ...], Flag, Parameter(metavar="KEY=VALUE", group=REQUEST_GROUP)] = ()
    """A parameter of the vendor as KEY=VALUE. Repeat it for more."""

    stream: Annotated[bool, Flag, Parameter(group=REQUEST_GROUP)] = False
    """Ask for partial images, and count them."""


@app.default
def image(
    prompt: Prompt,
    /,
    *,
    options: ImageOptions = ImageOptions(),
    provider_options: ProviderOptions = DEFAULT_PROVIDER,
    output_options: OutputOptions = DEFAULT_OUTPUT,
) -> int:
    """Generates images, or edits them.

    Args:
        prompt: What to generate; - reads it from stdin.
        options: The fields of the request.
        provider_options: The provider and the limits of the call.
        output_options: The file and the form of the output.
    """
    from tarash.tarash_gateway.images import generate_image
    from tarash.tarash_gateway.models import ImageGenerationConfig
    from tarash_gateway_cli.config import build_config, require_output
    from tarash_gateway_cli.dry_run import print_plan
    from tarash_gateway_cli.generation import ResumeHint, generate
    from tarash_gateway_cli.output import Output
    from tarash_gateway_cli.results import numbered_paths

    output = Output(as_json=output_options.as_json)
    config = build_config(ImageGenerationConfig, "image", provider_options, output, fan_out=options.fan_out)
    request = build_request(prompt, options, config, output_options.output)
    if output_options.dry_run:
        return print_plan(output, config, request, stream=options.stream)

    def call(monitor: CallMonitor) -> ImageGenerationResponse:
        if options.stream:
            return _stream(config, request, monitor)
        return generate_image(config, request, on_progress=monitor)

    paths = numbered_paths(require_output(output_options), options.n)
    hint = ResumeHint(output_options.output, exists=output_options.exists, base_url=provider_options.base_url)
    return generate(output, paths, output_options.exists, hint, call)


def build_request(
    prompt: str, options: ImageOptions, config: ImageGenerationConfig, path: Path | None
) -> ImageGenerationRequest:
    """Builds the request of a command line; `path` tells the format where no option does."""
    from tarash.tarash_gateway.models import ImageGenerationRequest
    from tarash_gateway_cli.config import find_image, parse_params, read_prompt, without_unset

    fields: dict[str, Any] = without_unset(
        size=options.size,
        aspect_ratio=options.aspect,
        resolution=options.resolution,
        quality=options.quality,
        style=options.style,
        background=options.background,
        output_format=options.format or _format_of_ending(config, path),
        seed=options.seed,
        negative_prompt=options.negative,
        image_list=[find_image(text) for text in options.edit],
        mask_image=None if options.mask is None else find_image(options.mask),
        extra_params=parse_params(options.param) or None,
    )
    return ImageGenerationRequest(prompt=read_prompt(prompt), n=options.n, **fields)


def _format_of_ending(config: ImageGenerationConfig, path: Path | None) -> str | None:
    """Returns WebP for `-o city.webp`, if the row of the model lists it."""
    from tarash.tarash_gateway.capabilities.lookup import find_row
    from tarash.tarash_gateway.capabilities.rows import ImageModel
    from tarash.tarash_gateway.plugins import registry
    from tarash_gateway_cli.results import format_of

    row, refuses = find_row(config, registry.spec(config.provider))
    name = None if path is None else format_of(path)
    formats = row.output_formats if isinstance(row, ImageModel) and refuses else None
    return name if formats and name in formats else None


def _stream(
    config: ImageGenerationConfig, request: ImageGenerationRequest, monitor: CallMonitor
) -> ImageGenerationResponse:
    from tarash.tarash_gateway.errors import GenerationFailedError
    from tarash.tarash_gateway.images import stream_image

    response: ImageGenerationResponse | None = None
    for update in stream_image(config, request):
        monitor(update)
        response = update.response or response
    if response is None:
        msg = "the stream ended without a result"
        raise GenerationFailedError(msg)
    return response
