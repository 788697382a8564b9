"""What is told: each row as it comes, how far the batch is, and all of it at the end."""

import asyncio
import json
import logging
import signal
import threading
import time

import pytest

from tarash.tarash_gateway import run_batch_async
from tarash_gateway_batch.progress import Counters
from tarash_gateway_batch.results import BatchProgress, RowOutcome

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


class TestEachRow:
    def test_on_row_hears_of_every_row_once(self, run, image):
        heard = []
        run([image("a"), {"id": "b"}, image("c")], on_row=heard.append)
        assert sorted((outcome.id, outcome.status) for outcome in heard) == [
            ("a", "done"),
            ("b", "failed"),
            ("c", "done"),
        ]
        done = next(outcome for outcome in heard if outcome.id == "a")
        assert (done.fresh, done.cost, done.files[0].path.is_file()) == (True, 0.016, True)

    def test_it_may_be_async(self, configs, out, image):
        heard = []

        async def hear(outcome):
            await asyncio.sleep(0)
            heard.append(outcome.id)

        asyncio.run(run_batch_async([image("a")], out, configs=configs, on_row=hear, on_progress=hear_nothing))
        assert heard == ["a"]

    def test_one_that_raises_stops_nothing(self, run, image, caplog):
        def broken(_news):
            raise ZeroDivisionError

        with caplog.at_level(logging.WARNING, "tarash.batch"):
            assert run([image("a"), image("b")], on_row=broken, on_progress=broken).complete
        assert "the callback of a batch raised; the batch goes on" in caplog.text

    def test_the_file_of_results_has_a_line_for_each(self, run, image, video, lines, out):
        result = run([image("a"), video("b"), {"id": "c"}])
        assert result.results == out / "results.jsonl"
        a, b, c = sorted(lines(), key=lambda line: line["line"])
        assert a.keys() == {"id", "line", "status", "files", "cost", "urls"}
        assert (out / a["files"][0]["path"]).is_file()
        assert (b["status"], b["job_id"][:6]) == ("done", "video_")
        assert (c["status"], c["error"][:15]) == ("failed", "ValidationError")

    def test_a_run_that_told_nothing_leaves_the_file_of_the_one_before(self, run, image, lines):
        run([image("a")])
        run([])
        assert [line["id"] for line in lines()] == ["a"]


async def hear_nothing(_progress):
    """Hears."""


class TestProgress:
    def test_it_is_told_at_once_and_at_the_end(self, run, image):
        heard = []
        result = run([image("a"), {"id": "b"}], on_progress=heard.append)
        first, last = heard[0], heard[-1]
        assert (first.rows, first.total, first.finished) == (0, 2, False)
        assert (last.done, last.failed, last.in_flight, last.finished) == (1, 1, 0, True)
        assert last.spent == pytest.approx(result.spent)

    def test_it_reads_as_a_line(self):
        progress = BatchProgress(
            total=1200, done=300, kept=12, failed=3, unconfirmed=1, in_flight=16, spent=4.5, seconds_left=90.0
        )
        assert str(progress) == (
            "312 of 1,200 done, 3 failed, 1 unconfirmed, 16 in flight, $4.50 spent, about 1 min 30 s left"
        )

    def test_the_rest_takes_as_long_as_at_the_pace_of_the_last_minute(self, tmp_path):
        now = 0.0
        counters = Counters(tmp_path, 100, clock=lambda: now)
        for _ in range(10):
            counters.add(RowOutcome(line=1, status="done"))
        now = 20.0
        assert counters.progress(0.0).seconds_left == pytest.approx(180.0)
        now = 200.0
        counters.progress(0.0)
        for _ in range(30):
            counters.add(RowOutcome(line=1, status="done"))
        now = 230.0
        assert counters.progress(0.0).seconds_left == pytest.approx(60.0)

    def test_no_more_failures_are_kept_than_a_hundred(self, run):
        result = run([{"id": f"row-{number}"} for number in range(150)])
        assert (result.failed, len(result.failures)) == (150, 100)

    def test_a_result_reads_as_a_line(self, run, image):
        assert str(run([image("a"), {"id": "b"}])).startswith("2 rows: 1 done, 1 failed, $0.016 spent, in ")


class TestBreakingOff:
    def test_the_first_interrupt_waits_for_what_is_on_its_way(self, run, image, tarash_sandbox, paid, lines):
        rows = [image(f"row-{number}") for number in range(20)]
        tarash_sandbox.fail("slow_first_byte", times=None)

        def interrupt_once_three_are_asked():
            while len(tarash_sandbox.requests) < 3:
                time.sleep(0.005)
            signal.raise_signal(signal.SIGINT)

        thread = threading.Thread(target=interrupt_once_three_are_asked)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            run(rows, concurrency=3)
        thread.join()
        tarash_sandbox._dispatcher.script.clear()
        made = {line["id"] for line in lines() if line["status"] == "done"}
        assert sorted(f"prompt of {name}" for name in made) == paid()
        assert 3 <= len(made) < 20
        assert run(rows).complete
        assert len(paid()) == 20

    def test_jobs_are_left_running_and_fetched_by_the_next_run(self, run, video, tarash_sandbox, paid):
        def stop_once_it_is_submitted():
            while not any(request.method == "GET" for request in tarash_sandbox.requests):
                time.sleep(0.005)
            signal.raise_signal(signal.SIGINT)

        before, tarash_sandbox.job_seconds = tarash_sandbox.job_seconds, 0.6
        thread = threading.Thread(target=stop_once_it_is_submitted)
        thread.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                run([video("a")])
        finally:
            tarash_sandbox.job_seconds = before
            thread.join()
        assert run([video("a")]).made == 1
        assert paid() == ["prompt of a"]

    def test_cancelled_it_breaks_everything_off_and_a_rerun_goes_on(self, configs, out, image, tarash_sandbox, run):
        tarash_sandbox.fail("never_answers")

        async def main():
            task = asyncio.create_task(run_batch_async([image("a"), image("b")], out, configs=configs, concurrency=1))
            while not tarash_sandbox.requests:  # noqa: ASYNC110 # they come in another thread
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(asyncio.all_tasks()) == 1

        asyncio.run(main())
        result = run([image("a"), image("b")])
        assert (result.done, result.unconfirmed) == (1, 1)

    def test_a_full_disk_stops_the_batch_before_more_is_paid(self, run, image, monkeypatch, paid):
        from tarash.tarash_gateway.journal.lines import Appender

        whole, count = Appender.append, 0

        def full(self, *lines):
            nonlocal count
            count += 1
            if count > 4:
                raise OSError(28, "No space left on device")
            whole(self, *lines)

        monkeypatch.setattr(Appender, "append", full)
        result = run([image(f"row-{number}") for number in range(20)], concurrency=1)
        assert "No space left on device" in result.stopped
        assert len(paid()) < 4
        assert json.loads(result.model_dump_json())["stopped"] == result.stopped
