"""The two drivers: they run a flow and give it what it asks for, one by blocking, one by awaiting."""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tarash.tarash_gateway.errors import PluginError, TarashError
from tarash.tarash_gateway.flows.commands import (
    Call,
    Command,
    Emit,
    Flow,
    Gather,
    Now,
    Outcome,
    Random,
    Sleep,
)
from tarash.tarash_gateway.plugins.bridge import async_primitive, run_blocking, sync_primitive

ReturnT = TypeVar("ReturnT")
OnProgress = Callable[[Any], Awaitable[None] | None]

SIDE_BY_SIDE = 16
"""Threads that one `Gather` uses at the most in the sync driver."""

logger = logging.getLogger("tarash.progress")


def run(flow: Flow[ReturnT], on_progress: OnProgress | None = None) -> ReturnT:
    """Runs `flow` to its end in this thread."""
    answer: Any = None
    error: BaseException | None = None
    while True:
        try:
            command = flow.send(answer) if error is None else flow.throw(error)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        answer = error = None
        try:
            answer = _give(command, on_progress)
        except BaseException as raised:  # noqa: BLE001 # Ctrl-C too: the flow says which job is left running
            error = raised


async def run_async(flow: Flow[ReturnT], on_progress: OnProgress | None = None) -> ReturnT:
    """Runs `flow` to its end in this task."""
    answer: Any = None
    error: BaseException | None = None
    while True:
        try:
            command = flow.send(answer) if error is None else flow.throw(error)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        answer = error = None
        try:
            answer = await _give_async(command, on_progress)
        except BaseException as raised:  # noqa: BLE001 # cancellation too: the flow says which job is left running
            error = raised


def _give(command: Command, on_progress: OnProgress | None) -> Any:
    match command:
        case Call(target, name, args, options):
            try:
                return sync_primitive(target, name)(*args, **options)
            except Exception as error:
                raise _ours(error, target, name) from error
        case Sleep(seconds):
            time.sleep(seconds)
        case Emit(update):
            _tell(on_progress, update, run_blocking)
        case Gather(flows):
            with ThreadPoolExecutor(max_workers=min(len(flows), SIDE_BY_SIDE)) as pool:
                return list(pool.map(lambda flow: _outcome(flow, on_progress), flows))
        case _:
            return _known(command)
    return None


async def _give_async(command: Command, on_progress: OnProgress | None) -> Any:
    match command:
        case Call(target, name, args, options):
            try:
                return await async_primitive(target, name)(*args, **options)
            except Exception as error:
                raise _ours(error, target, name) from error
        case Sleep(seconds):
            await asyncio.sleep(seconds)
        case Emit(update):
            pending: list[Awaitable[Any]] = []
            _tell(on_progress, update, pending.append)
            for awaitable in pending:
                await _listen(awaitable)
        case Gather(flows):
            return await asyncio.gather(*(_outcome_async(flow, on_progress) for flow in flows))
        case _:
            return _known(command)
    return None


def _known(command: Command) -> float:
    match command:
        case Now():
            return time.monotonic()
        case Random():
            return random.random()  # noqa: S311 # spreads retries, guards nothing
    msg = f"a flow yielded {command!r}, which is no command"
    raise TypeError(msg)


def _ours(error: Exception, target: Any, name: str) -> Exception:
    """An error of ours passes; a foreign one is the plugin's fault, and what it created is not known."""
    if isinstance(error, TarashError):
        return error
    # Only the kind of it: a foreign text may quote a key. The exception itself is the cause.
    kind = type(error).__name__
    msg = f"{type(target).__name__}.{name} raised {kind}. This is a defect of the plugin, not of the request."
    return PluginError(msg, billable="unknown")


def _outcome(flow: Flow[Any], on_progress: OnProgress | None) -> Outcome:
    try:
        return Outcome(run(flow, on_progress))
    except Exception as error:  # noqa: BLE001 # a sibling's failure is a value here
        return Outcome(error=error)


async def _outcome_async(flow: Flow[Any], on_progress: OnProgress | None) -> Outcome:
    try:
        return Outcome(await run_async(flow, on_progress))
    except Exception as error:  # noqa: BLE001 # a sibling's failure is a value here
        return Outcome(error=error)


def _tell(on_progress: OnProgress | None, update: Any, wait_for: Callable[[Awaitable[Any]], Any]) -> None:
    if on_progress is None:
        return
    try:
        told = on_progress(update)
        if inspect.isawaitable(told):
            wait_for(told)
    except Exception:
        logger.warning("the progress callback raised; the call goes on", exc_info=True)


async def _listen(awaitable: Awaitable[Any]) -> None:
    try:
        await awaitable
    except Exception:
        logger.warning("the progress callback raised; the call goes on", exc_info=True)
