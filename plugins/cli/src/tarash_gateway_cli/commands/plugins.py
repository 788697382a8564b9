"""`tarash plugins`: lists every plugin, with what is wrong with the broken ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cyclopts import App

from tarash_gateway_cli.options import Json

if TYPE_CHECKING:
    from rich.table import Table

    from tarash.tarash_gateway.plugins import PluginReport

app = App(name="plugins")


@app.default
def plugins(*, as_json: Json = False) -> int:
    """Lists the plugins, and what is wrong with broken ones.

    Args:
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash.tarash_gateway.plugins import plugin_report
    from tarash_gateway_cli.output import Output

    output = Output(as_json=as_json)
    reports = [_mark_shadowed(report) for report in plugin_report()]
    output.object({"plugins": [report.model_dump(mode="json") for report in reports]})
    output.show(_table(reports))
    return 0


def _mark_shadowed(report: PluginReport) -> PluginReport:
    """Marks the command of a plugin that has the name of one of ours: it is never reached."""
    from tarash.tarash_gateway.plugins import COMMANDS as GROUP
    from tarash_gateway_cli.app import COMMANDS

    if report.group != GROUP or report.name not in {command.name for command in COMMANDS}:
        return report
    cause = f"tarash has a command {report.name!r} of its own; {report.distribution} must rename its command"
    return report.model_copy(update={"status": "conflict", "cause": cause})


COLOURS: Final = {"ok": "green", "broken": "red", "conflict": "red", "disabled": "dim"}


def _table(reports: list[PluginReport]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 1, 0))
    table.add_column(overflow="fold")
    table.add_column()
    for report in reports:
        right = Table.grid(padding=(0, 1))
        right.add_column(style="dim", no_wrap=True)
        right.add_column(overflow="fold")
        for label, value in _description(report):
            right.add_row(label, Text(value))
        table.add_row(Text.assemble((report.name, "bold"), "\n  ", (report.status, COLOURS[report.status])), right)
    return table


def _description(report: PluginReport) -> Iterator[tuple[str, str]]:
    group = report.group.rpartition(".")[2].removesuffix("s")
    yield "is a", f"{group}: {', '.join(report.providers)}" if report.providers else group
    if report.hooks:
        yield "hooks", ", ".join(hook.removeprefix("tarash_") for hook in report.hooks)
    yield "from", f"{report.distribution} {report.version}" if report.distribution else "this process"
    if report.origin is not None:
        yield "at", f"{report.origin.removeprefix('file://')}{' (editable)' if report.editable else ''}"
    if report.cause is not None:
        yield "why", report.cause
