"""The file: made for its owner alone, only ever appended to, and never in the way of a call."""

import json
import logging
import os
import stat
import subprocess
import sys

import pytest

from tarash.tarash_gateway import generate_image, plugin_report
from tarash_gateway_ledger.jobs import Jobs
from tarash_gateway_ledger.lines import append

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def test_it_is_found_by_its_entry_point():
    (found,) = [report for report in plugin_report() if report.distribution == "tarash-gateway-ledger"]

    assert (found.name, found.group, found.status) == ("ledger", "tarash_gateway.observers", "ok")
    assert found.hooks == ("tarash_after_generate", "tarash_job_updated")


def test_without_the_variable_nothing_is_written(tmp_path, monkeypatch, image_config, image_request):
    monkeypatch.chdir(tmp_path)
    generate_image(image_config(), image_request())

    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_kept(path, lines, image_config, image_request):
    path.write_text('{"v": 1, "cost": 2.5}\n')
    generate_image(image_config(), image_request())

    assert lines()[0] == {"v": 1, "cost": 2.5}
    assert len(lines()) == 2


def test_it_is_its_owners_alone(path, image_config, image_request):
    generate_image(image_config(), image_request())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_was_moved_away_is_begun_anew(path, lines, image_config, image_request):
    generate_image(image_config(), image_request())
    path.rename(path.with_suffix(".old"))
    generate_image(image_config(), image_request())

    assert len(lines()) == 1


@pytest.mark.parametrize("place", ["a folder", "no folder", "a pipe that nobody reads"])
def test_a_failure_is_only_logged(place, tmp_path, monkeypatch, image_config, image_request, caplog):
    path = {"a folder": tmp_path, "no folder": tmp_path / "none" / "spent.jsonl"}.get(place, tmp_path / "pipe")
    if place.startswith("a pipe"):
        os.mkfifo(path)
    monkeypatch.setenv("TARASH_LEDGER", str(path))
    with caplog.at_level(logging.WARNING, "tarash"):
        response = generate_image(image_config(), image_request())

    (record,) = [record for record in caplog.records if record.name.startswith("tarash.ledger")]
    assert record.getMessage().startswith(f"{response.request_id}: the ledger {path} cannot be written: ")


def test_a_full_disk_is_only_logged(caplog):
    with caplog.at_level(logging.WARNING, "tarash.ledger"):
        append("/dev/full", {"request_id": "req_1"})

    assert caplog.messages == ["req_1: the ledger /dev/full cannot be written: [Errno 28] No space left on device"]


def test_whatever_a_vendor_counts_becomes_one_line(path, lines):
    append(str(path), {"usage": {"text": "a\nb\u2028c \udc80", "kind": object}})
    append(str(path), {"usage": None})

    assert len(lines()) == 2
    assert path.read_bytes().count(b"\n") == 2


WRITER = """
import sys
from tarash_gateway_ledger.lines import append
for number in range(200):
    append(sys.argv[1], {"by": sys.argv[2], "number": number, "filler": sys.argv[2] * 3000})
"""


def test_lines_of_several_processes_do_not_mix(path, lines):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, name]) for name in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]

    found = [(line["by"], line["number"]) for line in map(json.loads, path.read_text().splitlines())]
    assert sorted(found) == [(name, number) for name in "abc" for number in range(200)]


def test_calls_whose_end_is_never_told_are_forgotten():
    jobs = Jobs(most=2)
    for number in range(4):
        jobs.note(f"req_{number}", f"job_{number}")

    assert len(jobs) == 2
    assert [jobs.take(f"req_{number}") for number in range(4)] == [None, None, "job_2", "job_3"]
