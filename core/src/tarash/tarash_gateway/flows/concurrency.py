"""How much of many calls happens at a time in one event loop.

A thousand calls that begin together would stall the loop with their first steps, and a thousand jobs that are polled
together would open a thousand connections. Only a few steps are taken in each turn, and only so many requests of a kind
are on their way to one server.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from tarash.tarash_gateway.errors import ConnectionFailedError
from tarash.tarash_gateway.plugins._bridge import no_free_slot

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins.exchange import RequestControl

STEPS = 4
"""Steps in one turn of the loop: the beginning of a call or of a request, each less than a millisecond of work."""

MAX_CONCURRENT = {"submit_video": 50, "poll_video": 100, "download_video": 16}
"""Requests of these primitives that are on their way to one server at a time. The others are as many as the caller's
calls are."""


class Turns:
    """Lets `STEPS` steps pass in each turn of an event loop, in the order in which they came."""

    def __init__(self) -> None:
        self._left = STEPS
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Waits for a turn that has a step left; does not wait at all where this one has."""
        if self._left and not self._waiting:
            self._use()
            return
        step: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(step)
        await step

    def _use(self) -> None:
        if self._left == STEPS:
            asyncio.get_running_loop().call_soon(self._next)
        self._left -= 1

    def _next(self) -> None:
        self._left = STEPS
        while self._left and self._waiting:
            step = self._waiting.popleft()
            if not step.done():
                self._use()
                step.set_result(None)


class _OfLoop:
    """What the calls of one event loop share. It does not hold the loop, by which it is found."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.semaphores: WeakValueDictionary[tuple[str, str], asyncio.Semaphore] = WeakValueDictionary()


_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _OfLoop] = WeakKeyDictionary()


def _of_loop() -> _OfLoop:
    loop = asyncio.get_running_loop()
    shared = _loops.get(loop)
    if shared is None:
        shared = _loops.setdefault(loop, _OfLoop())
    return shared


async def yield_to_loop() -> None:
    """Waits until it is this call's turn to take a step."""
    await _of_loop().turns.take()


class ConcurrencySlot:
    """Lets one request wait for its turn and its place, and gives its options with the time that is left.

    Args:
        target: what the primitive belongs to; a provider, if it is one of `MAX_CONCURRENT`.
        name: the primitive.
        options: what it is called with.
        control: of a request whose provider may say itself how many run at a time.
    """

    __slots__ = ("_control", "_held", "_name", "_options", "_target")

    def __init__(self, target: Any, name: str, options: dict[str, Any], control: RequestControl | None = None) -> None:
        self._target, self._name, self._options = target, name, options
        self._control = None if control is None or control.concurrency is None else control
        self._held: asyncio.Semaphore | None = None

    async def __aenter__(self) -> dict[str, Any]:
        if self._control is not None:
            key, most = (self._control.provider, ""), self._control.concurrency
        else:
            key, most = (str(getattr(self._target, "endpoint", "")), self._name), MAX_CONCURRENT.get(self._name)
        if most is None:
            return self._options
        shared = _of_loop()
        semaphore = shared.semaphores.get(key)
        if semaphore is None:
            semaphore = shared.semaphores[key] = asyncio.Semaphore(most)
        begun = time.monotonic()
        if semaphore.locked():
            await self._wait_for(semaphore)
        else:
            await semaphore.acquire()
        self._held = semaphore
        try:
            await shared.turns.take()
        except BaseException:
            semaphore.release()
            raise
        timeout = self._options.get("timeout")
        if timeout is None:
            return self._options
        return {**self._options, "timeout": max(timeout - (time.monotonic() - begun), 0.001)}

    async def _wait_for(self, semaphore: asyncio.Semaphore) -> None:
        timeout = self._options.get("timeout")
        try:
            async with asyncio.timeout(timeout):
                await semaphore.acquire()
        except TimeoutError as error:
            if self._control is not None and self._control.concurrency is not None:
                label = f"{type(self._target).__name__}.{self._name}"
                raise no_free_slot(label, timeout, self._control.concurrency) from error
            running = f"{MAX_CONCURRENT[self._name]} requests to this server are already running"
            msg = f"{self._name} timed out after {timeout:.1f} s: {running}"
            raise ConnectionFailedError(msg, retryable=True, billable="no") from error

    async def __aexit__(self, *_: object) -> None:
        if self._held is not None:
            self._held.release()
