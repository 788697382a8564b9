"""`tarash plugin`: a plugin of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from tarash_gateway_cli.options import Flag, Json

EXAMPLES = """\
Example:
  tarash plugin new acme
  cd tarash-gateway-acme
  pip install -e ".[test]" && pytest"""

app = App(name="plugin", help_epilogue=EXAMPLES)


@app.default
def plugin() -> None:
    """Begins a plugin of your own."""
    from tarash_gateway_cli.app import build  # noqa: PLC0415 # it is above this module

    build(with_plugins=False).help_print(["plugin"])


@app.command
def new(
    name: Annotated[str, Parameter(metavar="NAME")],
    /,
    *,
    kind: Literal["image", "video", "both"] = "both",
    folder: Annotated[Path | None, Flag, Parameter(metavar="FOLDER")] = None,
    as_json: Json = False,
) -> int:
    """Writes a small distribution with one provider, which passes the conformance kit at once.

    Args:
        name: The provider's name, as it will stand in configs.
        kind: What it makes.
        folder: The folder to make; without it, tarash-gateway-NAME here.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash_gateway_cli.commands.making_plugins import make_plugin  # noqa: PLC0415 # help needs none of it

    return make_plugin(name, kind, folder, as_json=as_json)
