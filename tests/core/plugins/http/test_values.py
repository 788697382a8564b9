"""Single values of an answer, in every form with one meaning."""

import math
from datetime import UTC, datetime

import pytest

from tarash.tarash_gateway.plugins.http import (
    job_object,
    read_count,
    read_id,
    read_job_id,
    read_number,
    read_status,
    read_time,
    read_tokens,
    read_video_urls,
)

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "count"),
    [(4160, 4160), (4160.0, 4160), ("4160", 4160), ("4160.0", 4160), (0, 0)]
    + [(value, None) for value in (4160.4, None, "", "many", True, -1, math.nan, math.inf, "1e999", [], {})],
)
def test_a_count_is_whole(value, count):
    assert read_count(value) == count


@pytest.mark.parametrize(("value", "number"), [(1.5, 1.5), ("1.5", 1.5), (" 2 ", 2.0), (None, None), (False, None)])
def test_a_number_may_be_text(value, number):
    assert read_number(value) == number


@pytest.mark.parametrize(
    "value",
    [NOON.timestamp(), str(int(NOON.timestamp())), NOON.timestamp() * 1000, "2026-11-30T12:00:00Z", "2026-11-30 12:00"],
)
def test_a_time_is_read(value):
    assert read_time(value) == NOON


@pytest.mark.parametrize("value", [None, "", "soon", math.nan, 1e300, [], True])
def test_what_is_no_time_is_not_known(value):
    assert read_time(value) is None


@pytest.mark.parametrize(("value", "read"), [("t1", "t1"), (4711, "4711"), (4711.0, "4711")])
def test_an_id_is_text_or_a_number(value, read):
    assert read_id(value) == read


@pytest.mark.parametrize("value", [None, "", " ", True, 1.5, "a\nWARNING forged", "a\x1b[2J", "x" * 1001, [], {}])
def test_what_could_forge_a_line_of_a_log_is_no_id(value):
    assert read_id(value) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "t1", "status": "queued"},
        {"task_id": "t1"},
        {"data": {"id": "t1"}},
        {"code": 0, "message": "SUCCEED", "request_id": "r1", "data": {"task_id": "t1", "task_status": "submitted"}},
        {"request_id": "r1", "output": {"task_id": "t1", "task_status": "PENDING"}},
        {"status": "success", "data": {"job_id": "t1"}},
        {"data": [{"id": "t1"}]},
        {"request_id": "t1", "status": "IN_QUEUE"},
    ],
)
def test_a_job_id_is_found(answer):
    assert read_job_id(answer) == "t1"


def test_the_status_of_a_request_is_not_that_of_the_job():
    assert job_object({"status": "success", "data": {"task_id": "t1"}}) == {"task_id": "t1"}
    assert job_object({"id": "t1", "status": "queued", "data": {"id": "x"}})["id"] == "t1"
    assert job_object({"error": "x"}) == {"error": "x"}


WORDS = {
    "queued": "queued PENDING submitted in_queue NOT_STARTED accepted",
    "in_progress": "in_progress In-Progress inProgress processing RUNNING started JOB_STATE_RUNNING generating",
    "completed": "completed success SUCCESS succeed succeeded SUCCEEDED done finished Ready TASK_STATUS_SUCCEED",
    "failed": "failed error fail FAILURE errored task_failed Content-Moderated budget_exceeded",
    "cancelled": "cancelled canceled CANCELED aborted",
    "expired": "expired",
}


@pytest.mark.parametrize(
    ("status", "word"), [(status, word) for status, words in WORDS.items() for word in words.split()]
)
def test_a_status_word_is_read_in_every_spelling(status, word):
    assert read_status(word) == status


@pytest.mark.parametrize(
    ("word", "job", "status"),
    [
        ("idle?", {}, None),
        ("fini", {"error": {"message": "crashed"}}, "failed"),
        ("fini", {"error": ["crashed"]}, "failed"),
        ("fini", {"error": {"code": None, "message": ""}}, None),
        ("fini", {"completed_at": 1790000000}, "completed"),
        ("fini", {"progress": 100}, "completed"),
        ("fini", {"progress": "100%"}, "completed"),
        ("fini", {"progress": 99}, None),
        (None, {"done": True}, "completed"),
        (7, {"done": False}, "in_progress"),
        ("processing", {"progress": 100}, "in_progress"),
    ],
)
def test_an_unknown_word_gives_way_to_what_else_is_there(word, job, status):
    assert read_status(word, job) == status


DETAILS = {"input_tokens_details": {"text_tokens": 12, "image_tokens": 0}}


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({**DETAILS, "output_tokens": 4160.0}, {"text_in": 12, "image_out": 4160}),
        ({**DETAILS, "output_tokens": "4160"}, {"text_in": 12, "image_out": 4160}),
        ({**DETAILS, "output_tokens_details": {"image_tokens": 9, "text_tokens": 1}}, None),
        ({**DETAILS, "output_tokens": None}, None),
        ({**DETAILS, "output_tokens": 4160.4}, None),
        ({"input_tokens": 12, **DETAILS}, None),
        ({"input_tokens": 12, "output_tokens": 4160}, None),
        ({"total": 3}, {}),
        (None, {}),
    ],
)
def test_tokens_are_complete_or_not_known(usage, tokens):
    if usage and "output_tokens_details" in usage:
        usage, tokens = {**usage, "output_tokens": 10}, {"text_in": 12, "text_out": 1, "image_out": 9}
    assert read_tokens(usage) == tokens


def test_without_input_images_all_input_is_text():
    counts = {"text_in": 12, "image_out": 4160}
    assert read_tokens({"input_tokens": 12, "output_tokens": 4160.0}, only_text=True) == counts


@pytest.mark.parametrize(
    ("job", "urls"),
    [
        ({"url": "https://a/1.mp4"}, ["https://a/1.mp4"]),
        ({"video_url": "https://a/1.mp4", "url": "https://b"}, ["https://a/1.mp4"]),
        ({"output": ["https://a/1.mp4", "https://a/2.mp4"]}, ["https://a/1.mp4", "https://a/2.mp4"]),
        ({"output": {"video_url": "https://a/1.mp4"}}, ["https://a/1.mp4"]),
        ({"videos": [{"url": "https://a/1.mp4"}, {"url": "/2.mp4"}]}, ["https://a/1.mp4", "/2.mp4"]),
        ({"id": "x", "output": "done"}, []),
    ],
)
def test_where_videos_are_is_found(job, urls):
    assert read_video_urls(job) == urls
