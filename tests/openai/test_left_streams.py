"""A stream that is left, in whatever way, closes its connection; what the vendor has begun is paid for once."""

from __future__ import annotations

import asyncio
import base64
import gc
import time

import pytest

from tarash.tarash_gateway import stream_image, stream_image_async
from tarash_gateway_sandbox import EventStream

PATIENCE = 20
"""Seconds after which a test gives up waiting for what must come; nothing is measured by it."""


def partial_of(picture):
    return {"type": "image_generation.partial_image", "b64_json": base64.b64encode(picture()).decode()}


@pytest.fixture
def endless_stream(tarash_sandbox, picture):
    """A stream that gives one partial picture and then nothing for a long time."""
    tarash_sandbox.play(EventStream([partial_of(picture), partial_of(picture)], pause=PATIENCE))

    def is_left():
        deadline = time.monotonic() + PATIENCE
        while tarash_sandbox.broken_streams < 1 and time.monotonic() < deadline:
            time.sleep(0.005)
        return tarash_sandbox.broken_streams == 1

    return is_left


async def first_partial(updates):
    async for update in updates:
        if update.status == "partial":
            return update
    return None


async def _closed(updates):
    await first_partial(updates)
    await updates.aclose()


async def _cancelled_inside(updates):
    await first_partial(updates)
    task = asyncio.create_task(anext(updates))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(StopAsyncIteration):
        await anext(updates)


async def _out_of_time(updates):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            async for _ in updates:
                pass


async def _raised_into(updates):
    await first_partial(updates)
    with pytest.raises(ZeroDivisionError):
        await updates.athrow(ZeroDivisionError())


async def _forgotten(updates):
    await first_partial(updates)
    del updates  # asyncio closes the generators that nobody has any more


WAYS_OUT = [_closed, _cancelled_inside, _out_of_time, _raised_into, _forgotten]


@pytest.mark.parametrize("leave", WAYS_OUT, ids=lambda leave: leave.__name__.strip("_"))
def test_an_async_stream_that_is_left_closes_its_connection(endless_stream, image_config, image_request, posts, leave):
    async def left():
        await leave(stream_image_async(image_config("gpt-image-2"), image_request(size=None)))
        gc.collect()

    asyncio.run(left())
    assert endless_stream()
    assert len(posts()) == 1


def _closed_sync(updates):
    updates.close()


def _raised_into_sync(updates):
    with pytest.raises(KeyboardInterrupt):
        updates.throw(KeyboardInterrupt())


def _forgotten_sync(updates):
    del updates


@pytest.mark.parametrize(
    "leave", [_closed_sync, _raised_into_sync, _forgotten_sync], ids=["closed", "raised-into", "forgotten"]
)
def test_a_stream_that_is_left_closes_its_connection(endless_stream, image_config, image_request, posts, leave):
    def left():
        updates = stream_image(image_config("gpt-image-2"), image_request(size=None))
        assert next(update for update in updates if update.status == "partial").image
        leave(updates)

    left()
    gc.collect()
    assert endless_stream()
    assert len(posts()) == 1


def test_a_stream_that_nobody_reads_sends_nothing(image_config, image_request, posts):
    async def never_read():
        updates = stream_image_async(image_config("gpt-image-2"), image_request(size=None))
        await updates.aclose()

    asyncio.run(never_read())
    stream_image(image_config("gpt-image-2"), image_request(size=None)).close()
    assert posts() == []
