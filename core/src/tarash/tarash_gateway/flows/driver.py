"""The drivers: they run a flow and give it what it asks for, by blocking or by awaiting.

`run` and `run_async` return the flow's result; `iterate` and `iterate_async` give its updates one by one. Where a
flow ends with `continue_with`, the other flow is run in its place.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
import random
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, aclosing, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from tarash.tarash_gateway.errors import PluginError
from tarash.tarash_gateway.flows.commands import (
    END,
    Blocking,
    Command,
    Either,
    Emit,
    Flow,
    FlowRun,
    Gather,
    Next,
    Now,
    Observe,
    OpenStream,
    Outcome,
    ProviderCall,
    Random,
    Sleep,
    Today,
)
from tarash.tarash_gateway.flows.concurrency import ConcurrencySlot, yield_to_loop
from tarash.tarash_gateway.models.update import OnProgress
from tarash.tarash_gateway.plugins._bridge import (
    async_primitive,
    blocks,
    in_time,
    open_async_stream,
    open_stream,
    run_blocking,
    run_in_thread,
    slots_of,
    sync_primitive,
)
from tarash.tarash_gateway.plugins._observers import observers
from tarash.tarash_gateway.plugins.exchange import RequestControl

ReturnT = TypeVar("ReturnT")

MAX_THREADS = 16
"""Threads that one `Gather` uses at the most in the sync driver."""

logger = logging.getLogger("tarash.progress")


def run(flow: Flow[ReturnT], on_progress: OnProgress | None = None) -> ReturnT:
    """Runs `flow` to its end in this thread."""
    steps = FlowRun(flow)
    while (command := steps.next()) is not None:
        try:
            steps.answer = _perform(command, steps, on_progress)
        except BaseException as raised:  # noqa: BLE001 # Ctrl-C too: the flow says which job is left running
            steps.fail(command, raised)
    return steps.result  # type: ignore[no-any-return]


async def run_async(flow: Flow[ReturnT], on_progress: OnProgress | None = None) -> ReturnT:
    """Runs `flow` to its end in this task. Of many calls that begin together, each waits for its turn."""
    await yield_to_loop()
    steps = FlowRun(flow)
    while (command := steps.next()) is not None:
        try:
            steps.answer = await _perform_async(command, steps, on_progress)
        except BaseException as raised:  # noqa: BLE001 # cancellation too: the flow says which job is left running
            steps.fail(command, raised)
    return steps.result  # type: ignore[no-any-return]


def iterate(flow: Flow[Any]) -> Iterator[Any]:
    """Yields the updates of `flow` as they come. Leaving the loop early closes what the flow reads from."""
    steps = FlowRun(flow)
    try:
        while (command := steps.next()) is not None:
            if isinstance(command, Emit):
                yield command.update(time.monotonic())
                continue
            try:
                steps.answer = _perform(command, steps, None)
            except BaseException as raised:  # noqa: BLE001 # see run
                steps.fail(command, raised)
    finally:
        steps.close()
        for stream in steps.streams:
            if hasattr(stream, "close"):
                stream.close()
            elif hasattr(stream, "aclose"):
                run_blocking(stream.aclose())


async def iterate_async(flow: Flow[Any]) -> AsyncIterator[Any]:
    """Yields the updates of `flow` as they come. Leaving the loop early closes what the flow reads from."""
    steps = FlowRun(flow)
    try:
        while (command := steps.next()) is not None:
            if isinstance(command, Emit):
                yield command.update(time.monotonic())
                continue
            try:
                steps.answer = await _perform_async(command, steps, None)
            except BaseException as raised:  # noqa: BLE001 # see run_async
                steps.fail(command, raised)
    finally:
        steps.close()
        for stream in steps.streams:
            if hasattr(stream, "aclose"):
                await stream.aclose()
            elif hasattr(stream, "close"):
                await asyncio.to_thread(stream.close)


def _perform(command: Command, steps: FlowRun, on_progress: OnProgress | None) -> Any:
    answer: Any = None
    match command:
        case Now():
            answer = time.monotonic()
        case Emit():
            _tell(on_progress, command, run_blocking)
        case OpenStream():
            answer = _open(command, open_stream, steps)
        case ProviderCall():
            answer = _call(command, on_progress)
        case Blocking(function, args, options) | Either(function, _, args, options):
            answer = function(*args, **options)
        case Next(stream, timeout):
            answer = _next(stream, timeout)
        case Sleep(seconds):
            time.sleep(seconds)
        case Gather(flows):
            with ThreadPoolExecutor(max_workers=min(len(flows), MAX_THREADS)) as pool:
                answer = list(pool.map(lambda flow: _outcome(flow, on_progress), flows))
        case _:
            answer = _perform_at_once(command)
    return answer


async def _perform_async(command: Command, steps: FlowRun, on_progress: OnProgress | None) -> Any:
    answer: Any = None
    match command:
        case Now():
            answer = time.monotonic()
        case Emit():
            pending: list[Awaitable[Any]] = []
            _tell(on_progress, command, pending.append)
            for awaitable in pending:
                await _listen(awaitable)
        case OpenStream():
            answer = _open(command, open_async_stream, steps)
        case ProviderCall():
            answer = await _call_async(command, on_progress)
        case Blocking(function, args, options):
            answer = await asyncio.to_thread(function, *args, **options)
        case Either(_, async_function, args, options):
            answer = await async_function(*args, **options)
        case Next(stream, timeout):
            answer = await _next_async(stream, timeout)
        case Sleep(seconds):
            await asyncio.sleep(seconds)
        case Gather(flows):
            answer = await asyncio.gather(*(_outcome_async(flow, on_progress) for flow in flows))
        case _:
            answer = _perform_at_once(command)
    return answer


def _perform_at_once(command: Command) -> Any:
    match command:
        case Today():
            return datetime.now(UTC)
        case Observe(hook, facts):
            observers.notify(hook, facts)
            return None
        case Random():
            return random.random()  # noqa: S311 # spreads retries, guards nothing
    msg = f"a flow yielded {command!r}, which is no command"
    raise TypeError(msg)


def _call(command: ProviderCall, on_progress: OnProgress | None) -> Any:
    primitive = sync_primitive(command.provider, command.name)
    if command.control is None:
        return primitive(*command.args, **command.options)
    _attach(command, lambda emit: _tell(on_progress, emit, run_blocking))
    with _slot(command.control, command.options) as options:
        return primitive(*command.args, **options)


async def _call_async(command: ProviderCall, on_progress: OnProgress | None) -> Any:
    provider, name, control = command.provider, command.name, command.control
    limit = None if control is None else control.concurrency
    blocking = blocks(provider, command.primitive)
    try:
        async with ConcurrencySlot(provider, name, command.options, control) as options:  # of their time, what is left
            primitive = async_primitive(provider, name)
            if control is not None:
                _attach(command, _teller_in_loop(on_progress))
                if limit is not None and blocking:
                    primitive = _in_slotted_thread(command, control)
            answer = primitive(*command.args, **options)
            # Nothing can end a thread: what it makes late is not thrown away.
            return await (answer if blocking else in_time(answer, options, command.label))
    except asyncio.CancelledError:
        if control is not None:
            control.stopped = True
        raise


def _attach(command: ProviderCall, tell: Callable[[Emit], None]) -> None:
    """Lets the plugin report how far its request is, and know when its time is over."""
    control, emit = command.control, command.emit
    assert control is not None  # noqa: S101 # called for such a command only
    control.deadline = time.monotonic() + command.options.get("timeout", math.inf)
    if emit is not None:
        control.listener = lambda **facts: tell(emit(**facts))


def _slot(control: RequestControl, options: dict[str, Any]) -> AbstractContextManager[dict[str, Any]]:
    if control.concurrency is None:
        return nullcontext(options)
    return slots_of(control.provider, control.concurrency).held(options)


def _in_slotted_thread(command: ProviderCall, control: RequestControl) -> Callable[..., Awaitable[Any]]:
    """Makes a blocking primitive run in a thread, in a slot that other threads of the process may want too."""

    def run_slotted(*args: Any, **options: Any) -> Any:
        with _slot(control, options) as left:
            return sync_primitive(command.provider, command.name)(*args, **left)

    return lambda *args, **options: run_in_thread(run_slotted, args, options, command.label)


def _teller_in_loop(on_progress: OnProgress | None) -> Callable[[Emit], None]:
    """Tells a callback from any thread, in the event loop that runs now."""
    loop, thread = asyncio.get_running_loop(), threading.get_ident()
    listening: set[asyncio.Task[None]] = set()

    def listen(awaitable: Awaitable[Any]) -> None:
        task = loop.create_task(_listen(awaitable))
        listening.add(task)
        task.add_done_callback(listening.discard)

    def tell(emit: Emit) -> None:
        if threading.get_ident() == thread:
            _tell(on_progress, emit, listen)
            return
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(_tell, on_progress, emit, listen)

    return tell


@dataclass(frozen=True, slots=True)
class _Stream:
    """A stream that is open, and the call that opened it."""

    call: OpenStream
    items: Any


def _open(command: OpenStream, function: Callable[..., Any], steps: FlowRun) -> _Stream:
    items = function(command.provider, command.name, command.args, command.options)
    if not hasattr(items, "__next__") and not hasattr(items, "__anext__"):
        msg = f"{command.label} returned a {type(items).__name__} instead of a generator"
        raise PluginError(msg, billable="unknown")
    if command.control is not None and command.control.concurrency is not None:
        items = _in_slot(command, items) if hasattr(items, "__next__") else _in_slot_async(command, items)
    steps.streams.append(items)
    return _Stream(command, items)


def _in_slot(command: OpenStream, items: Any) -> Iterator[Any]:
    """Reads a blocking stream, and holds a slot of its provider from its first item to its end."""
    assert command.control is not None  # noqa: S101 # called for such a command only
    with _slot(command.control, command.options):
        yield from items


async def _in_slot_async(command: OpenStream, items: Any) -> AsyncIterator[Any]:
    async with ConcurrencySlot(command.provider, command.name, command.options, command.control), aclosing(items):
        async for item in items:
            yield item


def _next(stream: _Stream, timeout: float | None) -> Any:
    if hasattr(stream.items, "__next__"):
        return next(stream.items, END)
    return run_blocking(in_time(anext(stream.items, END), {"timeout": timeout}, stream.call.label))


async def _next_async(stream: _Stream, timeout: float | None) -> Any:
    if not hasattr(stream.items, "__anext__"):
        return await run_in_thread(next, (stream.items, END), {}, stream.call.label)
    return await in_time(anext(stream.items, END), {"timeout": timeout}, stream.call.label)


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


def _tell(on_progress: OnProgress | None, emit: Emit, wait_for: Callable[[Awaitable[Any]], Any]) -> None:
    if on_progress is None:
        return
    try:
        answer = on_progress(emit.update(time.monotonic()))
        if inspect.isawaitable(answer):
            wait_for(answer)
    except Exception:
        logger.warning("the progress callback raised; the call goes on", exc_info=True)


async def _listen(awaitable: Awaitable[Any]) -> None:
    try:
        await awaitable
    except Exception:
        logger.warning("the progress callback raised; the call goes on", exc_info=True)
