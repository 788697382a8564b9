"""`tarash plugins`: what is plugged in."""

from __future__ import annotations

from cyclopts import App

from tarash_gateway_cli.options import Json

app = App(name="plugins")


@app.default
def plugins(*, as_json: Json = False) -> int:
    """Shows what is plugged in, and what is wrong with it.

    Args:
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash_gateway_cli.commands.listing_plugins import show_plugins  # noqa: PLC0415 # help needs none of it

    return show_plugins(as_json=as_json)
