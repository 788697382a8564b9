"""`tarash costs` and the ledger that commands write."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

DAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def ledger(folder, tmp_path, monkeypatch):
    """A ledger with calls of two vendors, of today and of a week ago."""
    path = tmp_path / "ledger.jsonl"
    old = (datetime.now(UTC) - timedelta(days=7)).isoformat()
    fixed = {"v": 1, "time": f"{DAY}T00:00:00Z", "model": "gpt-image-2", "images": 1, "videos": 0, "billable": "yes"}
    lines = [
        {"request_id": "a", "provider": "openai", "cost": 0.04, "tag": "shop"},
        {"request_id": "b", "provider": "openai", "cost": 1.5, "time": old},
        {"request_id": "c", "provider": "google", "model": "nano", "cost": None, "billable": "unknown", "images": 0},
    ]
    path.write_text("".join(json.dumps({**fixed, **line}) + "\n" for line in lines))
    monkeypatch.setenv("TARASH_LEDGER", str(path))
    return path


def test_a_table_adds_up_what_was_spent(typed, ledger):
    done = typed("costs", "--by", "provider", "--by", "model")

    assert done.code == 0
    head, *rows = [line.split() for line in done.out.splitlines()]
    assert head == ["provider", "model", "calls", "images", "cost", "unconfirmed"]
    assert rows == [
        ["google", "nano", "1", "$0.00", "1"],
        ["openai", "gpt-image-2", "2", "2", "$1.54"],
        ["total", "3", "2", "$1.54", "1"],
    ]
    assert done.err == (
        "1 request may have been billed: the answer was lost. The vendor's usage page knows; see tarash jobs.\n"
    )


@pytest.mark.parametrize("since", [DAY, "1d", "7d"])
def test_since_leaves_out_what_is_older(since, typed, ledger):
    reported = typed("costs", "--since", since, "--json").reported
    assert reported["total"]["cost"] == 0.04
    assert reported["since"] <= DAY
    assert [row["provider"] for row in reported["rows"]] == ["google", "openai"]


def test_a_tag_is_a_project(typed, ledger):
    (row,) = typed("costs", "--tag", "shop", "--json").reported["rows"]
    assert row == {
        "day": DAY, "provider": "openai", "model": "gpt-image-2", "tag": "shop", "calls": 1, "images": 1, "videos": 0,
        "cost": 0.04, "unpriced": 0, "unconfirmed": 0,
    }  # fmt: skip


def test_csv_has_a_column_for_everything(typed, ledger):
    rows = list(csv.DictReader(io.StringIO(typed("costs", "--csv").out)))
    assert [row["cost"] for row in rows] == ["1.5", "0.0", "0.04"]
    assert [*rows[0]] == [
        "day",
        "provider",
        "model",
        "tag",
        "calls",
        "images",
        "videos",
        "cost",
        "unpriced",
        "unconfirmed",
    ]


def test_a_day_that_is_none_is_a_usage_error(typed, ledger):
    done = typed("costs", "--since", "yesterday")
    assert done.code == 2
    assert done.err == "error: --since yesterday: give a day such as 2026-12-01, or as many days as 7d\n"


def test_nothing_spent_is_told_with_the_places_that_were_looked_at(typed, folder, tmp_path):
    done = typed("costs")
    assert (done.code, done.out) == (0, "")
    assert done.err == (
        f"Nothing was spent that {tmp_path}/home/data/tarash/ledger.jsonl or {tmp_path}/journal knows of.\n"
    )


def test_a_command_writes_its_line_with_its_tag_and_an_empty_variable_keeps_the_ledger_off(
    started, at_sandbox, tmp_path
):
    ledger = tmp_path / "home" / "data" / "tarash" / "ledger.jsonl"
    words = ("image", "A boat", "--size", "1024x1024", "--tag", "shop", *at_sandbox, "-m", "gpt-image-2")

    assert started(*words, "-o", "a.png", TARASH_LEDGER="").code == 0
    assert not ledger.exists()
    assert started(*words, "-o", "b.png").code == 0
    (line,) = map(json.loads, ledger.read_text().splitlines())
    assert (line["tag"], line["model"], line["images"]) == ("shop", "gpt-image-2", 1)
