"""The limits that rows share: how fast an account may be asked, and how much the batch may spend."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from pydantic import SecretStr

from tarash.tarash_gateway.budget import Budget
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    TarashError,
)
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.plugins import normalize_name, registry
from tarash_gateway_batch.adaptive_rate import Pace
from tarash_gateway_batch.interfaces import Gate as AnyGate
from tarash_gateway_batch.interfaces import Payment

FIRST_PAUSE: Final = 0.05
"""Seconds of a pause whose length the vendor does not name; doubled for each one until something goes through.

Everybody waits for it, so a refusal by chance must cost little: among 250 requests a second, with one of a hundred
refused, half a second made a batch take twice as long."""

LONGEST_PAUSE: Final = 60.0

LONGEST_ASKED: Final = 3600.0
"""Seconds that a vendor may ask to wait; when it asks for more, the row fails, and a later run sends it."""

PATIENCE: Final = 900.0
"""Seconds in which nothing went through, after which a refusal is final."""

SURE: Final = 20
"""Refusals in a row that are about the account, after which nothing more is sent for it."""

_OF_THE_ACCOUNT: Final = (AuthenticationError, PermissionDeniedError, QuotaExceededError, ModelNotFoundError)


class Gate:
    """Lets creating requests through, one by one.

    After a refusal for the rate nothing goes through until the vendor's time is over, and then one after the other, a
    little slower than the vendor took them, and faster again the longer it refuses none.

    Args:
        most: creating requests on their way at the same time, at the most.
        rate: requests a minute at the most; None for as many as the vendor takes.
    """

    def __init__(self, most: int, rate: float | None = None) -> None:
        self._most = most
        self._pace = Pace(rate)
        self._waiting: deque[asyncio.Future[int]] = deque()
        self._inside = 0
        self._closed_until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._round = 0
        """Counts the pauses: refusals of requests that were sent before the last one say nothing new."""
        self._pauses = 0
        self._in_trouble_since: float | None = None
        self._was_reached = False
        """Whether the vendor ever answered: an address that never did may be mistyped, and is not waited for."""
        self.took_one = False
        """Whether the vendor ever took a request."""
        self._in_a_row = 0
        self._last_straw: TarashError | None = None
        self.on_arrival: Callable[[], None] | None = None
        """Called when a row begins to wait."""

        self.on_turn: Callable[[], None] | None = None
        """Called when fewer rows wait."""

    @property
    def waiting(self) -> int:
        """Rows that wait for their turn."""
        return len(self._waiting)

    @property
    def pause(self) -> float:
        """Seconds until something may go through again."""
        return max(self._closed_until - _now(), 0.0)

    async def enter(self) -> int:
        """Waits until a request may be sent.

        Returns:
            What `leave` and `refused` are given.

        Raises:
            TarashError: the account was refused so often that no request is sent for it any more.
        """
        if self.on_arrival is not None:
            self.on_arrival()
        if self._last_straw is not None:
            raise _not_sent(self._last_straw)
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._let_through()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()
            raise

    def leave(self) -> None:
        """A request is no longer on its way."""
        self._inside -= 1
        self._let_through()

    def succeeded(self) -> None:
        """The vendor took a request."""
        self._was_reached = self.took_one = True
        self._in_trouble_since = None
        self._pauses = self._in_a_row = 0

    async def refused(self, error: TarashError, turn: int) -> bool:
        """Hears of a refusal by which nothing was created.

        Returns:
            Whether the row waits for its next turn, since it was refused for the rate.
        """
        self._was_reached |= not isinstance(error, ConnectionFailedError)
        if isinstance(error, _OF_THE_ACCOUNT):
            self._in_a_row += 1
            if self._in_a_row >= SURE:
                self._close(error)
            return False
        if not error.retryable or not self._was_reached or not _passes(error):
            return False
        asked, now, again = error.retry_after, _now(), turn == self._round
        self._pace.refused(
            now,
            self._inside - 1,
            again=again,
            away=self._in_trouble_since is not None and not isinstance(error, RateLimitError),
        )
        if self._in_trouble_since is None:
            self._in_trouble_since = now
        if (asked or 0.0) > LONGEST_ASKED or now - self._in_trouble_since > PATIENCE:
            return False
        if again:
            self._round += 1
            own = min(FIRST_PAUSE * 2.0 ** min(self._pauses, 30), LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311 # spreads, guards nothing
            self._pauses += 1
            asked = own if asked is None else asked
        self._closed_until = max(self._closed_until, now + max(asked or 0.0, 0.0))
        return True

    def _close(self, error: TarashError) -> None:
        self._last_straw = error
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(_not_sent(error))
        self._fewer_wait()

    def _let_through(self) -> None:
        waited = self._timer is not None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and self._inside < self._most:
            now, opens = _now(), max(self._closed_until, self._pace.opens(self._inside))
            if opens > now:
                self._timer = asyncio.get_running_loop().call_later(opens - now, self._let_through)
                return
            turn = self._waiting.popleft()
            if not turn.done():
                self._pace.sent(now, waited=waited)
                self._inside += 1
                turn.set_result(self._round)
                self._fewer_wait()

    def _fewer_wait(self) -> None:
        if self.on_turn is not None:
            self.on_turn()


class Gates:
    """The gates of one process.

    Args:
        most: creating requests of one account and model on their way at the same time, at the most.
        rate: those of a minute, at the most.
    """

    def __init__(self, most: int, rate: float | None = None) -> None:
        self._most = most
        self._rate = rate
        self._gates: dict[tuple[str, str], Gate] = {}

    def gate(self, account: str, model: str) -> Gate:
        """The gate of one account and model."""
        key = (account, model)
        if key not in self._gates:
            self._gates[key] = Gate(self._most, self._rate)
        return self._gates[key]

    def gate_of(self, config: GenerationConfig) -> Gate | None:
        """The gate at which a request with that config waits; None where its provider cannot be had."""
        try:
            model = registry.spec(config.provider).wire_model(config.model)
        except TarashError:
            return None
        return self.gate(account_of(config), model)

    @property
    def pause(self) -> float:
        """Seconds until the first gate opens, where all are closed; 0 where one is open."""
        return min((gate.pause for gate in self._gates.values()), default=0.0)


class Turn:
    """A row's turn at a gate: it ends once, as soon as it is known what became of the request."""

    def __init__(self, gate: AnyGate, number: int) -> None:
        self._gate = gate
        self.number = number
        self._created = self._over = False

    def end(self, *, created: bool = False) -> None:
        """The request is no longer on its way.

        Args:
            created: whether the vendor took it.
        """
        if created and not self._created:
            self._created = True
            self._gate.succeeded()
        if not self._over:
            self._over = True
            self._gate.leave()


@contextmanager
def turn_at(gate: AnyGate, number: int) -> Iterator[Turn]:
    """A turn that ends with the block at the latest."""
    turn = Turn(gate, number)
    try:
        yield turn
    finally:
        turn.end()


def account_of(config: GenerationConfig) -> str:
    """What two configs of one account have in common; no key can be read from it."""
    key = config.api_key
    secret = key.get_secret_value() if isinstance(key, SecretStr) else f"function {id(key)}" if key else ""
    return hashlib.sha256(repr((normalize_name(config.provider), config.base_url, secret)).encode()).hexdigest()


def _passes(error: TarashError) -> bool:
    """Whether the refusal is of this moment only, and nothing was created."""
    unreached = isinstance(error, ConnectionFailedError) and error.billable == "no"
    return unreached or isinstance(error, (RateLimitError, ProviderUnavailableError))


def _not_sent(error: TarashError) -> TarashError:
    msg = f"not sent, since {SURE} requests in a row were refused for the account or the model: {error}"
    return type(error)(msg, provider=error.provider, model=error.model, code=error.code)


def _now() -> float:
    return asyncio.get_running_loop().time()


class Purse:
    """The money of one batch. It belongs to one event loop.

    Args:
        limit: US dollars for the whole batch, earlier runs included; None for no limit.
        before: US dollars of earlier runs.
    """

    def __init__(self, limit: float | None, before: float) -> None:
        self._budget = None if limit is None else Budget(limit)
        if self._budget is not None and before:
            self._budget.give_back(-before)
        self.spent = before
        self._paying = 0
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def paying(self, dollars: float | None) -> AsyncIterator[Payment]:
        """A call that may cost so much; waits while others have set aside what it may yet get.

        Whether it then fits, the call finds out.
        """
        while self._budget is not None and dollars is not None and self._paying and dollars > self._budget.left:
            settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(settled)
            await settled
        payment = Payment(() if self._budget is None else (self._budget,))
        self._paying += 1
        try:
            yield payment
        finally:
            self.spent += (dollars or 0.0) if payment.cost is None else payment.cost
            self._paying -= 1
            waiting, self._waiting = self._waiting, []
            for settled in waiting:
                if not settled.done():
                    settled.set_result(None)

    def corrected(self, dollars: float) -> None:
        """What an earlier run had counted turned out to be more by so much, or less."""
        self.spent += dollars
        if self._budget is not None:
            self._budget.give_back(-dollars)
