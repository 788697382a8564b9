"""Batches of any length: what is remembered of each row is on the disk, and slow rows hold nobody up."""

import asyncio
import threading

import pytest

from tarash_gateway_batch import ids
from tarash_gateway_batch.ids import IdIndex
from tarash_gateway_batch.source import READ_AHEAD, ThreadedIterator, count_lines

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@pytest.fixture
def index(monkeypatch):
    monkeypatch.setattr(ids, "MAX_IN_MEMORY", 3)
    index = IdIndex()
    yield index
    index.close()


class TestIds:
    def test_the_line_that_has_one_already_is_known_also_when_many_have_moved_to_the_disk(self, index):
        assert [index.claim(f"row-{line}", line) for line in range(10)] == [None] * 10
        assert [index.claim(f"ROW-{line}", line + 100) for line in range(10)] == list(range(10))

    def test_the_same_lines_again_have_nothing_new(self, index):
        for _ in range(2):
            assert [index.claim(f"row-{line}", line, 2) for line in range(10)] == [None] * 10

    def test_the_names_of_further_results_are_taken_too(self, index):
        assert index.claim("a", 1, 3) is None
        assert (index.claim("a-3", 2), index.claim("a-4", 3)) == (1, None)
        assert index.claim("b-2", 4) is None
        assert index.claim("b", 5, 2) == 4


class TestRowsOfAThread:
    def test_they_come_in_order_and_no_more_are_read_ahead_than_some(self):
        read = 0

        def rows():
            nonlocal read
            for number in range(1000):
                read = number
                yield number

        async def main():
            got, ahead = [], 0
            async for number in ThreadedIterator(rows()):
                got.append(number)
                ahead = max(ahead, read - number)
            return got, ahead

        got, ahead = asyncio.run(main())
        assert got == list(range(1000))
        assert ahead <= READ_AHEAD + 1

    def test_an_error_is_raised_where_they_are_wanted(self):
        def rows():
            yield 1
            raise ZeroDivisionError

        async def main():
            return [number async for number in ThreadedIterator(rows())]

        with pytest.raises(ZeroDivisionError):
            asyncio.run(main())

    def test_rows_that_come_slowly_hold_up_no_other(self, run, image):
        arrived = threading.Event()

        def rows():
            yield image("a")
            assert arrived.wait(60)  # the next row comes once the first one has its file
            yield image("b")

        result = run(ThreadedIterator(rows()), on_row=lambda _outcome: arrived.set())
        assert result.done == 2


@pytest.mark.parametrize(("content", "count"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n", 1)], ids=repr)
def test_rows_of_a_file_are_counted_without_reading_them(tmp_path, content, count):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    assert count_lines(path) == count
    assert count_lines(path, "csv") == max(count - 1, 0)


def test_a_thousand_rows_that_failed_before_are_told_and_none_is_sent(run, image, journal, tarash_sandbox):
    intent = journal.record_request("image", label="row-0", asked={"prompt": "prompt of row-0"})
    # The others are written at once: a sync for each line would take long.
    [path] = journal.path.glob("*.jsonl")
    line = path.read_text()
    refused = '{"v":1,"event":"refused","intent":"INTENT","error":"ContentPolicyError: no"}\n'
    path.write_text(
        "".join(
            line.replace(intent, f"int_{number}").replace("row-0", f"row-{number}")
            + refused.replace("INTENT", f"int_{number}")
            for number in range(1000)
        )
    )
    result = run([image(f"row-{number}") for number in range(1000)])
    assert (result.failed, tarash_sandbox.requests) == (1000, [])
