"""Where a batch can be taken apart: who works on its rows, and what the rows of several processes share.

The reader, the checks, the decisions and the telling stay in the process that was called.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tarash.tarash_gateway.budget import Budget
    from tarash.tarash_gateway.errors import TarashError
    from tarash_gateway_batch.bench import Bench
    from tarash_gateway_batch.deciding import Decision
    from tarash_gateway_batch.desk import Desk
    from tarash_gateway_batch.results import RowOutcome
    from tarash_gateway_batch.rows import Row


class Working(Protocol):
    """The work on one row, wherever it is done."""

    on_answer: Callable[[], None] | None
    """Called once, when the row waits for no vendor any more."""

    @property
    def on_its_way(self) -> bool:
        """Whether to break it off now would cost money."""

    def answered(self) -> None:
        """Calls `on_answer`, if that was not done yet."""

    async def run(self) -> RowOutcome:
        """Does it. It raises nothing but a cancellation: whatever goes wrong is told by the outcome."""


MakeWork = Callable[["Row", "Decision"], Working]

BatchEngine = Callable[["Bench", "Desk"], AbstractAsyncContextManager[MakeWork]]
"""Entered once the journal can be written to, left when every row has its outcome, or is broken off.

It gets the bench of this process, and the desk for rows that have to be decided upon anew.
"""


class Gate(Protocol):
    """The rate limit of one account and model."""

    async def enter(self) -> int:
        """Waits until a request may be sent; gives the number of the turn.

        Raises:
            TarashError: the account was refused so often that no request is sent for it any more.
        """

    def leave(self) -> None:
        """A request is no longer on its way."""

    def succeeded(self) -> None:
        """The vendor took a request."""

    async def refused(self, error: TarashError, turn: int) -> bool:
        """Hears of a refusal by which nothing was created; whether the row waits for its next turn."""


class Gates(Protocol):
    """The gates of all accounts and models."""

    def gate(self, account: str, model: str) -> Gate:
        """The gate of one account, as `account_of` names it, and one model."""


@dataclass(slots=True)
class Payment:
    """What one call may cost, and what it did cost."""

    budgets: tuple[Budget, ...]
    """What the call is kept to."""

    cost: float | None = 0.0
    """US dollars, set before the end; None where the answer is lost: then all that was expected counts."""


class Purse(Protocol):
    """What a batch may spend."""

    def paying(self, dollars: float | None) -> AbstractAsyncContextManager[Payment]:
        """A call that may cost so much; waits while others have set aside what it may yet get."""

    def corrected(self, dollars: float) -> None:
        """What an earlier run had counted turned out to be more by so much, or less."""
