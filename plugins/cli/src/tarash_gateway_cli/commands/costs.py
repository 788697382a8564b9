"""`tarash costs`: what was spent, from the ledger and the journal."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from tarash_gateway_cli.options import Flag, Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from tarash_gateway_ledger.costs import CostRow

    Grouping = Literal["day", "provider", "model", "tag"]

EXAMPLES: Final = """\
Examples:
  tarash costs --since 7d
  tarash costs --by provider --by tag --since 2026-11-01
  tarash costs --tag shop --csv > november.csv"""

FIGURES: Final = ("calls", "images", "videos", "cost", "unpriced", "unconfirmed")

app = App(name="costs", help_epilogue=EXAMPLES)


@app.default
def costs(
    *,
    since: Annotated[str | None, Parameter(metavar="DAY")] = None,
    by: Annotated[tuple[Literal["day", "provider", "model", "tag"], ...], Parameter(negative=())] = (
        "day",
        "provider",
        "model",
        "tag",
    ),
    tag: Annotated[str | None, Parameter(metavar="NAME")] = None,
    as_csv: Annotated[bool, Flag, Parameter(name="--csv")] = False,
    as_json: Json = False,
) -> int:
    """Shows what was spent, by day, provider, model and project.

    What may have been billed unseen stands beside it. It reads the ledger (TARASH_LEDGER) and the journal
    (TARASH_JOURNAL), without these variables those in the user's data folder.

    Args:
        since: The first day (UTC), such as 2026-12-01, or as many days as 7d.
        by: What the rows are grouped by. Give it again for more.
        tag: Only calls that were made with this --tag or TARASH_TAG.
        as_csv: Print CSV.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash.tarash_gateway.plugins import read_variable
    from tarash_gateway_cli.generation import open_journal
    from tarash_gateway_cli.output import Output
    from tarash_gateway_ledger import VARIABLE, turn_on
    from tarash_gateway_ledger.costs import read_costs

    output = Output(as_json=as_json)
    turn_on()
    ledger, journal, first = read_variable(VARIABLE), open_journal(), _read_day(since)
    rows = read_costs(ledger, journal, since=first, tag=tag, by=by)
    total = _total(rows)
    output.object(
        {
            "ledger": ledger,
            "journal": str(journal.path),
            "since": None if first is None else first.isoformat(),
            "rows": [row.as_json() for row in rows],
            "total": total.as_json(),
        }
    )
    if as_csv:
        for line in _csv_lines(rows, by):
            output.line(line)
    elif rows:
        output.show(_table([*rows, total], by))
    else:
        output.note(f"Nothing was spent that {ledger or 'the ledger, which is off,'} or {journal.path} knows of.")
    if total.unconfirmed:
        many = "1 request" if total.unconfirmed == 1 else f"{total.unconfirmed} requests"
        output.note(
            f"{many} may have been billed: the answer was lost. The vendor's usage page knows; see tarash jobs."
        )
    return 0


def _read_day(text: str | None) -> date | None:
    from tarash_gateway_cli.errors import CommandError

    if text is None:
        return None
    days = re.fullmatch(r"([1-9]\d{0,4})d", text)
    if days is not None:
        return datetime.now(UTC).date() - timedelta(days=int(days[1]) - 1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"--since {text}: give a day such as 2026-12-01, or as many days as 7d"
        raise CommandError(msg) from None


def _total(rows: Sequence[CostRow]) -> CostRow:
    from tarash_gateway_ledger.costs import CostRow

    total = CostRow()
    for row in rows:
        total.add(row)
    return total


def _csv_lines(rows: Sequence[CostRow], by: Sequence[Grouping]) -> list[str]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*by, *FIGURES])
    writer.writerows([getattr(row, name) for name in (*by, *FIGURES)] for row in rows)
    return out.getvalue().splitlines()


def _table(rows: Sequence[CostRow], by: Sequence[Grouping]) -> Table:
    """The rows, the last of which is the sum; a column that is empty in all of them is left out."""
    from rich.table import Table

    from tarash.tarash_gateway.display.text import one_line

    names = [name for name in (*by, *FIGURES) if name in ("cost", *by[:1]) or any(getattr(row, name) for row in rows)]
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in FIGURES else "left", no_wrap=name != "model")
    for index, row in enumerate(rows):
        cells = [_cell(getattr(row, name), name) for name in names]
        if index == len(rows) - 1:
            cells[0], style = "total", "bold"
        else:
            style = ""
        table.add_row(*map(one_line, cells), style=style)
    return table


def _cell(value: Any, name: str) -> str:
    from tarash.tarash_gateway.capabilities.price import as_dollars

    return as_dollars(value) if name == "cost" else str(value or "")
