"""`tarash models`: what can be typed. What it does is in `listing_models`."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter

from tarash_gateway_cli.completing import provider_names
from tarash_gateway_cli.options import Flag, Json

app = App(name="models")


@app.default
def models(
    *,
    kind: Literal["image", "video"] | None = None,
    provider: Annotated[str | None, Parameter(alias="-p", metavar="NAME", completer=provider_names)] = None,
    status: Literal["current", "deprecated", "retired"] | None = None,
    live: Annotated[bool, Flag] = False,
    refresh: Annotated[bool, Flag] = False,
    as_json: Json = False,
) -> int:
    """Shows what each model takes, costs, and how long it lives.

    Args:
        kind: Only models of pictures, or of videos.
        provider: Only this provider's.
        status: Only models that stand there in their life today.
        live: Only models that their vendor serves today.
        refresh: Ask the vendors that publish what their models take, and keep it for a day.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash_gateway_cli.commands.listing_models import show_models  # noqa: PLC0415 # help needs none of it

    return show_models(kind, provider, status, live=live, refresh=refresh, as_json=as_json)
