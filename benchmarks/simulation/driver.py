"""The third driver of the flows, beside the blocking and the awaiting one: it gives them virtual time."""

from __future__ import annotations

import asyncio
import random
from typing import Any, TypeVar

from simulation.clock import VirtualLoop
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.commands import (
    Blocking,
    Either,
    Emit,
    Flow,
    Now,
    Observe,
    ProviderCall,
    Random,
    Sleep,
    Today,
)

ReturnT = TypeVar("ReturnT")


async def run_virtual(flow: Flow[ReturnT], clock: VirtualLoop) -> ReturnT:
    """Runs `flow` to its end.

    A machine that dies does so in the middle of a flow: nothing is told to it any more, and it writes nothing down.
    """
    answer: Any = None
    error: TarashError | None = None
    while True:
        try:
            command = flow.send(answer) if error is None else flow.throw(error)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return] # what the flow returned
        answer = error = None
        kind = type(command)
        if kind is Now:
            answer = clock.time()
        elif kind is Emit or kind is Observe:
            continue
        elif kind is Random:
            answer = random.random()  # noqa: S311 # spreads retries; seeded by the simulation
        elif kind is Today:
            answer = clock.today()
        else:
            try:
                answer = await _taken(command, clock)
            except TarashError as raised:
                error = raised
            except asyncio.CancelledError:
                flow.close()
                raise


async def _taken(command: Any, clock: VirtualLoop) -> Any:
    """What takes time."""
    match command:
        case Sleep(seconds):
            return await clock.sleep(seconds)
        case ProviderCall(provider, _, args, options):
            return await getattr(provider, f"{command.name}_async")(*args, **options)
        case Blocking(function, args, options):
            return function(*args, **options)
        case Either(_, async_function, args, options):
            return await async_function(*args, **options)
    msg = f"the simulation has no answer to {command!r}"
    raise TypeError(msg)
