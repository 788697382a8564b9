"""The plugin of the command line: `tarash batch`. Importing it needs nothing of the extra `cli`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash.tarash_gateway.plugins import hookimpl

if TYPE_CHECKING:
    from cyclopts import App


@hookimpl
def tarash_register_commands(cli: App) -> None:
    """Adds `tarash batch`."""
    cli.command("tarash_gateway_batch.command.work:app", name="batch")
