"""Of many calls in one event loop, a few take a step in each turn, and so many requests are on their way at a time."""

import asyncio
import gc
import weakref
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tarash.tarash_gateway.errors import ConnectionFailedError
from tarash.tarash_gateway.flows import concurrency
from tarash.tarash_gateway.flows.concurrency import STEPS, ConcurrencySlot, Turns, yield_to_loop


class Turn:
    """Counts the turns of the running loop."""

    def __init__(self):
        self.number = 0
        self._loop = asyncio.get_running_loop()
        self._next()

    def _next(self):
        self.number += 1
        self._handle = self._loop.call_soon(self._next)

    def stop(self):
        self._handle.cancel()


def test_a_step_alone_does_not_wait():
    async def alone():
        for _ in range(STEPS):
            with pytest.raises(StopIteration):
                yield_to_loop().send(None)

    asyncio.run(alone())


def test_many_steps_are_spread_over_turns_in_their_order():
    async def spread():
        turns, turn, taken = Turns(), Turn(), []

        async def step(number):
            await turns.take()
            taken.append((turn.number, number))

        await asyncio.gather(*(step(number) for number in range(10 * STEPS)))
        turn.stop()
        return taken

    taken = asyncio.run(spread())
    assert [number for _, number in taken] == list(range(10 * STEPS))
    in_turn = [turn for turn, _ in taken]
    assert max(in_turn.count(turn) for turn in in_turn) <= STEPS


def test_a_call_that_is_cancelled_while_it_waits_holds_up_nobody():
    async def cancelled():
        turns = Turns()
        tasks = [asyncio.create_task(turns.take()) for _ in range(5 * STEPS)]
        await asyncio.sleep(0)
        for task in tasks[STEPS:-1]:
            task.cancel()
        await tasks[-1]
        await turns.take()

    asyncio.run(asyncio.wait_for(cancelled(), 60))


class Vendor:
    """Counts what is on its way to it."""

    def __init__(self, endpoint="https://api.acme.test"):
        self.endpoint, self.now, self.most = endpoint, 0, 0

    async def answer(self):
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(100):  # turns of the loop: enough for as many others as may come
            await asyncio.sleep(0)
        self.now -= 1


async def looked_at(vendor, name="poll_video", **options):
    async with ConcurrencySlot(vendor, name, options) as left:
        await vendor.answer()
        return left


@pytest.mark.parametrize(("name", "most"), concurrency.MAX_CONCURRENT.items())
def test_only_so_many_requests_are_on_their_way_to_one_server(name, most):
    async def many():
        vendor, other = Vendor(), Vendor("https://other.test")
        await asyncio.gather(*(looked_at(vendor, name) for _ in range(3 * most)), looked_at(other, name))
        return vendor.most, other.most

    assert asyncio.run(many()) == (most, 1)


def test_other_requests_are_as_many_as_the_calls_are():
    async def many():
        vendor = Vendor()
        await asyncio.gather(*(looked_at(vendor, "generate_image") for _ in range(300)))
        return vendor.most

    assert asyncio.run(many()) == 300


@asynccontextmanager
async def all_places_taken(vendor, name):
    async with AsyncExitStack() as stack:
        for _ in range(concurrency.MAX_CONCURRENT[name]):
            await stack.enter_async_context(ConcurrencySlot(vendor, name, {}))
        yield stack


def test_the_time_that_a_request_waited_is_taken_from_its_timeout():
    async def late():
        vendor = Vendor()
        async with all_places_taken(vendor, "poll_video") as places:
            waiting = asyncio.create_task(looked_at(vendor, timeout=60.0))
            await asyncio.sleep(0.01)
            await places.aclose()
            return await waiting

    assert 59.99 > asyncio.run(late())["timeout"] > 0


def test_a_request_that_waits_longer_than_it_has_was_not_sent():
    async def late():
        vendor = Vendor()
        async with all_places_taken(vendor, "submit_video"):
            with pytest.raises(ConnectionFailedError) as caught:
                await looked_at(vendor, "submit_video", timeout=0.01)
        assert await looked_at(vendor, "submit_video", timeout=60.0)
        return caught.value, vendor.most

    error, most = asyncio.run(late())
    assert str(error) == "submit_video timed out after 0.0 s: 50 requests to this server are already running"
    assert (error.billable, error.retryable, most) == ("no", True, 1)


def test_a_request_that_is_cancelled_gives_its_place_back():
    async def cancelled():
        vendor = Vendor()
        waiting = range(concurrency.MAX_CONCURRENT["poll_video"] + 3 * STEPS)
        tasks = [asyncio.create_task(looked_at(vendor)) for _ in waiting]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await looked_at(vendor)

    asyncio.run(asyncio.wait_for(cancelled(), 60))


def test_an_event_loop_is_not_held():
    async def some():
        vendor = Vendor()
        await asyncio.gather(*(looked_at(vendor, timeout=60.0) for _ in range(300)))
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(some())
    gc.collect()
    assert loop() is None
