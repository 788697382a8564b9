"""What calls have cost: read from the ledger, with what the journal knows of calls whose answer was lost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from tarash.tarash_gateway.plugins import expand_home

if TYPE_CHECKING:
    from tarash.tarash_gateway import Journal
    from tarash.tarash_gateway.models import GenerationJob

Grouping = Literal["day", "provider", "model", "tag"]

_LOST: Final = ("open", "unconfirmed")
"""Statuses of a journal's entry that may have been billed, and of which nobody knows."""

_NOT_BILLED: Final = ("refused", "absent")


@dataclass(slots=True)
class CostRow:
    """What the calls of one group have cost. A field that the rows are not grouped by is empty."""

    day: str = ""
    """Of the call, in UTC: YYYY-MM-DD."""

    provider: str = ""
    model: str = ""
    tag: str = ""
    """What TARASH_TAG was when the call was made."""

    calls: int = 0
    """Calls that were billed, or may have been."""

    images: int = 0
    videos: int = 0
    cost: float = 0.0
    """US dollars, of the calls whose cost is known."""

    unpriced: int = 0
    """Calls that were billed, and whose cost is not known."""

    unconfirmed: int = 0
    """Requests that may have been billed: their answer was lost, or nobody waited for it."""

    def as_json(self) -> dict[str, Any]:
        """Returns the row, without the fields that it is not grouped by."""
        return {name: value for name, value in asdict(self).items() if value != ""}

    def add(self, other: CostRow) -> None:
        """Adds the figures of another row."""
        for name in ("calls", "images", "videos", "cost", "unpriced", "unconfirmed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def read_costs(
    ledger: Path | str | None,
    journal: Journal | None = None,
    *,
    since: date | None = None,
    tag: str | None = None,
    by: Sequence[Grouping] = ("day", "provider", "model", "tag"),
) -> list[CostRow]:
    """Adds up what was spent.

    A job counts once, however many calls were about it, and on the day of the first of them.

    Args:
        ledger: the file that TARASH_LEDGER named; None, or one that is not there, is an empty one.
        journal: what knows of requests whose answer was lost, and of calls that no ledger was told of.
        since: the first day, in UTC; None for all days.
        tag: only calls with this tag.
        by: the fields that the rows are grouped by.

    Returns:
        The rows, sorted by these fields.

    Raises:
        OSError: the ledger cannot be read.
    """
    rows: dict[tuple[str, ...], CostRow] = {}
    for charge in _charges(ledger, journal):
        row = charge.row()
        if row is None or (since is not None and row.day < since.isoformat()) or tag not in (None, row.tag):
            continue
        key = {name: getattr(row, name) for name in by}
        rows.setdefault(tuple(key.values()), CostRow(**key)).add(row)
    return [rows[key] for key in sorted(rows)]


@dataclass(slots=True)
class _Charge:
    """One call, or all calls about one job."""

    day: str
    provider: str
    model: str
    tag: str = ""
    billable: str = "yes"
    cost: float | None = None
    images: int = 0
    videos: int = 0
    lost: int = 0
    """Requests of the call whose answer was lost, as the journal knows them."""

    def row(self) -> CostRow | None:
        """Its figures; None where nothing was billed."""
        if self.billable == "no" and not self.lost:
            return None
        row = CostRow(self.day, self.provider, self.model, self.tag, 1, self.images, self.videos, self.cost or 0.0)
        row.unconfirmed = self.lost or int(self.billable == "unknown")
        row.unpriced = int(self.billable == "yes" and self.cost is None)
        return row

    def take(self, line: dict[str, Any]) -> None:
        """Takes in another line about the same job."""
        billable = line.get("billable")
        if self.billable == "no" or (self.billable == "unknown" and billable == "yes"):
            self.billable = str(billable)
        self.cost = _number(line.get("cost")) if line.get("cost") is not None else self.cost
        self.images = max(self.images, int(_number(line.get("images"))))
        self.videos = max(self.videos, int(_number(line.get("videos"))))


def _charges(ledger: Path | str | None, journal: Journal | None) -> Iterable[_Charge]:
    charges: dict[tuple[str, str], _Charge] = {}
    of_call: dict[str, _Charge] = {}
    for line in _lines(ledger):
        provider, model, call = (str(line.get(name) or "") for name in ("provider", "model", "request_id"))
        key = (provider, str(line.get("job_id") or call))
        if key not in charges:
            charges[key] = _Charge(str(line.get("time"))[:10], provider, model, str(line.get("tag") or ""), "no")
        charges[key].take(line)
        of_call[call] = charges[key]
    if journal is not None:
        _add_journal(journal, charges, of_call)
    return charges.values()


def _add_journal(journal: Journal, charges: dict[tuple[str, str], _Charge], of_call: dict[str, _Charge]) -> None:
    statuses: dict[int, list[str]] = {}
    for entry in journal.entries():
        charge = _known(entry.provider, entry.job, entry.request_id, charges, of_call)
        if charge is None:
            billable = "no" if entry.status in _NOT_BILLED else "unknown" if entry.status in _LOST else "yes"
            charge = _Charge(entry.at.astimezone(UTC).date().isoformat(), entry.provider, entry.model)
            charge.billable = "unknown" if entry.status == "failed" else billable
            charges[entry.provider, entry.intent] = charge
        else:
            statuses.setdefault(id(charge), []).append(entry.status)
    for charge in charges.values():
        of_charge = statuses.get(id(charge), [])
        charge.lost = sum(status in _LOST for status in of_charge)
        if charge.billable == "unknown" and of_charge and not charge.lost:
            # The journal is told later than the ledger: a request that was looked up at the vendor, a job that came.
            charge.billable = "no" if all(status in _NOT_BILLED for status in of_charge) else "yes"


def _known(
    provider: str,
    job: GenerationJob | None,
    request_id: str | None,
    charges: dict[tuple[str, str], _Charge],
    of_call: dict[str, _Charge],
) -> _Charge | None:
    charge = None if job is None else charges.get((provider, job.id))
    return charge or of_call.get(request_id or "")


def _lines(ledger: Path | str | None) -> Iterator[dict[str, Any]]:
    """Yields every whole line; one that a full disk cut is left out."""
    path = None if ledger is None else expand_home(ledger)
    if path is None or not path.is_file():
        return
    with path.open("rb") as file:
        for raw in file:
            try:
                line = json.loads(raw)
                datetime.fromisoformat(str(line["time"]))
            except (ValueError, TypeError, KeyError, RecursionError):
                continue
            yield line


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
