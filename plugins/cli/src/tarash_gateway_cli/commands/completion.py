"""`tarash --install-completion`: sets up Tab completion."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

app = App(name="--install-completion")


@app.default
def install_completion(
    *,
    shell: Literal["bash", "zsh", "fish", "powershell"] | None = None,
    output: Annotated[Path | None, Parameter(alias="-o", metavar="FILE")] = None,
) -> int:
    """Sets up Tab completion.

    Args:
        shell: The shell; default: the one that runs this command.
        output: The file for the script; default: the one that the shell reads.
    """
    from cyclopts.completion import ShellDetectionError

    from tarash_gateway_cli.app import build
    from tarash_gateway_cli.errors import CommandError
    from tarash_gateway_cli.output import Output

    try:
        path = build().install_completion(shell=shell, output=output, add_to_startup=output is None)
    except ShellDetectionError as error:
        msg = "the shell could not be detected"
        raise CommandError(msg, hints=("Name it: --shell bash, zsh, fish or powershell.",)) from error
    printer = Output()
    printer.path(path)
    printer.note("  Tab completion works in every new shell.")
    return 0
