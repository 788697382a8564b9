"""What `tarash plugin new` does."""

from __future__ import annotations

from pathlib import Path

from tarash.tarash_gateway.plugins import expand_home, registry
from tarash_gateway_cli.errors import CommandError
from tarash_gateway_cli.exit_codes import OK
from tarash_gateway_cli.output import Output
from tarash_gateway_cli.resuming import shell_command
from tarash_gateway_cli.scaffold import Kind, Names, NotANameError, write_plugin

NEXT = """\
Next:
  {enter}
  pip install -e ".[test]"
  pytest"""
THEN = "It passes as it is, with a vendor that does not exist. README.md says what to change, in which order."


def make_plugin(name: str, kind: Kind, folder: Path | None, *, as_json: bool) -> int:
    """Writes a new plugin.

    Returns:
        The exit code.
    """
    output = Output(as_json=as_json)
    try:
        names = Names.of(name, registry.names())
    except NotANameError as error:
        raise CommandError(str(error)) from error
    place = expand_home(folder or names.distribution)
    written = write_plugin(names, place, kind)
    for path in written:
        output.path(place / path)
    output.note(NEXT.format(enter=shell_command("cd", str(place))))
    output.note(THEN)
    output.object(
        {
            "folder": str(place),
            "provider": names.provider,
            "distribution": names.distribution,
            "module": names.module,
            "files": [str(path) for path in written],
        }
    )
    return OK
