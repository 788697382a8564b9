"""Lines of many calls side by side share a sync, and each call goes on only once its own line is on the disk."""

import asyncio
import json

import pytest

from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.journal.lines import Appender


@pytest.fixture
def journal(tmp_path):
    return BatchedJournal(tmp_path / "journal")


@pytest.fixture
def appended(monkeypatch):
    """How many lines each sync had."""
    whole, counts = Appender.append, []

    def append(self, *lines):
        counts.append(len(lines))
        whole(self, *lines)

    monkeypatch.setattr(Appender, "append", append)
    return counts


def lines(journal):
    return [json.loads(line) for path in journal.path.glob("*.jsonl") for line in path.read_text().splitlines()]


def test_lines_that_come_while_one_is_synced_are_synced_together(journal, appended):
    async def main():
        return await asyncio.gather(
            *(journal.record_request_async("image", label=f"row-{number}") for number in range(100))
        )

    intents = asyncio.run(main())
    assert appended == [1, 99]
    assert [line["intent"] for line in lines(journal)] == intents


def test_a_line_is_on_the_disk_when_the_call_goes_on(journal):
    async def item(number):
        intent = await journal.record_request_async("video", label=f"row-{number}")
        assert intent in {line["intent"] for line in lines(journal)}
        await journal.write_async("refused", intent=intent)
        assert journal.entries()

    async def main():
        await asyncio.gather(*map(item, range(20)))

    asyncio.run(main())
    assert [entry.status for entry in journal.entries()] == ["refused"] * 20


def test_what_is_not_waited_for_is_there_before_a_later_line_that_is(journal):
    async def main():
        journal.write_soon("saved", intent="int_1", path="a.png")
        await journal.write_async("batch_end")

    asyncio.run(main())
    assert [line["event"] for line in lines(journal)] == ["saved", "batch_end"]


def test_every_call_hears_of_a_full_disk_and_a_later_line_is_tried_again(journal, monkeypatch):
    whole, full = Appender.append, True

    def append(self, *lines):
        if full:
            raise OSError(28, "No space left on device")
        whole(self, *lines)

    monkeypatch.setattr(Appender, "append", append)

    async def main():
        nonlocal full
        calls = [journal.record_request_async("image", label=f"row-{number}") for number in range(5)]
        errors = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(error) for error in errors] == [SaveError] * 5
        assert len({id(error.__cause__) for error in errors}) == 5
        assert errors[0].errno == 28
        full = False
        await journal.record_request_async("image", label="later")

    asyncio.run(main())
    assert [line["label"] for line in lines(journal)] == ["later"]


def test_a_call_that_is_broken_off_leaves_the_others_their_lines(journal):
    async def main():
        calls = [
            asyncio.create_task(journal.record_request_async("image", label=f"row-{number}")) for number in range(5)
        ]
        await asyncio.sleep(0)
        calls[2].cancel()
        done = await asyncio.gather(*calls, return_exceptions=True)
        return [isinstance(intent, str) for intent in done]

    assert asyncio.run(main()) == [True, True, False, True, True]
    assert [line["event"] for line in lines(journal)].count("intent") == 5


def test_a_call_that_is_broken_off_before_it_is_sent_is_not_left_open(journal):
    async def main():
        call = asyncio.create_task(journal.record_request_async("image", label="a"))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await journal.write_async("batch_end")

    asyncio.run(main())
    [entry] = journal.entries()
    assert (entry.label, entry.status) == ("a", "refused")


def test_one_loop_after_another_writes_to_it(journal):
    for name in "ab":
        asyncio.run(journal.record_request_async("image", label=name))
    assert [line["label"] for line in lines(journal)] == ["a", "b"]
