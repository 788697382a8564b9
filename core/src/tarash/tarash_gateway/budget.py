"""A budget: US dollars that calls share, checked before anything is sent."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tarash.tarash_gateway._scopes import ScopeStack
from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.media.files import cannot_write


class Budget:
    """A limit that the calls inside `with Budget(dollars):` share.

    Before a request is sent, the most that it may cost is set aside; a call that does not fit is refused, and so is one
    whose price is not known. Afterwards the real cost takes its place: nothing where the vendor refused, all that was
    set aside where the answer was lost. Blocks may be nested: each of the budgets must have room.

    Args:
        dollars: the limit, in US dollars.
        per: `process` for all calls of this object, `day` for those of one day (UTC).
        path: a file in which what is spent is kept, so that several processes (and the next one) share the budget; it
            is appended to. Without one, it is this process's own.

    Raises:
        ValidationError: `dollars` is no positive number, or `per` is another word.

    Example:
        ```python
        with Budget(5.0) as budget:
            generate_image(config, request)
        print(budget.spent)
        ```
    """

    def __init__(
        self,
        dollars: float,
        *,
        per: Literal["process", "day"] = "process",
        path: Path | str | os.PathLike[str] | None = None,
    ) -> None:
        if isinstance(dollars, bool) or not isinstance(dollars, (int, float)) or not 0 < dollars < float("inf"):
            msg = f"a budget is a positive number of US dollars, not {dollars!r}"
            raise ValidationError(msg)
        if per not in ("process", "day"):
            msg = f"per={per!r} is neither 'process' nor 'day'"
            raise ValidationError(msg)
        self.dollars = float(dollars)
        self.per = per
        self.path = None if path is None else Path(path)
        self._lock = threading.Lock()
        self._spent: dict[str, float] = {}
        self._read = 0

    def __repr__(self) -> str:
        return f"Budget({self.dollars:g}, per={self.per!r}, spent={self.spent:.4f})"

    def __enter__(self) -> Self:
        blocks.enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        blocks.leave(self)

    @property
    def spent(self) -> float:
        """US dollars spent or set aside; today's, for a budget per day."""
        with self._lock:
            self._read_file()
            return self._spent.get(self._period(), 0.0)

    @property
    def left(self) -> float:
        """US dollars that calls may still cost."""
        return max(self.dollars - self.spent, 0.0)

    def take(self, dollars: float) -> bool:
        """Sets an amount aside.

        Returns:
            False where it does not fit; then nothing is set aside.

        Raises:
            SaveError: the budget's file cannot be written.
        """
        self._add(dollars)
        # Written first and checked then: of two processes that take the last dollar, neither oversteps.
        if self.spent <= self.dollars + 1e-9:
            return True
        self._add(-dollars)
        return False

    def give_back(self, dollars: float) -> None:
        """Returns what was set aside and not spent; or, below zero, adds what was spent beyond it."""
        self._add(-dollars)

    def _add(self, dollars: float) -> None:
        period = self._period()
        if self.path is None:
            with self._lock:
                self._spent[period] = self._spent.get(period, 0.0) + dollars
            return
        line = json.dumps({"period": period, "dollars": dollars}) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, line.encode())
            finally:
                os.close(file)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def _read_file(self) -> None:
        """Reads what was appended to the file since the last time, by whichever process."""
        if self.path is None or not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):  # being written at this moment
                    break
                self._read += len(line)
                with suppress(ValueError, KeyError, TypeError):
                    entry = json.loads(line)
                    period = entry["period"]
                    self._spent[period] = self._spent.get(period, 0.0) + float(entry["dollars"])

    def _period(self) -> str:
        return datetime.now(UTC).date().isoformat() if self.per == "day" else "process"


blocks: ScopeStack[Budget] = ScopeStack("tarash_budget")
