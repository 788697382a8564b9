"""The two drivers give a flow what it asks for; whatever a callback or a plugin does, they say whose fault it is."""

import asyncio
import logging
import threading

import pytest

from tarash.tarash_gateway.errors import PluginError, RateLimitError, UnsupportedOperationError
from tarash.tarash_gateway.flows.commands import (
    END,
    Blocking,
    Either,
    Emit,
    Gather,
    Next,
    Now,
    OpenStream,
    Outcome,
    ProviderCall,
    Random,
    Sleep,
    continue_with,
)
from tarash.tarash_gateway.flows.driver import iterate, iterate_async, run, run_async
from tarash.tarash_gateway.plugins import Provider

DRIVERS = pytest.mark.parametrize(
    "drive", [run, lambda flow, *reported: asyncio.run(run_async(flow, *reported))], ids=["sync", "async"]
)


def emit(update):
    return Emit(lambda now: update)


class Vendor:
    def make(self, what, *, size):
        return f"{what} {size}"

    def refuse(self):
        raise RateLimitError("slow down")

    def crash(self):
        raise KeyError("x" * 1000)

    def stop(self):
        raise KeyboardInterrupt


def reported(updates=(1, 2, 3)):
    for update in updates:
        yield emit(update)
    return "done"


@DRIVERS
def test_a_flow_gets_what_it_asks_for(drive):
    def flow():
        made = yield ProviderCall(Vendor(), Vendor.make, ("a cat",), {"size": "1x1"})
        first, spread, _, second = (yield Now()), (yield Random()), (yield Sleep(0)), (yield Now())
        return made, 0 <= spread < 1, second >= first

    assert drive(flow()) == ("a cat 1x1", True, True)


@DRIVERS
def test_functions_of_ours_are_called_in_the_flavour_of_the_driver(drive):
    def which():
        return "sync"

    async def which_async():
        return "async"

    def flow():
        return (yield Blocking("a {}".format, "cat")), (yield Either(which, which_async))

    text, flavour = drive(flow())
    assert (text, flavour) == ("a cat", "sync" if drive is run else "async")


@DRIVERS
def test_an_error_of_a_function_of_ours_is_nobodys_defect(drive):
    def flow():
        yield Blocking(int, "a cat")

    with pytest.raises(ValueError, match="a cat"):
        drive(flow())


@DRIVERS
def test_a_flow_may_hand_over_to_another(drive):
    def flow():
        yield emit(0)
        return continue_with(reported())

    received = []
    assert drive(flow(), received.append) == "done"
    assert received == [0, 1, 2, 3]


@DRIVERS
def test_an_error_of_ours_reaches_the_flow_as_it_is(drive):
    def flow():
        try:
            yield ProviderCall(Vendor(), Vendor.refuse)
        except RateLimitError as error:
            return str(error)

    assert drive(flow()) == "slow down"


@DRIVERS
def test_an_error_of_ours_keeps_its_own_cause(drive):
    class Refusing:
        def make(self):
            msg = "slow down"
            raise RateLimitError(msg) from KeyError("what the vendor's library said")

    def flow():
        yield ProviderCall(Refusing(), Refusing.make)

    with pytest.raises(RateLimitError) as caught:
        drive(flow())
    assert isinstance(caught.value.__cause__, KeyError)


@DRIVERS
def test_a_foreign_error_is_the_plugins_and_may_be_billed(drive):
    def flow():
        yield ProviderCall(Vendor(), Vendor.crash)

    with pytest.raises(PluginError) as caught:
        drive(flow())
    # Without the foreign text: it may quote a key.
    assert str(caught.value) == "Vendor.crash raised KeyError. This is a defect of the plugin, not of the request."
    assert caught.value.billable == "unknown"
    assert isinstance(caught.value.__cause__, KeyError)


def test_ctrl_c_reaches_the_flow():
    def flow():
        try:
            yield ProviderCall(Vendor(), Vendor.stop)
        except KeyboardInterrupt:
            return "told"

    assert run(flow()) == "told"


def test_cancelling_a_task_reaches_the_flow():
    received = []

    def flow():
        try:
            yield emit("waiting")
            yield Sleep(3600)
        except asyncio.CancelledError:
            received.append("told")
            raise

    async def main():
        begun = asyncio.Event()
        task = asyncio.create_task(run_async(flow(), lambda update: begun.set()))
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert received == ["told"]


@DRIVERS
def test_siblings_have_an_outcome_each_and_cancel_nobody(drive):
    def child(number):
        yield Sleep(0)
        if number == 1:
            yield ProviderCall(Vendor(), Vendor.refuse)
        return number

    def flow():
        return (yield Gather(tuple(child(number) for number in range(40))))

    outcomes = drive(flow())
    assert [outcome.value for outcome in outcomes] == [0, None, *range(2, 40)]
    assert type(outcomes[1].error) is RateLimitError
    assert outcomes[0] == Outcome(0)


@DRIVERS
def test_what_is_no_command_is_told(drive):
    def flow():
        yield "hello"

    with pytest.raises(TypeError, match="a flow yielded 'hello', which is no command"):
        drive(flow())


@DRIVERS
def test_a_callback_is_told_of_every_step(drive):
    received = []
    assert drive(reported(), received.append) == "done"
    assert received == [1, 2, 3]


@DRIVERS
def test_an_async_callback_is_waited_for(drive):
    received = []

    async def listen(update):
        await asyncio.sleep(0)
        received.append(update)

    assert drive(reported(), listen) == "done"
    assert received == [1, 2, 3]


@DRIVERS
@pytest.mark.parametrize("flavour", ["plain", "async"])
def test_a_callback_that_raises_is_harmless(flavour, drive, caplog):
    caplog.set_level(logging.WARNING, "tarash.progress")

    def listen(update):
        raise ValueError("my own fault")

    async def listen_async(update):
        raise ValueError("my own fault")

    assert drive(reported(), listen if flavour == "plain" else listen_async) == "done"
    assert [record.getMessage() for record in caplog.records] == ["the progress callback raised; the call goes on"] * 3
    assert all(record.exc_info for record in caplog.records)


@DRIVERS
def test_ctrl_c_in_a_callback_is_ctrl_c(drive):
    def listen(update):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive(reported(), listen)


@DRIVERS
def test_no_callback_is_needed(drive):
    assert drive(reported()) == "done"


def test_the_sync_driver_runs_in_the_callers_thread():
    received = []
    run(reported([1]), lambda update: received.append(threading.current_thread()))
    assert received == [threading.current_thread()]


def test_the_sync_driver_works_inside_a_running_loop():
    async def listen(update):
        await asyncio.sleep(0)

    async def main():
        return run(reported(), listen)

    assert asyncio.run(main()) == "done"


def all_of(stream):
    """The items of a stream, plain or async."""
    if hasattr(stream, "__next__"):
        return list(stream)

    async def collect():
        return [item async for item in stream]

    return asyncio.run(collect())


def first_of(stream):
    """Takes one item and leaves the loop."""
    if hasattr(stream, "__next__"):
        item = next(stream)
        stream.close()
        return item

    async def take():
        item = await anext(stream)
        await stream.aclose()
        return item

    return asyncio.run(take())


class SyncVendor:
    """Streams by blocking; `seen` has the threads that read, and `closed`."""

    def __init__(self):
        self.received = []

    def stream(self, count, *, fail=None):
        try:
            for number in range(count):
                self.received.append(threading.current_thread())
                yield number
            if fail is not None:
                raise fail
        finally:
            self.received.append("closed")


class AsyncVendor:
    """Streams by awaiting."""

    def __init__(self):
        self.received = []

    async def stream_async(self, count, *, fail=None):
        try:
            for number in range(count):
                await asyncio.sleep(0)
                self.received.append(threading.current_thread())
                yield number
            if fail is not None:
                raise fail
        finally:
            await asyncio.sleep(0)
            self.received.append("closed")


class NoStream(Provider):
    endpoint = "https://api.acme.test"


ITERATORS = pytest.mark.parametrize("iterated", [iterate, iterate_async], ids=["sync", "async"])
VENDORS = pytest.mark.parametrize("vendor", [SyncVendor, AsyncVendor], ids=["sync-stream", "async-stream"])


def reads(vendor, count=3, **options):
    """A flow that tells every item of a stream, and at last that it is over."""
    stream = yield OpenStream(vendor, SyncVendor.stream, (count,), options)
    while (item := (yield Next(stream))) is not END:
        yield emit(item)
    yield emit("over")


@ITERATORS
def test_updates_come_one_by_one(iterated):
    assert all_of(iterated(reported())) == [1, 2, 3]


@ITERATORS
def test_a_flow_that_is_iterated_gets_what_it_asks_for(iterated):
    def flow():
        yield emit((yield ProviderCall(Vendor(), Vendor.make, ("a cat",), {"size": "1x1"})))
        yield emit((yield Sleep(0)))
        yield emit(0 <= (yield Random()) < 1)
        (outcome,) = yield Gather((child(),))
        yield emit(outcome.value)

    def child():
        yield Now()
        return "child"

    assert all_of(iterated(flow())) == ["a cat 1x1", None, True, "child"]


@ITERATORS
def test_nothing_happens_before_the_first_update_is_asked_for(iterated):
    vendor = SyncVendor()

    iterated(reads(vendor))

    assert vendor.received == []


@ITERATORS
@VENDORS
def test_a_stream_of_either_flavour_is_read_to_its_end(iterated, vendor):
    assert all_of(iterated(reads(vendor()))) == [0, 1, 2, "over"]


@ITERATORS
@VENDORS
def test_a_stream_is_closed_when_the_loop_is_left_early(iterated, vendor):
    vendor = vendor()

    assert first_of(iterated(reads(vendor))) == 0
    assert len(vendor.received) == 2
    assert vendor.received[-1] == "closed"


@ITERATORS
@VENDORS
def test_a_stream_is_closed_when_the_flow_fails(iterated, vendor):
    vendor = vendor()

    def flow():
        stream = yield OpenStream(vendor, SyncVendor.stream, (3,))
        yield Next(stream)
        raise RateLimitError("slow down")

    with pytest.raises(RateLimitError, match="slow down"):
        all_of(iterated(flow()))
    assert vendor.received[-1] == "closed"


@ITERATORS
@VENDORS
def test_every_stream_of_a_flow_is_closed(iterated, vendor):
    first, second = vendor(), vendor()

    def flow():
        for each in (first, second):
            stream = yield OpenStream(each, SyncVendor.stream, (3,))
            yield emit((yield Next(stream)))
        yield emit("both")

    assert all_of(iterated(flow())) == [0, 0, "both"]
    assert (first.received[-1], second.received[-1]) == ("closed", "closed")


@ITERATORS
@VENDORS
def test_an_error_of_ours_in_a_stream_reaches_the_flow(iterated, vendor):
    def flow():
        try:
            yield from reads(vendor(), 1, fail=RateLimitError("slow down"))
        except RateLimitError as error:
            yield emit(str(error))

    assert all_of(iterated(flow())) == [0, "slow down"]


@ITERATORS
@VENDORS
def test_a_foreign_error_in_a_stream_is_the_plugins(iterated, vendor):
    with pytest.raises(PluginError) as caught:
        all_of(iterated(reads(vendor(), 1, fail=KeyError("sk-secret"))))

    name = vendor.__name__
    assert str(caught.value) == f"{name}.stream raised KeyError. This is a defect of the plugin, not of the request."
    assert caught.value.billable == "unknown"


@ITERATORS
def test_a_provider_without_streams_says_so(iterated):
    with pytest.raises(UnsupportedOperationError, match=r"^NoStream cannot stream images$"):
        all_of(iterated(opens(NoStream())))


def opens(provider):
    stream = yield OpenStream(provider, Provider.stream_image, (None,), {"timeout": 1})
    yield Next(stream)


def test_a_blocking_stream_does_not_block_the_loop():
    vendor = SyncVendor()

    all_of(iterate_async(reads(vendor)))

    readers = [received for received in vendor.received if received != "closed"]
    assert len(readers) == 3
    assert threading.main_thread() not in readers


def test_a_blocking_stream_is_read_in_the_callers_thread():
    vendor = SyncVendor()

    all_of(iterate(reads(vendor)))

    assert vendor.received == [threading.main_thread()] * 3 + ["closed"]


@DRIVERS
def test_the_other_drivers_read_streams_too(drive):
    received = []

    drive(reads(SyncVendor()), received.append)

    assert received == [0, 1, 2, "over"]


def test_an_async_stream_is_read_inside_a_running_loop_by_the_sync_driver():
    async def main():
        return list(iterate(reads(AsyncVendor())))

    assert asyncio.run(main()) == [0, 1, 2, "over"]


def test_a_task_that_is_cancelled_closes_its_stream():
    closed = []

    class Slow:
        async def stream_async(self, count):
            try:
                yield 0
                await asyncio.sleep(3600)
            finally:
                closed.append("closed")

    async def main():
        begun = asyncio.Event()

        async def read():
            async for _ in iterate_async(reads(Slow())):
                begun.set()

        task = asyncio.create_task(read())
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert closed == ["closed"]
