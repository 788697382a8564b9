"""`tarash video`: what can be typed. What it does is in `making_videos`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import App, Parameter

from tarash_gateway_cli.options import PICTURE, UNSAID_MAKER, UNSAID_RESULT, Flag, Maker, Prompt, Result

EXAMPLES = """\
Examples:
  tarash video "A paper boat in the rain" -o boat.mp4 --seconds 8 --aspect 16:9
  tarash video "The car drives off" --image car.jpg -o car.mp4
  tarash video "Make it snow" --remix video_123 -o snow.mp4

Ctrl-C leaves the job running and prints the command that fetches it."""

app = App(name="video", help_epilogue=EXAMPLES)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Clip:
    """What is to be seen."""

    seconds: Annotated[float | None, Parameter(metavar="SECONDS", group=PICTURE)] = None
    """How long the clip is."""

    aspect: Annotated[str | None, Parameter(metavar="RATIO", group=PICTURE)] = None
    """A ratio such as 16:9, in place of a size."""

    size: Annotated[str | None, Parameter(metavar="PIXELS", group=PICTURE)] = None
    """Pixels such as 1280x720."""

    resolution: Annotated[str | None, Parameter(metavar="TIER", group=PICTURE)] = None
    """A tier such as 720p, for vendors that think in tiers."""

    image: Annotated[tuple[str, ...], Flag, Parameter(metavar="FILE", group=PICTURE)] = ()
    """A picture to start from: a file or an address. Give it again for more."""

    last_frame: Annotated[str | None, Parameter(metavar="FILE", group=PICTURE)] = None
    """A picture to end with, for the models that take it."""

    remix: Annotated[str | None, Parameter(metavar="VIDEO_ID", group=PICTURE)] = None
    """The id of an earlier video job to make anew with this prompt."""

    edit: Annotated[str | None, Parameter(metavar="VIDEO", group=PICTURE)] = None
    """A clip to change, as a file or as a job's id, for the models that take it."""

    extend: Annotated[str | None, Parameter(metavar="VIDEO", group=PICTURE)] = None
    """A clip to go on from, as a file or as a job's id, for the models that take it."""

    audio: Annotated[bool | None, Parameter(group=PICTURE)] = None
    """Whether the clip has sound; left to the model without it."""

    negative: Annotated[str | None, Parameter(metavar="TEXT", group=PICTURE)] = None
    """What is not to be seen, for the models that take it."""

    seed: Annotated[int | None, Parameter(metavar="NUMBER", group=PICTURE)] = None
    """A number that makes the same clip again, for the models that take it."""

    param: Annotated[tuple[str, ...], Flag, Parameter(metavar="KEY=VALUE", group=PICTURE)] = ()
    """One of the vendor's own parameters as KEY=VALUE. Give it again for more."""


@app.default
def video(
    prompt: Prompt,
    /,
    *,
    clip: Clip = Clip(),
    maker: Maker = UNSAID_MAKER,
    result: Result = UNSAID_RESULT,
) -> int:
    """Makes a video: submits it, waits for it, downloads it.

    Args:
        prompt: What is to be seen; - reads it from stdin.
        clip: How it is to look.
        maker: Who makes it.
        result: What becomes of it.
    """
    from tarash_gateway_cli.commands.making_videos import make_video  # noqa: PLC0415 # help needs none of it

    return make_video(prompt, clip, maker, result)
