"""`tarash providers`: who makes pictures and videos."""

from __future__ import annotations

from cyclopts import App

from tarash_gateway_cli.options import Json

app = App(name="providers")


@app.default
def providers(*, as_json: Json = False) -> int:
    """Shows who makes pictures and videos, and which key each one needs.

    Args:
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash_gateway_cli.commands.listing_plugins import show_providers  # noqa: PLC0415 # help needs none of it

    return show_providers(as_json=as_json)
