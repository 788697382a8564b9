"""What a batch tells: of each row, of how far it is, and of all at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.display.text import duration
from tarash.tarash_gateway.records import FrozenModel

RowStatus = Literal["done", "kept", "failed", "unconfirmed", "ready"]
"""What became of a row:

- `done`: its files are there, made now or by an earlier run;
- `kept`: files of its name were there that no run of this batch made, and `exists="skip"` kept them;
- `failed`: it has no file, and its error says why;
- `unconfirmed`: its request may have been billed and its answer is lost, so that it was not sent again;
- `ready`: it would be sent, or its job fetched, if this were no dry run.
"""


class SavedFile(FrozenModel):
    """A file of a row."""

    path: Path
    sha256: str | None = None


class RowOutcome(FrozenModel):
    """What became of one row. It names files and holds none of their bytes."""

    id: str | None = None
    """None where the row has none that can be used."""

    line: int
    """The line of the file, or the place among the rows that were given; the first is 1."""

    status: RowStatus
    fresh: bool = False
    """Whether this run sent or fetched something for it."""

    files: tuple[SavedFile, ...] = ()
    cost: float | None = None
    """US dollars of this run, where they are known."""

    error: str | None = None
    """The name of the error and its message."""

    warning: str | None = None
    """What else to know, such as that an earlier run sent another request under this id."""

    job_id: str | None = None
    urls: tuple[str, ...] = ()
    """Where the vendor keeps what was paid for and could not be fetched."""

    def __str__(self) -> str:
        name = f"line {self.line}" if self.id is None else f"line {self.line}, {self.id}"
        return f"{name}: {self.error or self.warning or self.status}"


class CostRange(FrozenModel):
    """What the rows that would be sent may cost, in US dollars."""

    low: float = 0.0
    high: float = 0.0
    rows: int = 0
    """Rows whose price is known."""

    unknown: int = 0
    """Rows whose price is not known; they are not in the figures."""

    def __str__(self) -> str:
        low, high = as_dollars(self.low), as_dollars(self.high)
        amount = high if low == high else f"{low} to {high}"
        more = f", and {_rows(self.unknown)} whose price is not known" if self.unknown else ""
        return f"{amount} for {_rows(self.rows)}{more}"


class BatchProgress(FrozenModel):
    """How far a batch is."""

    total: int | None = None
    """Rows in all; None while that is not known."""

    done: int = 0
    kept: int = 0
    failed: int = 0
    unconfirmed: int = 0
    in_flight: int = 0
    """Rows that are being worked on."""

    spent: float = 0.0
    """US dollars, earlier runs included, as far as prices are known; what may have been billed counts in full."""

    seconds: float = 0.0
    """Since the run began."""

    seconds_left: float | None = None
    """Until its end, at the pace of the last minute; None where that is not known."""

    paused: str | None = None
    """Why nothing is being sent at the moment, such as a vendor's rate limit."""

    finished: bool = False

    @property
    def rows(self) -> int:
        """Rows of which is known what became."""
        return self.done + self.kept + self.failed + self.unconfirmed

    def __str__(self) -> str:
        of = "" if self.total is None else f" of {self.total:,}"
        parts = [f"{self.done + self.kept:,}{of} done"]
        parts += [f"{count:,} {word}" for word, count in self._others() if count]
        parts += [f"{as_dollars(self.spent)} spent"] if self.spent else []
        if self.finished:
            return ", ".join([*parts, f"in {duration(self.seconds)}"])
        parts += [self.paused] if self.paused else []
        parts += [] if self.seconds_left is None else [f"about {duration(self.seconds_left)} left"]
        return ", ".join(parts)

    def _others(self) -> list[tuple[str, int]]:
        return [("failed", self.failed), ("unconfirmed", self.unconfirmed), ("in flight", self.in_flight)]


class BatchResult(FrozenModel):
    """What became of a batch. It pickles, and names files rather than holding them."""

    out: Path
    rows: int = 0
    done: int = 0
    """Rows whose files are there."""

    made: int = 0
    """Those of `done` that this run made or fetched."""

    kept: int = 0
    failed: int = 0
    unconfirmed: int = 0
    ready: int = 0
    """With `dry_run`: rows that would be sent or fetched."""

    spent: float = 0.0
    """US dollars, earlier runs included, as far as prices are known; what may have been billed counts in full."""

    seconds: float = 0.0
    failures: tuple[RowOutcome, ...] = ()
    """The first rows that are failed or unconfirmed, at the most a hundred; `results` has all."""

    results: Path | None = None
    """A file with a line of JSON for each row: id, line, status, files, cost, error."""

    estimate: CostRange | None = None
    """With `dry_run`: what the rows that would be sent may cost."""

    stopped: str | None = None
    """Why the batch did not come to the end of its rows; None where it did."""

    @property
    def complete(self) -> bool:
        """Whether every row has its files."""
        return not self.failed and not self.unconfirmed and self.stopped is None

    def __str__(self) -> str:
        words = [f"{count:,} {word}" for word, count in self._counts() if count or word == "done"]
        if self.estimate is not None:
            words = [f"{self.ready:,} to be sent", *words]
        text = f"{_rows(self.rows)}: {', '.join(words)}"
        if self.estimate is not None:
            return f"{text}; it may cost {self.estimate}"
        spent = f", {as_dollars(self.spent)} spent" if self.spent else ""
        return f"{text}{spent}, in {duration(self.seconds)}"

    def _counts(self) -> list[tuple[str, int]]:
        named = ("done", "kept", "failed", "unconfirmed")
        return [(name, getattr(self, name)) for name in named]


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
