"""The limits that rows share: the rate limit of each account and model, and the budget of the batch."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Self

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
from tarash_gateway_batch.adaptive_rate import AdaptiveRate
from tarash_gateway_batch.interfaces import Limiter, Payment

FIRST_PAUSE: Final = 0.05
"""Seconds of the first pause where the vendor names no time; doubled with each pause until a request is accepted.

All rows wait for it, so a refusal by chance must cost little: at 250 requests a second with one of a hundred refused, a
first pause of half a second made a batch take twice as long."""

MAX_PAUSE: Final = 60.0
"""Seconds of the longest pause where the vendor names no time."""

MAX_RETRY_AFTER: Final = 3600.0
"""Seconds that a vendor may ask to wait; when it asks for more, the row fails, and a later run sends it."""

MAX_OUTAGE: Final = 900.0
"""Seconds in which no request was accepted, after which a refusal is final."""

MAX_ACCOUNT_REFUSALS: Final = 20
"""Refusals in a row that are about the account, after which nothing more is sent for it."""

_ACCOUNT_ERRORS: Final = (AuthenticationError, PermissionDeniedError, QuotaExceededError, ModelNotFoundError)


class RateLimiter:
    """Lets creating requests of one account and model through, one by one.

    After a refusal for the rate nothing is sent until the vendor's time is over. Then the requests go one after the
    other, a little slower than the vendor accepted them, and faster again the longer it refuses none.

    Args:
        max_in_flight: maximum creating requests in flight at the same time.
        rate: maximum requests a minute; None for as many as the vendor accepts.
    """

    def __init__(self, max_in_flight: int, rate: float | None = None) -> None:
        self._max_in_flight = max_in_flight
        self._rate = AdaptiveRate(rate)
        self._waiting: deque[asyncio.Future[int]] = deque()
        self._in_flight = 0
        self._closed_until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._round = 0
        """Counts the pauses: a refusal of a request that was sent before the last pause says nothing new."""

        self._pauses = 0
        self._outage_began: float | None = None
        self._was_reached = False
        """Whether the vendor ever answered. An address that never did may be mistyped, and is not waited for."""

        self.has_succeeded = False
        """Whether the vendor ever accepted a request."""

        self._account_refusals = 0
        self._final_error: TarashError | None = None
        self.on_wait: Callable[[], None] | None = None
        """Called when a row begins to wait."""

        self.on_fewer_waiting: Callable[[], None] | None = None
        """Called when fewer rows wait."""

    @property
    def waiting(self) -> int:
        """Number of rows that wait for a permit."""
        return len(self._waiting)

    @property
    def pause(self) -> float:
        """Seconds until a request may be sent again."""
        return max(self._closed_until - _now(), 0.0)

    async def acquire(self) -> int:
        """Waits until a request may be sent.

        Returns:
            The number of the permit, which `refused` takes.

        Raises:
            TarashError: the account was refused so often that no request is sent for it any more.
        """
        if self.on_wait is not None:
            self.on_wait()
        if self._final_error is not None:
            raise _not_sent(self._final_error)
        permit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(permit)
        self._let_through()
        try:
            return await permit
        except asyncio.CancelledError:
            if permit in self._waiting:
                self._waiting.remove(permit)
            elif permit.done() and not permit.cancelled() and permit.exception() is None:
                self.release()
            raise

    def release(self) -> None:
        """Records that a request is no longer in flight."""
        self._in_flight -= 1
        self._let_through()

    def succeeded(self) -> None:
        """Records that the vendor accepted a request."""
        self._was_reached = self.has_succeeded = True
        self._outage_began = None
        self._pauses = self._account_refusals = 0

    async def refused(self, error: TarashError, permit: int) -> bool:
        """Records a refusal by which nothing was created.

        Returns:
            Whether the row waits for its next permit, since it was refused for the rate.
        """
        self._was_reached |= not isinstance(error, ConnectionFailedError)
        if isinstance(error, _ACCOUNT_ERRORS):
            self._account_refusals += 1
            if self._account_refusals >= MAX_ACCOUNT_REFUSALS:
                self._close(error)
            return False
        if not error.retryable or not self._was_reached or not _is_temporary(error):
            return False
        pause, now, is_new = error.retry_after, _now(), permit == self._round
        is_outage = self._outage_began is not None and not isinstance(error, RateLimitError)
        self._rate.refused(now, self._in_flight - 1, is_new=is_new, is_outage=is_outage)
        if self._outage_began is None:
            self._outage_began = now
        if (pause or 0.0) > MAX_RETRY_AFTER or now - self._outage_began > MAX_OUTAGE:
            return False
        if is_new:
            self._round += 1
            own = min(FIRST_PAUSE * 2.0 ** min(self._pauses, 30), MAX_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311 # spreads, guards nothing
            self._pauses += 1
            pause = own if pause is None else pause
        self._closed_until = max(self._closed_until, now + max(pause or 0.0, 0.0))
        return True

    def _close(self, error: TarashError) -> None:
        self._final_error = error
        while self._waiting:
            permit = self._waiting.popleft()
            if not permit.done():
                permit.set_exception(_not_sent(error))
        self._report_fewer_waiting()

    def _let_through(self) -> None:
        waited = self._timer is not None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and self._in_flight < self._max_in_flight:
            now, next_time = _now(), max(self._closed_until, self._rate.next_time(self._in_flight))
            if next_time > now:
                self._timer = asyncio.get_running_loop().call_later(next_time - now, self._let_through)
                return
            permit = self._waiting.popleft()
            if not permit.done():
                self._rate.sent(now, waited=waited)
                self._in_flight += 1
                permit.set_result(self._round)
                self._report_fewer_waiting()

    def _report_fewer_waiting(self) -> None:
        if self.on_fewer_waiting is not None:
            self.on_fewer_waiting()


class RateLimiters:
    """The rate limiters of one process.

    Args:
        max_in_flight: maximum creating requests of one account and model in flight at the same time.
        rate: maximum requests a minute of one account and model; None for as many as the vendor accepts.
    """

    def __init__(self, max_in_flight: int, rate: float | None = None) -> None:
        self._max_in_flight = max_in_flight
        self._rate = rate
        self._limiters: dict[tuple[str, str], RateLimiter] = {}

    def limiter(self, account: str, model: str) -> RateLimiter:
        """Returns the rate limiter of one account, by its `account_key`, and one model."""
        key = (account, model)
        if key not in self._limiters:
            self._limiters[key] = RateLimiter(self._max_in_flight, self._rate)
        return self._limiters[key]

    def limiter_of(self, config: GenerationConfig) -> RateLimiter | None:
        """Returns the rate limiter of requests with that config; None where its provider cannot be loaded."""
        try:
            model = registry.spec(config.provider).wire_model(config.model)
        except TarashError:
            return None
        return self.limiter(account_key(config), model)

    @property
    def pause(self) -> float:
        """Seconds until the first rate limiter opens, where all are closed; 0 where one is open."""
        return min((limiter.pause for limiter in self._limiters.values()), default=0.0)


class Permit:
    """The permit of a row to send one request. It ends once, at the latest with its `with` block.

    Args:
        limiter: the rate limiter that gave it.
        number: what `acquire` returned.
    """

    def __init__(self, limiter: Limiter, number: int) -> None:
        self._limiter = limiter
        self.number = number
        self._created = self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def end(self, *, created: bool = False) -> None:
        """Records that the request is no longer in flight.

        Args:
            created: whether the vendor accepted it.
        """
        if created and not self._created:
            self._created = True
            self._limiter.succeeded()
        if not self._ended:
            self._ended = True
            self._limiter.release()


def account_key(config: GenerationConfig) -> str:
    """Returns a text that two configs of one account have in common; no key can be read from it."""
    key = config.api_key
    secret = key.get_secret_value() if isinstance(key, SecretStr) else f"function {id(key)}" if key else ""
    return hashlib.sha256(repr((normalize_name(config.provider), config.base_url, secret)).encode()).hexdigest()


class BatchBudget:
    """The budget of one batch. It belongs to one event loop.

    Args:
        limit: US dollars for the whole batch, earlier runs included; None for no limit.
        spent_before: US dollars of earlier runs.
    """

    def __init__(self, limit: float | None, spent_before: float) -> None:
        self._budget = None if limit is None else Budget(limit)
        if self._budget is not None and spent_before:
            self._budget.give_back(-spent_before)
        self.spent = spent_before
        self._open_payments = 0
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def reserve(self, dollars: float | None) -> AsyncIterator[Payment]:
        """Opens the payment of a call that may cost `dollars`.

        Waits while other payments have reserved what the call may still get. Whether it then fits, the call finds out.
        """
        while self._budget is not None and dollars is not None and self._open_payments and dollars > self._budget.left:
            settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(settled)
            await settled
        payment = Payment(() if self._budget is None else (self._budget,))
        self._open_payments += 1
        try:
            yield payment
        finally:
            self.spent += (dollars or 0.0) if payment.cost is None else payment.cost
            self._open_payments -= 1
            waiting, self._waiting = self._waiting, []
            for settled in waiting:
                if not settled.done():
                    settled.set_result(None)

    def correct(self, dollars: float) -> None:
        """Adds the difference between what an earlier run counted and the real cost, in US dollars."""
        self.spent += dollars
        if self._budget is not None:
            self._budget.give_back(-dollars)


def _is_temporary(error: TarashError) -> bool:
    """Returns whether the refusal will pass, and nothing was created."""
    not_reached = isinstance(error, ConnectionFailedError) and error.billable == "no"
    return not_reached or isinstance(error, (RateLimitError, ProviderUnavailableError))


def _not_sent(error: TarashError) -> TarashError:
    msg = f"not sent, since {MAX_ACCOUNT_REFUSALS} requests in a row were refused for the account or the model: {error}"
    return type(error)(msg, provider=error.provider, model=error.model, code=error.code)


def _now() -> float:
    return asyncio.get_running_loop().time()
