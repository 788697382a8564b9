"""`tarash video`: generates a video: submits it, waits for it, downloads it."""

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
    from tarash.tarash_gateway.models import VideoGenerationRequest

EXAMPLES = """\
Examples:
  tarash video "A paper boat in the rain" -o boat.mp4 --seconds 8 --aspect 16:9
  tarash video "The car drives off" --image car.jpg -o car.mp4
  tarash video "Make it snow" --remix video_123 -o snow.mp4

Ctrl-C leaves the job running and prints the command that fetches it."""

app = App(name="video", help_epilogue=EXAMPLES)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class VideoOptions:
    """The fields of the request."""

    seconds: Annotated[float | None, Parameter(metavar="SECONDS", group=REQUEST_GROUP)] = None
    """The length of the video."""

    aspect: Annotated[str | None, Parameter(metavar="RATIO", group=REQUEST_GROUP)] = None
    """A ratio such as 16:9, instead of a size."""

    size: Annotated[str | None, Parameter(metavar="PIXELS", group=REQUEST_GROUP)] = None
    """Pixels such as 1280x720."""

    resolution: Annotated[str | None, Parameter(metavar="TIER", group=REQUEST_GROUP)] = None
    """A tier such as 720p, for vendors that use tiers."""

    image: Annotated[tuple[str, ...], Flag, Parameter(metavar="FILE", group=REQUEST_GROUP)] = ()
    """An image to start from: a file or an address. Repeat it for more images."""

    last_frame: Annotated[str | None, Parameter(metavar="FILE", group=REQUEST_GROUP)] = None
    """An image to end with, for models that accept it."""

    remix: Annotated[str | None, Parameter(metavar="VIDEO_ID", group=REQUEST_GROUP)] = None
    """The id of an earlier video job to remix with this prompt."""

    edit: Annotated[str | None, Parameter(metavar="VIDEO", group=REQUEST_GROUP)] = None
    """A video to change: a file or the id of a job, for models that accept it."""

    extend: Annotated[str | None, Parameter(metavar="VIDEO", group=REQUEST_GROUP)] = None
    """A video to continue: a file or the id of a job, for models that accept it."""

    audio: Annotated[bool | None, Parameter(group=REQUEST_GROUP)] = None
    """Whether the video has sound; default: the model decides."""

    negative: Annotated[str | None, Parameter(metavar="TEXT", group=REQUEST_GROUP)] = None
    """What the video must not show, for models that accept it."""

    seed: Annotated[int | None, Parameter(metavar="NUMBER", group=REQUEST_GROUP)] = None
    """A number that gives the same video again, for models that accept it."""

    param: Annotated[tuple[str, ...], Flag, Parameter(metavar="KEY=VALUE", group=REQUEST_GROUP)] = ()
    """A parameter of the vendor as KEY=VALUE. Repeat it for more."""


@app.default
def video(
    prompt: Prompt,
    /,
    *,
    options: VideoOptions = VideoOptions(),
    provider_options: ProviderOptions = DEFAULT_PROVIDER,
    output_options: OutputOptions = DEFAULT_OUTPUT,
) -> int:
    """Generates a video: submits it, waits for it, downloads it.

    Args:
        prompt: What to generate; - reads it from stdin.
        options: The fields of the request.
        provider_options: The provider and the limits of the call.
        output_options: The file and the form of the output.
    """
    from tarash.tarash_gateway.models import VideoGenerationConfig
    from tarash.tarash_gateway.videos import generate_video
    from tarash_gateway_cli.config import build_config, require_output
    from tarash_gateway_cli.dry_run import print_plan
    from tarash_gateway_cli.generation import ResumeHint, generate
    from tarash_gateway_cli.output import Output

    output = Output(as_json=output_options.as_json)
    config = build_config(VideoGenerationConfig, "video", provider_options, output)
    request = _build_request(prompt, options)
    if output_options.dry_run:
        return print_plan(output, config, request)
    path, exists = require_output(output_options), output_options.exists
    return generate(
        output,
        [path],
        exists,
        ResumeHint(path, exists=exists, base_url=provider_options.base_url),
        lambda monitor: generate_video(config, request, on_progress=monitor, save_to=path, exists=exists),
    )


def _build_request(prompt: str, options: VideoOptions) -> VideoGenerationRequest:
    from tarash.tarash_gateway.models import ImageType, VideoGenerationRequest
    from tarash_gateway_cli.config import find_image, parse_params, read_prompt, without_unset

    images = [ImageType(image=find_image(text)) for text in options.image]
    if options.last_frame is not None:
        if len(images) == 1:
            images = [images[0].model_copy(update={"type": "first_frame"})]
        images.append(ImageType(image=find_image(options.last_frame), type="last_frame"))
    fields = without_unset(
        duration_seconds=options.seconds,
        aspect_ratio=options.aspect,
        size=options.size,
        resolution=options.resolution,
        generate_audio=options.audio,
        negative_prompt=options.negative,
        seed=options.seed,
        image_list=images,
        extra_params=parse_params(options.param) or None,
        **_source_video(options),
    )
    return VideoGenerationRequest(prompt=read_prompt(prompt), **fields)


def _source_video(options: VideoOptions) -> dict[str, Any]:
    """Returns the video to start from, and the operation on it.

    Raises:
        CommandError: there is more than one.
    """
    from tarash_gateway_cli.config import find_video
    from tarash_gateway_cli.errors import CommandError

    operations = {"remix": options.remix, "edit": options.edit, "extend": options.extend}
    chosen = {operation: text for operation, text in operations.items() if text is not None}
    if len(chosen) > 1:
        msg = f"{' and '.join(f'--{operation}' for operation in chosen)} do not go together: use one of them"
        raise CommandError(msg)
    return next(({"operation": operation, "video": find_video(text)} for operation, text in chosen.items()), {})
