"""`kill -9` at any moment: every file is there or its row is named, nothing is paid for twice, the journal is readable."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tarash.tarash_gateway import Journal
from tarash_gateway_batch.folder import OutputFolder
from tarash_gateway_batch.history import History
from tarash_gateway_batch.resume import decide
from tarash_gateway_batch.rows import RowChecker
from tarash_gateway_batch.settings import BatchSettings, ConfigResolver
from tarash_gateway_batch.source import raw_row

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "batch_kills.py"


@pytest.mark.parametrize(
    ("seed", "rows", "concurrency"),
    [
        (1, 24, 6),
        pytest.param(1, 60, 6, marks=pytest.mark.slow),
        pytest.param(2, 500, 32, marks=pytest.mark.slow),
        pytest.param(3, 500, 32, marks=pytest.mark.slow),
    ],
)
def test_three_kills_at_random_moments_lose_nothing_and_pay_for_nothing_twice(seed, rows, concurrency):
    options = {"rows": rows, "kills": 3, "seeds": 1, "first-seed": seed, "concurrency": concurrency}
    command = [sys.executable, str(SCRIPT), *(f"--{name}={value}" for name, value in options.items())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[0])
    assert found["kills"] == 3
    assert found["files"] + found["unconfirmed"] == rows
    assert (found["paid twice"], found["torn journals"]) == (0, 0)


def test_a_journal_that_is_cut_off_anywhere_is_read_and_no_row_that_was_sent_is_sent_again(
    run, image, video, out, tmp_path, configs
):
    rows = [image("a"), video("b"), image("c")]
    run(rows, concurrency=1)
    [path] = (out / ".journal").glob("*.jsonl")
    whole = path.read_bytes()
    settings = BatchSettings(out=out, journal=tmp_path / "cut")
    checker = RowChecker(ConfigResolver(configs), {})
    checked = [checker.check(raw_row(at, row)) for at, row in enumerate(rows, start=1)]
    place = tmp_path / "cut" / "1.jsonl"
    place.parent.mkdir()
    last_lines = sum(len(line) for line in whole.splitlines(keepends=True)[-3:])
    for size in range(len(whole) - last_lines, len(whole) + 1):
        place.write_bytes(whole[:size])
        lines = [json.loads(line) for line in whole[:size].splitlines(keepends=True) if line.endswith(b"\n")]
        sent = {line["label"] for line in lines if "label" in line}
        assert {entry.label for entry in Journal(place.parent).entries()} == sent
        history = History(place.parent)
        steps = {row.id: decide(row, history.requests_of(row.id), OutputFolder(out), settings).step for row in checked}
        history.close()
        assert {name for name, step in steps.items() if step == "send"} == set()
        assert {name for name, step in steps.items() if step in ("done", "resume", "recover_file")} == sent
    checker.close()
