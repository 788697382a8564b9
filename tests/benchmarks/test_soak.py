"""A small soak, and its verdict: it must see what it is there to see."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tarash.tarash_gateway import errors

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_sixty_jobs_with_many_faults_lose_nothing_and_pay_nothing_twice(tmp_path):
    options = {"jobs": 60, "faults": 0.3, "seed": 3, "concurrency": 30, "timeout": 2, "job-seconds": 0.05}
    place = tmp_path / "soak.json"

    done = subprocess.run(
        [
            sys.executable,
            BENCHMARKS / "soak.py",
            *(f"--{name}={value}" for name, value in options.items()),
            "--json",
            place,
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(place.read_text())
    assert [report[name] for name in ("lost", "paid_twice", "said_to_be_free", "half_files", "sockets_left")] == [
        [],
        [],
        [],
        0,
        0,
    ]
    assert sum(report["ended_in"].values()) == 60
    assert report["ended_in"]["file"] >= 42
    assert report["errors_on_the_way"]
    assert {*report["errors_on_the_way"], *report["ended_in"]} - {"file"} <= set(errors.__all__)


@pytest.fixture(scope="module")
def verdict_of():
    spec = importlib.util.spec_from_file_location("soak_verdict", BENCHMARKS / "soak_verdict.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its module up
    try:
        spec.loader.exec_module(module)
        yield lambda ends, *rest: module.verdict({at: module.Outcome(*end) for at, end in ends.items()}, *rest)
    finally:
        del sys.modules[spec.name]


CLIP = b"\0\0\0\x18ftypisom"


@pytest.mark.parametrize(
    ("end", "paid", "file", "found"),
    [
        pytest.param(("job",), 1, CLIP, {}, id="a-file"),
        pytest.param((None, "AuthenticationError", "no"), 0, None, {}, id="refused"),
        pytest.param(("job", "JobExpiredError", "yes"), 1, None, {}, id="a-typed-end"),
        pytest.param((None, "UnconfirmedGenerationError", "unknown"), 0, None, {}, id="unknown-and-unpaid"),
        pytest.param((None, "UnconfirmedGenerationError", "unknown"), 1, None, {"lost": [7]}, id="unknown-and-paid"),
        pytest.param(("job", "DownloadError", "yes"), 1, None, {"lost": [7]}, id="never-fetched"),
        pytest.param(("job",), 1, None, {"lost": [7]}, id="a-response-without-a-file"),
        pytest.param(("job",), 1, b"<html>", {"lost": [7]}, id="a-file-that-is-no-clip"),
        pytest.param(("job",), 2, CLIP, {"paid_twice": [7]}, id="paid-twice"),
        pytest.param(("job", "JobExpiredError", "no"), 1, None, {"said_to_be_free": [7]}, id="paid-and-said-free"),
    ],
)
def test_the_verdict_sees_what_was_lost_or_paid_twice(verdict_of, tmp_path, end, paid, file, found):
    if file is not None:
        (tmp_path / "7.mp4").write_bytes(file)

    received = verdict_of({7: end}, [(7, f"job-{at}") for at in range(paid)], tmp_path)

    bad = {name: received[name] for name in ("lost", "paid_twice", "said_to_be_free") if received[name]}
    assert bad == found


def test_the_verdict_sees_half_files_and_jobs_that_nobody_asked_for(verdict_of, tmp_path):
    (tmp_path / ".7.mp4.abcd.part").write_bytes(CLIP)

    received = verdict_of({}, [(8, "job")], tmp_path)

    assert (received["half_files"], received["lost"]) == (1, [8])
