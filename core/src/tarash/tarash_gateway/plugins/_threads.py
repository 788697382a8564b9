"""Threads of ours for primitives that block, and how many calls of a local model run at a time.

They are apart from those of the event loop, which an application needs for itself. Who waits for a thread has sent
nothing yet: where its time ends first, nothing was paid.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tarash.tarash_gateway._environment import read_variable
from tarash.tarash_gateway.errors import ConfigurationError, GenerationTimeoutError

THREADS = 64
"""Blocking primitives that run at a time in a process, unless `TARASH_THREADS` says otherwise."""

MOST_THREADS = 1000


async def run_in_thread(function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any], name: str) -> Any:
    """Calls a blocking primitive in a thread, and waits for it: as a blocking caller does, to its end.

    Args:
        function: the primitive.
        args: its arguments.
        options: its options. Of `timeout`, what the call waited for a thread is taken away.
        name: what a message calls it.

    Raises:
        GenerationTimeoutError: its time ended before it began; nothing was sent.
    """
    timeout: float | None = options.get("timeout")
    deadline = None if timeout is None else time.monotonic() + timeout

    def begun() -> Any:
        if deadline is None:
            return function(*args, **options)
        left = deadline - time.monotonic()
        if left <= 0:
            raise _not_begun(name, timeout)
        return function(*args, **{**options, "timeout": left})

    running = _threads().submit(contextvars.copy_context().run, _without_stop, begun)
    result = asyncio.wrap_future(running)
    try:
        async with asyncio.timeout(timeout) as scope:
            return await asyncio.shield(result)
    except TimeoutError as error:
        if not scope.expired():
            raise
        if running.cancel():
            raise _not_begun(name, timeout) from error
        return await result
    except asyncio.CancelledError:
        running.cancel()
        result.add_done_callback(_looked_at)
        raise


def _looked_at(result: asyncio.Future[Any]) -> None:
    """What comes of a call that nobody waits for any more is no news."""
    if not result.cancelled():
        result.exception()


def _not_begun(name: str, timeout: float | None) -> GenerationTimeoutError:
    msg = (
        f"{name} could not begin within {timeout or 0:.1f} s: all {thread_count()} threads for calls that block are "
        "busy. Give the config a longer timeout, or set TARASH_THREADS to a larger number."
    )
    return GenerationTimeoutError(msg, billable="no")


def _without_stop(function: Callable[[], Any]) -> Any:
    """Calls a primitive in a thread; what it gives comes back through a future, which can carry no StopIteration."""
    try:
        return function()
    except StopIteration as error:
        msg = "StopIteration"
        raise RuntimeError(msg) from error


def thread_count() -> int:
    """Reads how many threads there are for primitives that block.

    Raises:
        ConfigurationError: `TARASH_THREADS` is no number from 1 to 1,000.
    """
    text = read_variable("TARASH_THREADS")
    if text is None:
        return THREADS
    if not text.isdecimal() or not 1 <= int(text) <= MOST_THREADS:
        msg = f"TARASH_THREADS is {text!r}: set it to a whole number from 1 to {MOST_THREADS:,}, or remove it"
        raise ConfigurationError(msg)
    return int(text)


class Slots:
    """How many calls of one provider run at a time in this process, whichever thread they come from."""

    def __init__(self, name: str, count: int) -> None:
        self._name, self._count = name, count
        self._free = threading.BoundedSemaphore(count)

    @contextmanager
    def held(self, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Waits for a slot, keeps it for the block, and gives the options with the time that is left.

        Raises:
            GenerationTimeoutError: the time ended before one was free; nothing was begun.
        """
        timeout: float | None = options.get("timeout")
        waited_since = time.monotonic()
        if not self._free.acquire(timeout=timeout):
            raise no_free_slot(self._name, timeout, self._count)
        try:
            if timeout is None:
                yield dict(options)
            else:
                yield {**options, "timeout": max(timeout - (time.monotonic() - waited_since), 0.001)}
        finally:
            self._free.release()


def no_free_slot(name: str, timeout: float | None, count: int) -> GenerationTimeoutError:
    """The error of a call whose time ended while it waited for others of the same provider."""
    calls = "1 call" if count == 1 else f"{count} calls"
    msg = (
        f"{name} could not begin within {timeout or 0:.1f} s: it runs {calls} at a time, and others were before this "
        "one. Give the config a longer timeout."
    )
    return GenerationTimeoutError(msg, billable="no")


def slots_of(name: str, count: int) -> Slots:
    """Finds the slots of a provider; all of a process share them."""
    with _lock:
        slots = _slots.get((name, count))
        if slots is None:
            slots = _slots[name, count] = Slots(name, count)
        return slots


_lock = threading.Lock()
_pool: tuple[int, ThreadPoolExecutor] | None = None
_slots: dict[tuple[str, int], Slots] = {}


def _threads() -> ThreadPoolExecutor:
    global _pool  # noqa: PLW0603 # one pool for the process
    count = thread_count()
    with _lock:
        if _pool is None or _pool[0] != count:  # the variable may be set after the first call
            _pool = count, ThreadPoolExecutor(count, thread_name_prefix="tarash")
        return _pool[1]


def _forget() -> None:
    """No thread came along into the forked child."""
    global _lock, _pool  # noqa: PLW0603 # see above
    _lock = threading.Lock()
    _pool = None
    _slots.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
