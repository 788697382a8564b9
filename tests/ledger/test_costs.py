"""What was spent is added up from the ledger, with what only the journal knows beside it."""

import json
from datetime import UTC, date, datetime

import pytest

from tarash.tarash_gateway import Journal, generate_video, resume_video, submit_video
from tarash.tarash_gateway.errors import GenerationTimeoutError, UnconfirmedGenerationError
from tarash_gateway_ledger.costs import read_costs

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def line(**fields):
    fixed = {
        "v": 1, "time": "2026-11-30T23:59:00.000Z", "request_id": "req_1", "provider": "openai", "model": "gpt-image-2",
        "cost": 0.04, "images": 1, "videos": 0, "billable": "yes", "job_id": None,
    }  # fmt: skip
    return json.dumps(fixed | fields) + "\n"


def test_rows_are_grouped_by_the_fields_that_are_asked_for(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_text(
        line()
        + line(request_id="req_2", tag="shop", cost=None)
        + line(request_id="req_3", time="2026-12-01T00:01:00.000Z", provider="google", model="veo", cost=0.5)
        + line(request_id="req_4", billable="no", cost=None)
        + line(request_id="req_5", billable="unknown", cost=None, images=0)
        + '{"time": "2026-12-01T00:02'
    )

    by_provider = [row.as_json() for row in read_costs(ledger, by=["provider"])]
    assert by_provider == [
        {"provider": "google", "calls": 1, "images": 1, "videos": 0, "cost": 0.5, "unpriced": 0, "unconfirmed": 0},
        {"provider": "openai", "calls": 3, "images": 2, "videos": 0, "cost": 0.04, "unpriced": 1, "unconfirmed": 1},
    ]
    assert [row.day for row in read_costs(ledger, by=["day"])] == ["2026-11-30", "2026-12-01"]
    assert [row.provider for row in read_costs(ledger, since=date(2026, 12, 1))] == ["google"]
    assert [(row.tag, row.unpriced) for row in read_costs(ledger, tag="shop")] == [("shop", 1)]
    assert read_costs(tmp_path / "nowhere.jsonl") == read_costs(None) == []


def test_a_job_costs_once_on_the_day_of_its_first_call(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    job = {"job_id": "video_1", "images": 0}
    ledger.write_text(
        line(**job, cost=None)
        + line(**job, request_id="req_2", time="2026-12-01T00:01:00.000Z", cost=None, billable="unknown")
        + line(**job, request_id="req_3", time="2026-12-01T00:02:00.000Z", cost=0.4, videos=1)
        + line(**job, request_id="req_4", time="2026-12-01T00:03:00.000Z", cost=0.4, videos=1)
    )

    (row,) = read_costs(ledger)
    assert (row.day, row.calls, row.videos, row.cost) == ("2026-11-30", 1, 1, 0.4)
    assert (row.unpriced, row.unconfirmed) == (0, 0)


def test_the_tag_of_the_environment_is_in_the_line(path, lines, make_image, image_config, image_request, monkeypatch):
    monkeypatch.setenv("TARASH_TAG", " shop ")
    make_image(image_config("gpt-image-2"), image_request(size="1024x1024", quality="low"))

    assert lines()[0]["tag"] == "shop"
    (row,) = read_costs(path, tag="shop")
    assert row.cost == lines()[0]["cost"] > 0


def test_a_lost_answer_counts_once_though_ledger_and_journal_know_it(
    path, tmp_path, tarash_sandbox, make_image, image_config, image_request
):
    tarash_sandbox.fail("dropped_after_creation", path="/v1/images/generations")
    journal = Journal(tmp_path / "journal")
    with journal, pytest.raises(UnconfirmedGenerationError):
        make_image(image_config(), image_request())

    for rows in (read_costs(path, journal), read_costs(path), read_costs(None, journal)):
        assert [(row.provider, row.calls, row.cost, row.unconfirmed) for row in rows] == [("openai", 1, 0.0, 1)]


def test_calls_that_no_ledger_was_told_of_are_known_from_the_journal(
    tmp_path, tarash_sandbox, video_config, video_request
):
    journal = Journal(tmp_path / "journal")
    with journal:
        generate_video(video_config(), video_request())
        journal.record_request("image", provider="google", model="nano", request_id="req_of_a_crash")

    rows = {row.provider: row for row in read_costs(None, journal)}
    assert rows["openai"].day == datetime.now(UTC).date().isoformat()
    assert (rows["openai"].unpriced, rows["openai"].unconfirmed) == (1, 0)
    assert (rows["google"].unpriced, rows["google"].unconfirmed) == (0, 1)


def test_a_video_that_was_given_up_and_fetched_later_is_settled(
    path, tmp_path, tarash_sandbox, video_config, video_request, pauses_leap
):
    journal = Journal(tmp_path / "journal")
    tarash_sandbox.fail("job_stuck_in_progress")
    with journal, pauses_leap(), pytest.raises(GenerationTimeoutError):
        generate_video(video_config(timeout=60, poll_interval=10), video_request())
    with journal:
        resume_video(video_config(), submit_video(video_config(), video_request()))

    (row,) = read_costs(path, journal)
    assert (row.calls, row.videos, row.unconfirmed) == (2, 1, 0)
    assert row.cost > 0
    assert row.unpriced == 1  # the job that was given up: it exists, and its cost is not known
