"""A plugin may give one flavour of a primitive, sync or async: the other is made here.

Sync from async: one event loop in a background thread, made anew after a fork. Async from sync: a thread of ours
(`plugins.threads`).
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from tarash.tarash_gateway.errors import PluginError
from tarash.tarash_gateway.plugins._threads import run_in_thread
from tarash.tarash_gateway.plugins.provider import Provider


def sync_primitive(target: Any, name: str) -> Callable[..., Any]:
    """`target.name` as a blocking function."""
    own, twin = getattr(target, name, None), getattr(target, f"{name}_async", None)
    if _is_given(own, name) or not _is_given(twin, f"{name}_async"):
        return _present(own, target, name)
    return lambda *args, **options: run_blocking(in_time(_present(twin, target, name)(*args, **options), options, name))


def async_primitive(target: Any, name: str) -> Callable[..., Awaitable[Any]]:
    """`target.name` as a function to await."""
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
    """The stream that `target.name` gives, to be read by a blocking caller; an async one where that is all there is."""
    twin = getattr(target, f"{name}_async", None)
    own = getattr(target, name, None)
    method = own if _is_given(own, name) or not _is_given(twin, f"{name}_async") else twin
    return _present(method, target, name)(*args, **options)


def open_async_stream(target: Any, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The stream that `target.name_async` gives; a blocking one where that is all there is."""
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


_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def _background_loop() -> asyncio.AbstractEventLoop:
    global _loop  # noqa: PLW0603 # one loop for the process, like its main thread
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_serve, args=(_loop,), name="tarash-async", daemon=True).start()
        return _loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """The loop is everybody's: a plugin that stops it, or exits in one of its callbacks, ends it for no other."""
    while not loop.is_closed():
        with suppress(BaseException):
            loop.run_forever()


def _forget_loop() -> None:
    """The thread did not come along into the forked child."""
    global _loop, _lock  # noqa: PLW0603 # see above
    _lock = threading.Lock()
    _loop = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_loop)
