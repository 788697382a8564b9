"""What `tarash plugin new` does."""

from __future__ import annotations

from pathlib import Path

from tarash.tarash_gateway.plugins.registry import registry
from tarash_gateway_cli.exits import OK
from tarash_gateway_cli.failures import CommandError
from tarash_gateway_cli.output import Output
from tarash_gateway_cli.scaffold import Kind, Names, NotANameError, write_plugin

NEXT = """\
Next:
  cd {folder}
  pip install -e ".[test]"
  pytest
It passes as it is, with a vendor that does not exist. README.md says what to change, in which order."""


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
    place = folder or Path(names.distribution)
    written = write_plugin(names, place, kind)
    for path in written:
        output.line(str(place / path))
    output.note(NEXT.format(folder=place))
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
