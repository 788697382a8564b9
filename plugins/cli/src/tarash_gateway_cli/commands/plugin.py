"""`tarash plugin new`: writes a new plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import App, Parameter

from tarash_gateway_cli.options import Flag, Json

EXAMPLES: Final = """\
Example:
  tarash plugin new acme
  cd tarash-gateway-acme
  pip install -e ".[test]" && pytest"""

app = App(name="plugin", help_epilogue=EXAMPLES)


@app.default
def plugin() -> None:
    """Begins a plugin of your own."""
    from tarash_gateway_cli.app import build

    build(with_plugins=False).help_print(["plugin"])


NEXT: Final = """\
Next:
  {enter}
  pip install -e ".[test]"
  pytest"""
THEN: Final = "It passes as it is, with a vendor that does not exist. README.md says what to change, in which order."


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
    from tarash.tarash_gateway.plugins import expand_home, registry
    from tarash_gateway_cli.errors import CommandError
    from tarash_gateway_cli.output import Output, shell_command
    from tarash_gateway_cli.scaffold import Names, NotANameError, write_plugin

    output = Output(as_json=as_json)
    try:
        names = Names.of(name, registry.names())
    except NotANameError as error:
        raise CommandError(str(error)) from error
    target = expand_home(folder or names.distribution)
    files = write_plugin(names, target, kind)
    for file in files:
        output.path(target / file)
    output.note(NEXT.format(enter=shell_command("cd", str(target))))
    output.note(THEN)
    output.object(
        {
            "folder": str(target),
            "provider": names.provider,
            "distribution": names.distribution,
            "module": names.module,
            "files": [str(file) for file in files],
        }
    )
    return 0
