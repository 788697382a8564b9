"""The command `tarash`. It needs the extra `cli`, and says so where that is missing.

Importing this package loads none of its commands: each is loaded when it is used.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

from tarash.tarash_gateway.plugins import install_command

NEEDED = ("cyclopts", "rich")
"""What the extra `cli` brings."""


def main() -> None:
    """The console script `tarash`."""
    missing = [name for name in NEEDED if not _is_there(name)]
    if missing:
        print(  # noqa: T201 # the one place that has no other way to say something
            f"tarash: the command line needs {', '.join(missing)}, which comes with the extra 'cli':\n"
            f"  {install_command('cli')}",
            file=sys.stderr,
        )
        sys.exit(2)
    try:
        from tarash_gateway_cli.app import main as run  # noqa: PLC0415 # it needs what was looked for above

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # before there was anything to tell
        sys.exit(130)


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False
