"""Virtual time: an event loop that never waits. It goes from one moment at which something happens to the next.

Tasks, futures and timers of asyncio run in it as they do in any other loop, so that what waits with them (the rate
limiters and the budget of a batch, `asyncio.sleep`) waits in virtual time. A day of it takes as long as the work
that is done in it.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

ResultT = TypeVar("ResultT")

FIRST_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)


class StandstillError(RuntimeError):
    """Somebody waits for what nobody will ever do."""


class VirtualLoop(asyncio.AbstractEventLoop):
    """The loop. Its times are seconds since it was made."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = 0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle | asyncio.Future[None]]] = []
        self.events = 0
        """Callbacks that were run."""

    def run(self, main: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Runs `main` to its end, however long that is in virtual time.

        Raises:
            StandstillError: nothing is left that could happen.
        """
        task: asyncio.Task[ResultT] = self.create_task(main)
        asyncio._set_running_loop(self)  # noqa: SLF001 # the documented way for those who make event loops
        try:
            while not task.done():
                self._step()
        except StandstillError:
            task.cancel()
            self._step()
            raise
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001 # as above
        return task.result()

    def _step(self) -> None:
        """Everything that happens at this moment; where there is nothing, the clock goes on to the next one."""
        if not self._ready:
            timers = self._timers
            while timers and timers[0][2].cancelled():
                heapq.heappop(timers)
            if not timers:
                msg = "nothing is left that could happen, and somebody still waits"
                raise StandstillError(msg)
            self._now = now = max(self._now, timers[0][0])
            while timers and timers[0][0] <= now:
                due = heapq.heappop(timers)[2]
                if isinstance(due, asyncio.Handle):
                    self._ready.append(due)
                elif not due.done():
                    due.set_result(None)
        ready = self._ready
        while ready:
            handle = ready.popleft()
            if not handle.cancelled():
                self.events += 1
                handle._run()  # noqa: SLF001 # what an event loop does with it

    async def sleep(self, seconds: float) -> None:
        """Waits: as `asyncio.sleep`, at half of its price, which is most of what a simulation costs."""
        woken: asyncio.Future[None] = asyncio.Future(loop=self)
        self._order += 1
        heapq.heappush(self._timers, (self._now + seconds, self._order, woken))
        await woken

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._now

    def today(self) -> datetime:
        """The virtual date and time."""
        return FIRST_DAY + timedelta(seconds=self._now)

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> asyncio.Handle:  # type: ignore[override] # as all loops do
        """Runs `callback` at this moment, after what is ready already."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override] # as above
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Runs `callback` at that time; of two at one time, the first one that was asked for."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._order += 1
        heapq.heappush(self._timers, (when, self._order, handle))
        return handle

    def call_later(  # type: ignore[override] # as above
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Runs `callback` after so many seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """A task of this loop."""
        return asyncio.Task(coro, loop=self, **options)

    def get_debug(self) -> bool:
        """Nothing is recorded for debugging."""
        return False

    def is_running(self) -> bool:
        """It runs while somebody can ask."""
        return True

    def is_closed(self) -> bool:
        """There is nothing to close."""
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """An error that nobody waits for is a defect of the simulation."""
        error = context.get("exception")
        raise RuntimeError(context.get("message")) from error

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is thrown away when its time comes."""
