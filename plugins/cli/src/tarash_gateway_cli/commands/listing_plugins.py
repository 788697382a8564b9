"""What `tarash providers` and `tarash plugins` show."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from tarash.tarash_gateway.errors import PluginError
from tarash.tarash_gateway.plugins import (
    COMMANDS,
    PluginReport,
    install_command,
    normalize_name,
    plugin_report,
    registry,
)
from tarash_gateway_cli.defaults import SANDBOX
from tarash_gateway_cli.exit_codes import OK
from tarash_gateway_cli.output import Output

if TYPE_CHECKING:
    from rich.table import Table

COLOURS: Final = {"ok": "green", "broken": "red", "conflict": "red", "disabled": "dim"}


def show_providers(*, as_json: bool) -> int:
    """Shows the providers that are installed.

    Returns:
        The exit code.
    """
    output = Output(as_json=as_json)
    known = [_provider(name) for name in registry.names()]
    output.object({"providers": known})
    output.show(_providers_table(known))
    if not known:
        output.note(f"None is installed: {install_command('openai', 'sandbox')}")
    return OK


def show_plugins(*, as_json: bool) -> int:
    """Shows every plugin, broken and disabled ones included.

    Returns:
        The exit code.
    """
    output = Output(as_json=as_json)
    reports = [_shadowed(report) for report in plugin_report()]
    output.object({"plugins": [report.model_dump(mode="json") for report in reports]})
    output.show(_plugins_table(reports))
    return OK


def _provider(name: str) -> dict[str, Any]:
    try:
        spec = registry.spec(name)
    except PluginError as error:
        return {"name": name, "error": str(error)}
    keys = {variable: bool(os.environ.get(variable, "").strip()) for variable in spec.key_variables}
    return {
        "name": spec.name,
        "title": spec.title,
        "image_models": len(spec.image_models),
        "video_models": len(spec.video_models),
        "keys": keys,
        "local": spec.local,
    }


def _providers_table(known: list[dict[str, Any]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("provider", "vendor", "images", "videos", "key"):
        table.add_column(column, justify="right" if column in ("images", "videos") else "left")
    for one in known:
        if "error" in one:
            table.add_row(Text(one["name"], "bold"), Text("broken: tarash plugins says why", "red"), "", "", "")
            continue
        told = Text(*_key(one))
        counts = (str(one["image_models"]), str(one["video_models"]))
        table.add_row(Text(one["name"], "bold"), Text(one["title"]), *counts, told)
    return table


def _key(provider: dict[str, Any]) -> tuple[str, str]:
    """What there is to say of a provider's key, and its colour. One variable of several is enough."""
    keys = provider["keys"]
    if not keys:
        none_needed = provider["local"] or normalize_name(provider["name"]) == SANDBOX
        return ("needs no key", "green") if none_needed else ("in no variable: see its page", "")
    here = [name for name, there in keys.items() if there]
    return (f"{here[0]} is set", "green") if here else (f"{' or '.join(keys)} is not set", "yellow")


def _plugins_table(reports: list[PluginReport]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 1, 0))
    table.add_column(overflow="fold")
    table.add_column()
    for report in reports:
        right = Table.grid(padding=(0, 1))
        right.add_column(style="dim", no_wrap=True)
        right.add_column(overflow="fold")
        for label, value in _told(report):
            right.add_row(label, Text(value))
        table.add_row(Text.assemble((report.name, "bold"), "\n  ", (report.status, COLOURS[report.status])), right)
    return table


def _told(report: PluginReport) -> Iterator[tuple[str, str]]:
    group = report.group.rpartition(".")[2].removesuffix("s")
    yield "is a", f"{group}: {', '.join(report.providers)}" if report.providers else group
    if report.hooks:
        yield "hooks", ", ".join(hook.removeprefix("tarash_") for hook in report.hooks)
    yield "from", f"{report.distribution} {report.version}" if report.distribution else "this process"
    if report.origin is not None:
        yield "at", f"{report.origin.removeprefix('file://')}{' (editable)' if report.editable else ''}"
    if report.cause is not None:
        yield "why", report.cause


def _shadowed(report: PluginReport) -> PluginReport:
    """A plugin's command that has the name of one of ours is never reached."""
    from tarash_gateway_cli.app import COMMANDS as OURS  # noqa: PLC0415 # the app imports this module's command

    if report.group != COMMANDS or report.name not in {command.name for command in OURS}:
        return report
    cause = f"tarash has a command {report.name!r} of its own; {report.distribution} must give its another name"
    return report.model_copy(update={"status": "conflict", "cause": cause})
