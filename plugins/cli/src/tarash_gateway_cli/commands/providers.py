"""`tarash providers`: lists the providers that are installed, and the key of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cyclopts import App

from tarash_gateway_cli.options import Json

if TYPE_CHECKING:
    from rich.table import Table

app = App(name="providers")


@app.default
def providers(*, as_json: Json = False) -> int:
    """Lists the providers, and the key that each one needs.

    Args:
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash.tarash_gateway.plugins import install_command, registry
    from tarash_gateway_cli.output import Output

    output = Output(as_json=as_json)
    installed = [_describe(name) for name in registry.names()]
    output.object({"providers": installed})
    output.show(_table(installed))
    if not installed:
        output.note(f"None is installed: {install_command('openai', 'sandbox')}")
    return 0


def _describe(name: str) -> dict[str, Any]:
    import os

    from tarash.tarash_gateway.errors import PluginError
    from tarash.tarash_gateway.plugins import registry

    try:
        spec = registry.spec(name)
    except PluginError as error:
        return {"name": name, "error": str(error)}
    return {
        "name": spec.name,
        "title": spec.title,
        "image_models": len(spec.image_models),
        "video_models": len(spec.video_models),
        "keys": {variable: bool(os.environ.get(variable, "").strip()) for variable in spec.key_variables},
        "local": spec.local,
    }


def _table(installed: list[dict[str, Any]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("provider", "vendor", "images", "videos", "key"):
        table.add_column(column, justify="right" if column in ("images", "videos") else "left")
    for provider in installed:
        name = Text(provider["name"], "bold")
        if "error" in provider:
            table.add_row(name, Text("broken: tarash plugins says why", "red"), "", "", "")
        else:
            counts = (str(provider["image_models"]), str(provider["video_models"]))
            table.add_row(name, Text(provider["title"]), *counts, Text(*_key_status(provider)))
    return table


def _key_status(provider: dict[str, Any]) -> tuple[str, str]:
    """Returns the status of a provider's key, and its colour. One variable of several is enough."""
    from tarash.tarash_gateway.plugins import normalize_name
    from tarash_gateway_cli.defaults import SANDBOX

    keys = provider["keys"]
    if not keys:
        needs_none = provider["local"] or normalize_name(provider["name"]) == SANDBOX
        return ("needs no key", "green") if needs_none else ("not in a variable: see its page", "")
    variable = next((name for name, is_set in keys.items() if is_set), None)
    return (f"{variable} is set", "green") if variable else (f"{' or '.join(keys)} is not set", "yellow")
