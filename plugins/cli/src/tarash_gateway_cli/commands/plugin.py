"""`tarash plugin new`: writes a new plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import App, Parameter

from tarash_gateway_cli.options import Flag, Json

EXAMPLES: Final = """\
Examples:
  tarash plugin new acme
  tarash plugin new acme --kind image --jobs
  tarash plugin new acme --local

Then, in the new folder:
  pip install -e ".[test]" && pytest"""

app = App(name="plugin", help_epilogue=EXAMPLES)


@app.default
def plugin() -> None:
    """Starts a plugin of your own."""
    from tarash_gateway_cli.app import build

    build(with_plugins=False).help_print(["plugin"])


NEXT: Final = """\
Next:
  {enter}
  pip install -e ".[test]"
  pytest"""
VENDOR: Final = "It passes as it is, with a vendor that does not exist. README.md says what to change, in which order."
LOCAL: Final = "It passes as it is, and draws coloured circles. README.md says what to change, in which order."


@app.command
def new(
    name: Annotated[str, Parameter(metavar="NAME")],
    /,
    *,
    kind: Literal["image", "video", "both"] | None = None,
    jobs: Annotated[bool, Flag] = False,
    local: Annotated[bool, Flag] = False,
    folder: Annotated[Path | None, Flag, Parameter(metavar="FOLDER")] = None,
    as_json: Json = False,
) -> int:
    """Writes a small distribution with one provider, which passes the conformance kit at once.

    Args:
        name: The name of the provider, as in configs.
        kind: What it generates. Default: both; image with --local.
        jobs: The vendor makes images by jobs: submit, poll, fetch. Videos are always jobs.
        local: It runs a model in this process, and needs neither a vendor nor a key.
        folder: The folder to create; default: tarash-gateway-NAME.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash.tarash_gateway.plugins import expand_home, registry
    from tarash_gateway_cli.errors import CommandError
    from tarash_gateway_cli.output import Output, shell_command
    from tarash_gateway_cli.scaffold import Design, Names, write_plugin

    output = Output(as_json=as_json)
    try:
        names = Names.of(name, registry.names())
        design = Design(kind or ("image" if local else "both"), jobs=jobs, local=local)
    except ValueError as error:  # of the name, or of options that do not go together
        raise CommandError(str(error)) from error
    target = expand_home(folder or names.distribution)
    files = write_plugin(names, target, design)
    for file in files:
        output.path(target / file)
    output.note(NEXT.format(enter=shell_command("cd", str(target))))
    output.note(LOCAL if local else VENDOR)
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
