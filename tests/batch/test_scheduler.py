"""One vendor that takes nothing keeps no place from the others."""

import asyncio
from dataclasses import dataclass

import pytest

from tarash.tarash_gateway.errors import ProviderUnavailableError
from tarash.tarash_gateway.models import ImageGenerationConfig
from tarash_gateway_batch import scheduler
from tarash_gateway_batch.limits import RateLimiter
from tarash_gateway_batch.resume import Decision
from tarash_gateway_batch.scheduler import FairScheduler
from tarash_gateway_sandbox import SandboxServer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@dataclass
class Row:
    vendor: str
    number: int


class Batch:
    """Rows that only enter their limiter and leave it."""

    def __init__(self, most, weigh=lambda row: 0):
        self.limiters = {}
        self.done, self.tasks = [], set()
        self.at_work = self.most_at_work = 0
        self.scheduler = FairScheduler(most, self.limiter, self.begin, weigh)

    def limiter(self, row):
        return self.limiters.setdefault(row.vendor, RateLimiter(100))

    def begin(self, row, decision, answered):
        async def work():
            limiter = self.limiter(row)
            if row.number >= 0:
                await limiter.acquire()
                await asyncio.sleep(0)
                limiter.release()
            self.done.append(row)
            self.at_work -= 1
            answered()

        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        task = asyncio.get_running_loop().create_task(work())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def shut(self, vendor):
        """Closes a vendor's limiter for an hour."""
        limiter = self.limiter(Row(vendor, 0))
        permit = await limiter.acquire()
        assert await limiter.refused(ProviderUnavailableError("away", retry_after=3600.0, retryable=True), permit)
        limiter.release()
        return limiter

    async def to_the_end(self):
        while self.tasks:
            await asyncio.wait(list(self.tasks))

    def broken_off(self):
        self.scheduler.close()
        for task in self.tasks:
            task.cancel()


SEND = Decision("send")


def test_rows_of_a_closed_gate_are_kept_back_and_taken_up_when_it_opens():
    async def main():
        batch = Batch(16)
        limiter = await batch.shut("away")
        for number in range(300):
            await asyncio.wait_for(batch.scheduler.add(Row(("away", "there")[number % 2], number), SEND), 60)
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert len(batch.done) == 150
        assert {row.vendor for row in batch.done} == {"there"}
        assert limiter.waiting <= 3
        limiter._closed_until = 0.0
        limiter._rate.__init__()
        limiter._let_through()
        await batch.to_the_end()
        assert sorted(row.number for row in batch.done) == list(range(300))
        assert batch.most_at_work <= 16

    asyncio.run(main())


def test_where_no_more_can_be_kept_back_nothing_more_is_read(monkeypatch):
    async def main():
        monkeypatch.setattr(scheduler, "MAX_QUEUED_BYTES", 10 * scheduler.ROW_BYTES)
        batch = Batch(8)
        await batch.shut("away")
        taken = 0
        with pytest.raises(TimeoutError):
            while True:
                await asyncio.wait_for(batch.scheduler.add(Row("away", taken), SEND), 0.05)
                await asyncio.sleep(0)
                taken += 1
        assert taken == 11  # one that waits at the limiter, and ten
        batch.broken_off()
        await asyncio.gather(*batch.tasks, return_exceptions=True)

    asyncio.run(main())


def test_large_rows_fill_it_sooner(monkeypatch):
    async def main():
        monkeypatch.setattr(scheduler, "MAX_QUEUED_BYTES", 10 * scheduler.ROW_BYTES)
        batch = Batch(8, weigh=lambda row: 4 * scheduler.ROW_BYTES)
        await batch.shut("away")
        for number in range(3):
            await batch.scheduler.add(Row("away", number), SEND)
            await asyncio.sleep(0)
        assert len(batch.scheduler._queues[batch.limiters["away"]].rows) == 2
        assert batch.scheduler._queued_bytes == 10 * scheduler.ROW_BYTES
        batch.broken_off()
        await asyncio.gather(*batch.tasks, return_exceptions=True)

    asyncio.run(main())


def test_rows_that_never_come_to_their_gate_hold_up_no_other():
    async def main():
        batch = Batch(4)
        for number in range(100):
            await asyncio.wait_for(batch.scheduler.add(Row("there", -1 - number), SEND), 60)
        await batch.to_the_end()
        assert len(batch.done) == 100
        assert batch.scheduler._queues[batch.limiters["there"]].on_the_way == 0

    asyncio.run(main())


def test_a_vendor_that_is_away_holds_up_no_row_of_another(run, image, configs, tarash_sandbox):
    outcomes = []
    with SandboxServer(quick=True) as away:
        away.fail("unavailable_with_retry_after", times=None)
        gone = ImageGenerationConfig(provider="azure_openai", model="dall-e-2", api_key="sk-away", base_url=away.origin)
        rows = [image(f"row-{at}", **({"provider": "azure_openai"} if at % 2 else {})) for at in range(24)]

        def heard(outcome):
            outcomes.append(outcome.id)
            if len(outcomes) == 12:
                away._dispatcher.script.clear()  # there again, once the others are done

        result = run(rows, configs=[*configs, gone], concurrency=8, on_row=heard)
    assert result.done == 24
    assert {int(name.removeprefix("row-")) % 2 for name in outcomes[:12]} == {0}
