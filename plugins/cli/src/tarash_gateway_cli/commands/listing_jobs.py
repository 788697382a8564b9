"""What `tarash jobs` shows: the journal, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tarash.tarash_gateway.display.text import duration, one_line
from tarash.tarash_gateway.journal import Entry
from tarash_gateway_cli.exit_codes import OK
from tarash_gateway_cli.journals import open_journal
from tarash_gateway_cli.output import Output
from tarash_gateway_cli.resuming import resume_command

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

COLOURS: Final = {
    "open": "yellow",
    "unconfirmed": "bold yellow",
    "absent": "dim",
    "refused": "dim",
    "submitted": "cyan",
    "failed": "red",
    "made": "green",
    "saved": "green",
}

_WHY: Final = ("unconfirmed", "failed", "refused")
"""Where the error says more than the word."""


def show_jobs(limit: int, kind: str | None, *, as_json: bool) -> int:
    """Shows the newest entries of the journal.

    Returns:
        The exit code.
    """
    output = Output(as_json=as_json)
    journal = open_journal()
    entries = [entry for entry in reversed(journal.entries()) if kind in (None, entry.kind)]
    shown = entries[:limit] if limit > 0 else entries
    output.object({"journal": str(journal.path), "jobs": [entry_as_json(entry) for entry in shown]})
    if shown:
        output.show(_table(shown))
    if len(shown) < len(entries):
        output.note(f"{len(entries) - len(shown)} older ones: --limit 0 shows all")
    waiting = next((entry.job.id for entry in shown if entry.status == "submitted" and entry.job is not None), None)
    if waiting is not None:
        output.note(f"Fetch a video that waits: {resume_command(waiting)}")
    if not shown:
        output.note(f"Nothing was asked for yet ({journal.path}).")
    return OK


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """An entry for `--json`."""
    told = {**asdict(entry), "at": entry.at.isoformat()}
    return {**told, "job": None if entry.job is None else entry.job.model_dump(mode="json", exclude_none=True)}


def _table(entries: list[Entry]) -> Table:
    from rich.table import Table
    from rich.text import Text

    now = datetime.now(UTC)
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("when", no_wrap=True, style="dim")
    table.add_column("status", no_wrap=True)
    table.add_column("what", overflow="fold", ratio=1)
    for entry in entries:
        told = Text("\n").join(_lines(entry))
        table.add_row(_ago(entry.at, now), Text(entry.status, COLOURS.get(entry.status, "")), told)
    return table


def _lines(entry: Entry) -> Iterator[Text]:
    from rich.text import Text

    yield Text(one_line(entry.asked.get("prompt") or "(no prompt)", 60), "bold")
    yield Text(f"{entry.provider}/{entry.model} {entry.kind}")
    if entry.job is not None:
        yield Text(one_line(entry.job.id))
    for file in entry.files:
        yield Text(one_line(file["path"]), "green")
    if entry.error is not None and entry.status in _WHY:
        yield Text(one_line(entry.error, 200), "dim")


def _ago(at: datetime, now: datetime) -> str:
    """How long ago, as far as a day; then the date."""
    age = (now - at).total_seconds()
    if age < 60:
        return "just now"
    return f"{duration(age).partition(' min')[0]} min ago" if age < 3600 else at.astimezone().strftime("%Y-%m-%d %H:%M")
