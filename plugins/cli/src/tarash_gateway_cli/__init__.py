"""The command `tarash`. Without the libraries of the extra `cli` it prints how to install them.

Importing this package loads no command: each one is imported when it is used.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

from tarash.tarash_gateway.plugins import install_command

NEEDED = ("cyclopts", "rich")
"""The libraries of the extra `cli`."""


def main() -> None:
    """Runs the console script `tarash`."""
    missing = [name for name in NEEDED if not _is_installed(name)]
    if missing:
        print(  # noqa: T201 # there is no Output without the extra
            f"tarash: the command line needs {', '.join(missing)}, which comes with the extra 'cli':\n"
            f"  {install_command('cli')}",
            file=sys.stderr,
        )
        sys.exit(2)
    try:
        from tarash_gateway_cli.app import main as run  # noqa: PLC0415 # it needs the libraries above

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # before the command began
        sys.exit(130)


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False
