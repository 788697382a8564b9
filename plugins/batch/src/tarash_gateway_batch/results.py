"""The outcome of each row, the progress of a batch, and its result."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.display.text import duration
from tarash.tarash_gateway.records import FrozenModel

RowStatus = Literal["done", "kept", "failed", "unconfirmed", "ready"]
"""The outcome of a row:

- `done`: its files are there, made now or by an earlier run;
- `kept`: files of its name were there that no run of this batch made, and `exists="skip"` kept them;
- `failed`: it has no file, and its error says why;
- `unconfirmed`: its request may have been billed and its answer is lost, so it was not sent again;
- `ready`: in a dry run, the next run would send it or fetch its job.
"""


class SavedFile(FrozenModel):
    """A file of a row."""

    path: Path
    sha256: str | None = None


class RowOutcome(FrozenModel):
    """The outcome of one row. It names files and holds none of their bytes."""

    id: str | None = None
    """None where the row has no valid id."""

    line: int
    """The line of the file, or the position among the rows; the first is 1."""

    status: RowStatus
    fresh: bool = False
    """Whether this run sent a request or fetched a result for it."""

    files: tuple[SavedFile, ...] = ()
    cost: float | None = None
    """US dollars of this run; None where they are not known."""

    error: str | None = None
    """The name of the error and its message."""

    warning: str | None = None
    """A warning, such as that an earlier run sent another request under this id."""

    job_id: str | None = None
    urls: tuple[str, ...] = ()
    """The URLs of results that were paid for and could not be fetched."""

    def __str__(self) -> str:
        name = f"line {self.line}" if self.id is None else f"line {self.line}, {self.id}"
        return f"{name}: {self.error or self.warning or self.status}"


class CostRange(FrozenModel):
    """The expected cost of the rows that would be sent, in US dollars."""

    low: float = 0.0
    high: float = 0.0
    rows: int = 0
    """Rows whose price is known."""

    unknown: int = 0
    """Rows whose price is not known; `low` and `high` leave them out."""

    @property
    def is_free(self) -> bool:
        """Whether the rows cost nothing, such as those of the sandbox."""
        return not self.high and not self.unknown

    def __str__(self) -> str:
        amounts = " to ".join(map(as_dollars, sorted({self.low, self.high})))
        unknown = f", and {_rows(self.unknown)} whose price is not known" if self.unknown else ""
        return f"{amounts} for {_rows(self.rows)}{unknown}"


class BatchProgress(FrozenModel):
    """The progress of a batch."""

    total: int | None = None
    """All rows; None while their number is not known."""

    done: int = 0
    kept: int = 0
    failed: int = 0
    unconfirmed: int = 0
    in_flight: int = 0
    """Rows that are running."""

    spent: float = 0.0
    """US dollars, earlier runs included, as far as prices are known; what may have been billed counts in full."""

    seconds: float = 0.0
    """Seconds since the run began."""

    seconds_left: float | None = None
    """Seconds until its end, at the rate of the last minute; None where that is not known."""

    paused: str | None = None
    """Why nothing is sent at the moment, such as a vendor's rate limit."""

    finished: bool = False

    @property
    def rows(self) -> int:
        """Rows that have an outcome."""
        return self.done + self.kept + self.failed + self.unconfirmed

    def __str__(self) -> str:
        total = "" if self.total is None else f" of {self.total:,}"
        parts = [f"{self.done + self.kept:,}{total} done"]
        counts = (("failed", self.failed), ("unconfirmed", self.unconfirmed), ("in flight", self.in_flight))
        parts += [f"{count:,} {word}" for word, count in counts if count]
        parts += [f"{as_dollars(self.spent)} spent"] if self.spent else []
        if self.finished:
            return ", ".join([*parts, f"in {duration(self.seconds)}"])
        parts += [self.paused] if self.paused else []
        parts += [] if self.seconds_left is None else [f"about {duration(self.seconds_left)} left"]
        return ", ".join(parts)


class BatchResult(FrozenModel):
    """The result of a batch. It can be pickled, and names files instead of holding them."""

    out: Path
    rows: int = 0
    done: int = 0
    """Rows whose files are there."""

    made: int = 0
    """Rows of `done` that this run made or fetched."""

    kept: int = 0
    failed: int = 0
    unconfirmed: int = 0
    ready: int = 0
    """In a dry run: rows that would be sent or fetched."""

    spent: float = 0.0
    """US dollars, earlier runs included, as far as prices are known; what may have been billed counts in full."""

    seconds: float = 0.0
    failures: tuple[RowOutcome, ...] = ()
    """The first hundred rows that are failed or unconfirmed; `results` has all."""

    results: Path | None = None
    """A file with a line of JSON for each row: id, line, status, files, cost, error."""

    estimate: CostRange | None = None
    """In a dry run: the expected cost of the rows that would be sent."""

    stopped: str | None = None
    """Why the batch stopped before the end of its rows; None where it did not."""

    @property
    def complete(self) -> bool:
        """Whether every row has its files."""
        return not self.failed and not self.unconfirmed and self.stopped is None

    def __str__(self) -> str:
        counts = {word: getattr(self, word) for word in ("done", "kept", "failed", "unconfirmed")}
        words = [f"{count:,} {word}" for word, count in counts.items() if count or word == "done"]
        if self.estimate is not None:
            words = [f"{self.ready:,} to be sent", *words]
        text = f"{_rows(self.rows)}: {', '.join(words)}"
        if self.estimate is not None:
            return f"{text}; it {'costs nothing' if self.estimate.is_free else f'may cost {self.estimate}'}"
        spent = f", {as_dollars(self.spent)} spent" if self.spent else ""
        return f"{text}{spent}, in {duration(self.seconds)}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
