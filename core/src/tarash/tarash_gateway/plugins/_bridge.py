"""Both flavours of every primitive: a plugin may give one, sync or async, and the other is made here.

Sync from async: one event loop in a background thread, made again after a fork. Async from sync: threads of ours, apart
from those of the event loop, which an application needs for itself. A call that waits for a thread has sent nothing
yet: if its time ends first, nothing was paid.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from tarash.tarash_gateway._environment import read_variable
from tarash.tarash_gateway.errors import ConfigurationError, GenerationTimeoutError, PluginError
from tarash.tarash_gateway.plugins.provider import Provider

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
    """Takes note of an outcome that nobody waits for any more."""
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
    """Makes the error of a call whose time ended while it waited for others of the same provider."""
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
_loop: asyncio.AbstractEventLoop | None = None
_pool: tuple[int, ThreadPoolExecutor] | None = None
_slots: dict[tuple[str, int], Slots] = {}


def _threads() -> ThreadPoolExecutor:
    global _pool  # noqa: PLW0603 # one pool for the process
    count = thread_count()
    with _lock:
        if _pool is None or _pool[0] != count:  # the variable may be set after the first call
            _pool = count, ThreadPoolExecutor(count, thread_name_prefix="tarash")
        return _pool[1]


def sync_primitive(target: Any, name: str) -> Callable[..., Any]:
    """Returns `target.name` as a blocking function."""
    own, twin = getattr(target, name, None), getattr(target, f"{name}_async", None)
    if _is_given(own, name) or not _is_given(twin, f"{name}_async"):
        return _present(own, target, name)
    return lambda *args, **options: run_blocking(in_time(_present(twin, target, name)(*args, **options), options, name))


def async_primitive(target: Any, name: str) -> Callable[..., Awaitable[Any]]:
    """Returns `target.name` as a function to await."""
    own, twin = getattr(target, name, None), getattr(target, f"{name}_async", None)
    if _is_given(twin, f"{name}_async") or not _is_given(own, name):
        return _present(twin, target, name)
    function, label = _present(own, target, name), f"{type(target).__name__}.{name}"
    return lambda *args, **options: run_in_thread(function, args, options, label)


def blocks(provider: Any, primitive: Callable[..., Any]) -> bool:
    """Whether the plugin has this primitive of `Provider` in the blocking flavour only."""
    name = primitive.__name__
    twin = getattr(provider, f"{name}_async", None)
    return not _is_given(twin, f"{name}_async") and _is_given(getattr(provider, name, None), name)


def supports(provider: Any, primitive: Callable[..., Any]) -> bool:
    """Whether the plugin has this primitive of `Provider`, in one flavour at least."""
    name = primitive.__name__
    return any(_is_given(getattr(provider, flavour, None), flavour) for flavour in (name, f"{name}_async"))


GRACE = 2.0
"""Seconds that an async primitive may take beyond its `timeout` before it is given up."""


async def in_time(awaitable: Awaitable[Any], options: Mapping[str, Any], name: str) -> Any:
    """Awaits a primitive that was told its `timeout`, and gives it up when it does not keep to it.

    Raises:
        PluginError: it did not.
    """
    timeout = options.get("timeout")
    try:
        async with asyncio.timeout(None if timeout is None else timeout + GRACE) as scope:
            return await awaitable
    except TimeoutError as error:
        if not scope.expired():
            raise
        msg = f"{name} did not keep to its timeout of {timeout:.1f} s and was given up. This is a defect of the plugin."
        raise PluginError(msg, billable="unknown") from error


def open_stream(target: Any, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Opens the stream of `target.name` for a blocking caller; an async stream where there is no other."""
    twin = getattr(target, f"{name}_async", None)
    own = getattr(target, name, None)
    method = own if _is_given(own, name) or not _is_given(twin, f"{name}_async") else twin
    return _present(method, target, name)(*args, **options)


def open_async_stream(target: Any, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Opens the stream of `target.name_async`; a blocking one where there is no other."""
    twin = getattr(target, f"{name}_async", None)
    own = getattr(target, name, None)
    method = twin if _is_given(twin, f"{name}_async") or not _is_given(own, name) else own
    return _present(method, target, name)(*args, **options)


def run_blocking(awaitable: Awaitable[Any]) -> Any:
    """Runs `awaitable` on the background loop and waits for it, also where the calling thread has a loop of its own."""

    async def wait() -> tuple[Any, BaseException | None]:
        try:
            return await awaitable, None
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 # raised in the loop, a SystemExit would end it for all others
            return None, error

    loop = _background_loop()
    if _is_running_here(loop):
        # Already on that loop's own thread: waiting for it there would wait for ever.
        with ThreadPoolExecutor(max_workers=1) as thread:
            value, error = thread.submit(asyncio.run, wait()).result()
    else:
        waiting = asyncio.run_coroutine_threadsafe(wait(), loop)
        try:
            value, error = waiting.result()
        except BaseException:  # Ctrl-C: nobody waits for it any more
            waiting.cancel()
            raise
    if error is not None:
        raise error
    return value


def _is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _is_given(method: Any, name: str) -> bool:
    """Whether a plugin wrote this method itself, rather than inheriting the answer that it cannot."""
    return method is not None and getattr(method, "__func__", method) is not getattr(Provider, name, None)


def _present(method: Any, target: Any, name: str) -> Callable[..., Any]:
    return method if method is not None else getattr(Provider, name).__get__(target)  # type: ignore[no-any-return]


def _background_loop() -> asyncio.AbstractEventLoop:
    global _loop  # noqa: PLW0603 # one loop for the process, like its main thread
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_serve, args=(_loop,), name="tarash-async", daemon=True).start()
        return _loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Runs the loop for ever: a plugin that stops it, or exits in a callback, ends it for no other."""
    while not loop.is_closed():
        with suppress(BaseException):
            loop.run_forever()


def _forget() -> None:
    """Forgets the threads, none of which came along into a forked child."""
    global _lock, _loop, _pool  # noqa: PLW0603 # see above
    _lock = threading.Lock()
    _loop = _pool = None
    _slots.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
