"""An engine works on the rows somewhere else; reading, deciding, telling and the journal stay as they are."""

import pickle
from contextlib import asynccontextmanager

import pytest

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash_gateway_batch.runner import local_engine
from tarash_gateway_batch.work import RowWork

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def test_an_engine_gets_every_row_that_needs_work(run, image, video):
    received = []

    @asynccontextmanager
    async def engine(context, planner):
        async with local_engine(context, planner) as make_task:

            def make(row, decision):
                received.append((row.id, decision.step))
                return make_task(row, decision)

            yield make
        received.append("left")

    run([image("a")])
    result = run([image("a"), image("b"), {"id": "c"}, video("d")], engine=engine)
    assert (result.done, result.made, result.failed) == (3, 2, 1)
    assert received == [("b", "send"), ("d", "send"), "left"]


def test_rows_and_decisions_travel_without_keys(run, image, video, tarash_sandbox):
    tarash_sandbox.fail("content_401", times=None)
    run([video("a")])
    tarash_sandbox._dispatcher.script.clear()
    travelled = []

    @asynccontextmanager
    async def engine(context, planner):
        def make(row, decision):
            packed = pickle.dumps((row, decision))
            assert b"sk-of-the-tests" not in packed
            travelled.append(decision.step)
            there, decision = pickle.loads(packed)
            assert (there.id, there.request) == (row.id, row.request)
            # A worker finds its key in its own surroundings; this one has that of the test.
            return RowWork(row, decision, context)

        yield make

    assert run([video("a"), image("b")], engine=engine).complete
    assert travelled == ["resume", "send"]


def test_rows_of_a_worker_that_died_are_decided_upon_anew_by_what_it_wrote(run, image, journal):
    found = {}

    @asynccontextmanager
    async def engine(context, planner):
        def make(row, decision):
            rows.append(row)
            return make_task(row, decision)

        rows = []
        async with local_engine(context, planner) as make_task:
            yield make
        worker = BatchedJournal(journal.path)
        worker.record_request("image", label="sent", asked={"prompt": "prompt of sent"})
        [path] = [path for path in journal.path.glob("*.jsonl") if b'"sent"' in path.read_bytes().splitlines()[-1]]
        worker.close()
        sent = rows[0].__class__("sent", 1, "image", rows[0].config, image_request("sent"))
        fresh = rows[0].__class__("fresh", 2, "image", rows[0].config, image_request("fresh"))
        for row, outcome in zip((sent, fresh), await planner.decide_again([sent, fresh], [path, path]), strict=True):
            found[row.id] = outcome.status if hasattr(outcome, "status") else outcome[1].step

    def image_request(name):
        from tarash.tarash_gateway.models import ImageGenerationRequest

        return ImageGenerationRequest(prompt=f"prompt of {name}", size="256x256")

    run([image("a")], engine=engine)
    assert found == {"sent": "unconfirmed", "fresh": "send"}


def test_the_engine_of_this_machine_takes_no_options(run, image, paid):
    assert run([image("a")], engine="local").done == 1
    with pytest.raises(ValidationError):
        run([image("b")], engine="local", engine_options={"address": "auto"})
    with pytest.raises(ValidationError, match="there is no engine 'moon'"):
        run([image("b")], engine="moon")
    assert paid() == ["prompt of a"]
