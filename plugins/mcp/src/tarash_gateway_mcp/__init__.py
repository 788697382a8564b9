"""A Model Context Protocol server: agents make images and videos, within a budget. Importing it needs no SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash.tarash_gateway.plugins import hookimpl

if TYPE_CHECKING:
    from cyclopts import App

__all__ = ["tarash_register_commands"]


@hookimpl
def tarash_register_commands(cli: App) -> None:
    """Adds `tarash mcp`."""
    cli.command("tarash_gateway_mcp.command:app", name="mcp")
