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
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import GeneratorType
from typing import Any, TypeVar

from tarash.tarash_gateway.errors import PluginError, TarashError
from tarash.tarash_gateway.flows.commands import (
    END,
    Blocking,
    Command,
    Either,
    Emit,
    Flow,
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
from tarash.tarash_gateway.plugins._bridge import (
    async_primitive,
    blocks,
    in_time,
    open_async_stream,
    open_stream,
    run_blocking,
    sync_primitive,
)
from tarash.tarash_gateway.plugins._libraries import hidden_library
from tarash.tarash_gateway.plugins._observers import CallContext, CallOutcome, observers
from tarash.tarash_gateway.plugins._threads import run_in_thread, slots_of
from tarash.tarash_gateway.plugins.exchange import RequestControl

ReturnT = TypeVar("ReturnT")
OnProgress = Callable[[Any], Awaitable[None] | None]

MAX_THREADS = 16
"""Threads that one `Gather` uses at the most in the sync driver."""

logger = logging.getLogger("tarash.progress")


class _Steps:
    """A flow between two commands: what it is answered next, and whom to tell and what to close at its end."""

    def __init__(self, flow: Flow[Any]) -> None:
        self._flow = flow
        self._error: BaseException | None = None
        self._answer: Any = None
        self.result: Any = None
        self.streams: list[Any] = []
        self._begun: list[tuple[CallContext, float]] = []

    def next(self) -> Command | None:
        """The next command; None when the flow has returned its `result`."""
        answer, error = self._answer, self._error
        self._answer = self._error = None
        try:
            command = self._flow.send(answer) if error is None else self._flow.throw(error)
        except StopIteration as done:
            if isinstance(done.value, GeneratorType):
                self._flow = done.value
                return self.next()
            self.result = done.value
            return None
        if isinstance(command, Observe):
            self._note(command)
        return command

    def answer(self, value: Any) -> None:
        self._answer = value

    def fail(self, error: BaseException) -> None:
        self._error = error

    def close(self) -> None:
        """Ends the flow where it stands, and tells observers the end of what they were told the beginning of."""
        self._flow.close()
        while self._begun:
            context, began = self._begun.pop()
            left = GeneratorExit("the stream was left before its end")
            outcome = CallOutcome(time.monotonic() - began, error=left)
            observers.tell("tarash_after_generate", {"context": context, "outcome": outcome})

    def _note(self, command: Observe) -> None:
        if command.hook == "tarash_before_generate":
            self._begun.append((command.facts["context"], time.monotonic()))
        elif command.hook == "tarash_after_generate":
            self._begun.pop()


def run(flow: Flow[ReturnT], on_progress: OnProgress | None = None) -> ReturnT:
    """Runs `flow` to its end in this thread."""
    steps = _Steps(flow)
    while (command := steps.next()) is not None:
        try:
            steps.answer(_give(command, steps, on_progress))
        except BaseException as raised:  # noqa: BLE001 # Ctrl-C too: the flow says which job is left running
            steps.fail(raised)
    return steps.result  # type: ignore[no-any-return]


async def run_async(flow: Flow[ReturnT], on_progress: OnProgress | None = None) -> ReturnT:
    """Runs `flow` to its end in this task. Of many calls that begin together, each waits for its turn."""
    await yield_to_loop()
    steps = _Steps(flow)
    while (command := steps.next()) is not None:
        try:
            steps.answer(await _give_async(command, steps, on_progress))
        except BaseException as raised:  # noqa: BLE001 # cancellation too: the flow says which job is left running
            steps.fail(raised)
    return steps.result  # type: ignore[no-any-return]


def iterate(flow: Flow[Any]) -> Iterator[Any]:
    """The updates of `flow`, each as it comes. Leaving the loop early closes what the flow reads from."""
    steps = _Steps(flow)
    try:
        while (command := steps.next()) is not None:
            if isinstance(command, Emit):
                yield command.update
                continue
            try:
                steps.answer(_give(command, steps, None))
            except BaseException as raised:  # noqa: BLE001 # see run
                steps.fail(raised)
    finally:
        steps.close()
        for stream in steps.streams:
            if hasattr(stream, "close"):
                stream.close()
            elif hasattr(stream, "aclose"):
                run_blocking(stream.aclose())


async def iterate_async(flow: Flow[Any]) -> AsyncIterator[Any]:
    """The updates of `flow`, each as it comes. Leaving the loop early closes what the flow reads from."""
    steps = _Steps(flow)
    try:
        while (command := steps.next()) is not None:
            if isinstance(command, Emit):
                yield command.update
                continue
            try:
                steps.answer(await _give_async(command, steps, None))
            except BaseException as raised:  # noqa: BLE001 # see run_async
                steps.fail(raised)
    finally:
        steps.close()
        for stream in steps.streams:
            if hasattr(stream, "aclose"):
                await stream.aclose()
            elif hasattr(stream, "close"):
                await asyncio.to_thread(stream.close)


def _give(command: Command, steps: _Steps, on_progress: OnProgress | None) -> Any:
    answer: Any = None
    match command:
        case ProviderCall():
            answer = _call(command, on_progress)
        case Blocking(function, args, options) | Either(function, _, args, options):
            answer = function(*args, **options)
        case OpenStream():
            answer = _opened(command, open_stream, steps)
        case Next(stream, timeout):
            answer = _next(stream, timeout)
        case Sleep(seconds):
            time.sleep(seconds)
        case Emit(update):
            _tell(on_progress, update, run_blocking)
        case Gather(flows):
            with ThreadPoolExecutor(max_workers=min(len(flows), MAX_THREADS)) as pool:
                answer = list(pool.map(lambda flow: _outcome(flow, on_progress), flows))
        case _:
            answer = _known(command)
    return answer


async def _give_async(command: Command, steps: _Steps, on_progress: OnProgress | None) -> Any:
    answer: Any = None
    match command:
        case ProviderCall():
            answer = await _call_async(command, on_progress)
        case Blocking(function, args, options):
            answer = await asyncio.to_thread(function, *args, **options)
        case Either(_, async_function, args, options):
            answer = await async_function(*args, **options)
        case OpenStream():
            answer = _opened(command, open_async_stream, steps)
        case Next(stream, timeout):
            answer = await _next_async(stream, timeout)
        case Sleep(seconds):
            await asyncio.sleep(seconds)
        case Emit(update):
            pending: list[Awaitable[Any]] = []
            _tell(on_progress, update, pending.append)
            for awaitable in pending:
                await _listen(awaitable)
        case Gather(flows):
            answer = await asyncio.gather(*(_outcome_async(flow, on_progress) for flow in flows))
        case _:
            answer = _known(command)
    return answer


def _call(command: ProviderCall, on_progress: OnProgress | None) -> Any:
    primitive = sync_primitive(command.provider, command.name)
    try:
        if command.control is None:
            return primitive(*command.args, **command.options)
        _attach(command, lambda update: _tell(on_progress, update, run_blocking))
        with _slot(command.control, command.options) as options:
            return primitive(*command.args, **options)
    except TarashError:
        raise
    except Exception as error:
        raise _defect(error, command.provider, command.name) from error


async def _call_async(command: ProviderCall, on_progress: OnProgress | None) -> Any:
    provider, name, control = command.provider, command.name, command.control
    limit = None if control is None else control.concurrency
    try:
        async with ConcurrencySlot(provider, name, command.options, limit) as options:  # of their time, what is left
            primitive = async_primitive(provider, name)
            if control is not None:
                _attach(command, _for_loop(on_progress))
                if limit is not None and blocks(provider, command.primitive):
                    primitive = _slotted(provider, name, control)
            return await _ended(primitive(*command.args, **options), options, provider, command)
    except TarashError:
        raise
    except asyncio.CancelledError:
        if control is not None:
            control.stopped = True
        raise
    except Exception as error:
        raise _defect(error, provider, name) from error


async def _ended(awaitable: Awaitable[Any], options: dict[str, Any], provider: Any, command: ProviderCall) -> Any:
    if blocks(provider, command.primitive):
        return await awaitable  # nothing can end a thread: what it makes late is not thrown away
    return await in_time(awaitable, options, f"{type(provider).__name__}.{command.name}")


def _attach(command: ProviderCall, tell: Callable[[Any], None]) -> None:
    """Lets the plugin report how far its request is, and know when its time is over."""
    control, update = command.control, command.update
    assert control is not None  # noqa: S101 # called for such a command only
    control.deadline = time.monotonic() + command.options.get("timeout", math.inf)
    if update is not None:
        control.listener = lambda progress, message: tell(update(time.monotonic(), progress, message))


def _slot(control: RequestControl, options: dict[str, Any]) -> AbstractContextManager[dict[str, Any]]:
    if control.concurrency is None:
        return nullcontext(options)
    return slots_of(control.provider, control.concurrency).held(options)


def _slotted(provider: Any, name: str, control: RequestControl) -> Callable[..., Awaitable[Any]]:
    """A blocking primitive in a thread, which other threads of the process may use too."""

    def run_slotted(*args: Any, **options: Any) -> Any:
        with _slot(control, options) as left:
            return sync_primitive(provider, name)(*args, **left)

    return lambda *args, **options: run_in_thread(run_slotted, args, options, f"{type(provider).__name__}.{name}")


def _for_loop(on_progress: OnProgress | None) -> Callable[[Any], None]:
    """Tells a callback from any thread, in the event loop that runs now."""
    loop, thread = asyncio.get_running_loop(), threading.get_ident()
    listening: set[asyncio.Task[None]] = set()

    def listen(awaitable: Awaitable[Any]) -> None:
        task = loop.create_task(_listen(awaitable))
        listening.add(task)
        task.add_done_callback(listening.discard)

    def tell(update: Any) -> None:
        if threading.get_ident() == thread:
            _tell(on_progress, update, listen)
            return
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(_tell, on_progress, update, listen)

    return tell


@dataclass(frozen=True, slots=True)
class _Opened:
    """A stream, and whose it is."""

    target: Any
    name: str
    items: Any

    def told(self) -> str:
        return f"{type(self.target).__name__}.{self.name}"


def _opened(command: OpenStream, opening: Callable[..., Any], steps: _Steps) -> _Opened:
    target, name = command.provider, command.name
    try:
        stream = _Opened(target, name, opening(target, name, command.args, command.options))
    except TarashError:
        raise
    except Exception as error:
        raise _defect(error, target, name) from error
    if not hasattr(stream.items, "__next__") and not hasattr(stream.items, "__anext__"):
        msg = f"{stream.told()} gave a {type(stream.items).__name__} where a generator belongs"
        raise PluginError(msg, billable="unknown")
    steps.streams.append(stream.items)
    return stream


def _next(stream: _Opened, timeout: float | None) -> Any:
    items = stream.items
    try:
        if hasattr(items, "__next__"):
            return next(items, END)
        return run_blocking(in_time(anext(items, END), {"timeout": timeout}, stream.told()))
    except TarashError:
        raise
    except Exception as error:
        raise _defect(error, stream.target, stream.name) from error


async def _next_async(stream: _Opened, timeout: float | None) -> Any:
    items = stream.items
    try:
        own = hasattr(items, "__anext__")
        if not own:
            return await run_in_thread(next, (items, END), {}, stream.told())
        return await in_time(anext(items, END), {"timeout": timeout}, stream.told())
    except TarashError:
        raise
    except Exception as error:
        raise _defect(error, stream.target, stream.name) from error


def _known(command: Command) -> Any:
    match command:
        case Now():
            return time.monotonic()
        case Today():
            return datetime.now(UTC)
        case Observe(hook, facts):
            observers.tell(hook, facts)
            return None
        case Random():
            return random.random()  # noqa: S311 # spreads retries, guards nothing
    msg = f"a flow yielded {command!r}, which is no command"
    raise TypeError(msg)


def _defect(error: Exception, target: Any, name: str) -> TarashError:
    """A foreign error is the plugin's fault, or that of a file which hides its library; what it created is unknown."""
    hidden = hidden_library(error, "unknown")
    if hidden is not None:
        return hidden
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
