"""The two drivers give a flow what it asks for; whatever a callback or a plugin does, they say whose fault it is."""

import asyncio
import logging
import threading

import pytest

from tarash.tarash_gateway.errors import PluginError, RateLimitError
from tarash.tarash_gateway.flows.commands import Call, Emit, Gather, Now, Outcome, Random, Sleep
from tarash.tarash_gateway.flows.drivers import run, run_async

DRIVERS = pytest.mark.parametrize(
    "drive", [run, lambda flow, *told: asyncio.run(run_async(flow, *told))], ids=["sync", "async"]
)


class Vendor:
    def make(self, what, *, size):
        return f"{what} {size}"

    def refuse(self):
        raise RateLimitError("slow down")

    def crash(self):
        raise KeyError("x" * 1000)

    def stop(self):
        raise KeyboardInterrupt


def told(updates=(1, 2, 3)):
    for update in updates:
        yield Emit(update)
    return "done"


@DRIVERS
def test_a_flow_gets_what_it_asks_for(drive):
    def flow():
        made = yield Call(Vendor(), "make", ("a cat",), {"size": "1x1"})
        first, spread, _, second = (yield Now()), (yield Random()), (yield Sleep(0)), (yield Now())
        return made, 0 <= spread < 1, second >= first

    assert drive(flow()) == ("a cat 1x1", True, True)


@DRIVERS
def test_an_error_of_ours_reaches_the_flow_as_it_is(drive):
    def flow():
        try:
            yield Call(Vendor(), "refuse")
        except RateLimitError as error:
            return str(error)

    assert drive(flow()) == "slow down"


@DRIVERS
def test_a_foreign_error_is_the_plugins_and_may_be_billed(drive):
    def flow():
        yield Call(Vendor(), "crash")

    with pytest.raises(PluginError) as caught:
        drive(flow())
    # Without the foreign text: it may quote a key.
    assert str(caught.value) == "Vendor.crash raised KeyError. This is a defect of the plugin, not of the request."
    assert caught.value.billable == "unknown"
    assert isinstance(caught.value.__cause__, KeyError)


def test_ctrl_c_reaches_the_flow():
    def flow():
        try:
            yield Call(Vendor(), "stop")
        except KeyboardInterrupt:
            return "told"

    assert run(flow()) == "told"


def test_cancelling_a_task_reaches_the_flow():
    seen = []

    def flow():
        try:
            yield Emit("waiting")
            yield Sleep(3600)
        except asyncio.CancelledError:
            seen.append("told")
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
    assert seen == ["told"]


@DRIVERS
def test_siblings_have_an_outcome_each_and_cancel_nobody(drive):
    def child(number):
        yield Sleep(0)
        if number == 1:
            yield Call(Vendor(), "refuse")
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
    seen = []
    assert drive(told(), seen.append) == "done"
    assert seen == [1, 2, 3]


@DRIVERS
def test_an_async_callback_is_waited_for(drive):
    seen = []

    async def listen(update):
        await asyncio.sleep(0)
        seen.append(update)

    assert drive(told(), listen) == "done"
    assert seen == [1, 2, 3]


@DRIVERS
@pytest.mark.parametrize("flavour", ["plain", "async"])
def test_a_callback_that_raises_is_harmless(flavour, drive, caplog):
    caplog.set_level(logging.WARNING, "tarash.progress")

    def listen(update):
        raise ValueError("my own fault")

    async def listen_async(update):
        raise ValueError("my own fault")

    assert drive(told(), listen if flavour == "plain" else listen_async) == "done"
    assert [record.getMessage() for record in caplog.records] == ["the progress callback raised; the call goes on"] * 3
    assert all(record.exc_info for record in caplog.records)


@DRIVERS
def test_ctrl_c_in_a_callback_is_ctrl_c(drive):
    def listen(update):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive(told(), listen)


@DRIVERS
def test_no_callback_is_needed(drive):
    assert drive(told()) == "done"


def test_the_sync_driver_runs_in_the_callers_thread():
    seen = []
    run(told([1]), lambda update: seen.append(threading.current_thread()))
    assert seen == [threading.current_thread()]


def test_the_sync_driver_works_inside_a_running_loop():
    async def listen(update):
        await asyncio.sleep(0)

    async def main():
        return run(told(), listen)

    assert asyncio.run(main()) == "done"
