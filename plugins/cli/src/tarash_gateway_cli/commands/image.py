"""`tarash image`: what can be typed. What it does is in `making_images`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import App, Parameter

from tarash_gateway_cli.options import PICTURE, UNSAID_MAKER, UNSAID_RESULT, Flag, Maker, Prompt, Result

EXAMPLES = """\
Examples:
  tarash image "A harbour at night" -o harbour.png
  tarash image "A harbour at night" -o harbour.webp --size 1536x1024 -n 3
  tarash image "Make it winter" --edit harbour.png -o winter.png
  echo "A harbour at night" | tarash image - -o harbour.png --dry-run"""

app = App(name="image", help_epilogue=EXAMPLES)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Picture:
    """What is to be seen."""

    size: Annotated[str | None, Parameter(metavar="PIXELS", group=PICTURE)] = None
    """Pixels such as 1024x1024, or the vendor's word such as auto."""

    aspect: Annotated[str | None, Parameter(metavar="RATIO", group=PICTURE)] = None
    """A ratio such as 16:9, in place of a size."""

    resolution: Annotated[str | None, Parameter(metavar="TIER", group=PICTURE)] = None
    """A tier such as 2K, for vendors that think in tiers."""

    quality: Annotated[str | None, Parameter(metavar="WORD", group=PICTURE)] = None
    """The vendor's word, such as low, medium, high or hd."""

    style: Annotated[str | None, Parameter(metavar="WORD", group=PICTURE)] = None
    """The vendor's word, such as vivid or natural."""

    background: Annotated[str | None, Parameter(metavar="WORD", group=PICTURE)] = None
    """transparent, opaque or auto."""

    n: Annotated[int, Parameter(name="-n", metavar="NUMBER", group=PICTURE)] = 1
    """Pictures; the second one's file ends in -2, the third one's in -3."""

    fan_out: Annotated[bool, Flag, Parameter(group=PICTURE)] = False
    """More pictures than one request makes: send several."""

    format: Annotated[str | None, Parameter(metavar="WORD", group=PICTURE)] = None
    """png, jpeg, webp, …; without it, what the ending of the file says."""

    edit: Annotated[tuple[str, ...], Flag, Parameter(metavar="FILE", group=PICTURE)] = ()
    """A picture to work from: a file or an address. Give it again for more."""

    mask: Annotated[str | None, Parameter(metavar="FILE", group=PICTURE)] = None
    """A picture whose transparent parts say where the first one is to change."""

    negative: Annotated[str | None, Parameter(metavar="TEXT", group=PICTURE)] = None
    """What is not to be seen, for the models that take it."""

    seed: Annotated[int | None, Parameter(metavar="NUMBER", group=PICTURE)] = None
    """A number that makes the same picture again, for the models that take it."""

    param: Annotated[tuple[str, ...], Flag, Parameter(metavar="KEY=VALUE", group=PICTURE)] = ()
    """One of the vendor's own parameters as KEY=VALUE. Give it again for more."""

    stream: Annotated[bool, Flag, Parameter(group=PICTURE)] = False
    """Ask for partial pictures on the way, and count them."""


@app.default
def image(
    prompt: Prompt,
    /,
    *,
    picture: Picture = Picture(),
    maker: Maker = UNSAID_MAKER,
    result: Result = UNSAID_RESULT,
) -> int:
    """Makes pictures, or edits them.

    Args:
        prompt: What is to be seen; - reads it from stdin.
        picture: How it is to look.
        maker: Who makes it.
        result: What becomes of it.
    """
    from tarash_gateway_cli.commands.making_images import make_images  # noqa: PLC0415 # help needs none of it

    return make_images(prompt, picture, maker, result)
