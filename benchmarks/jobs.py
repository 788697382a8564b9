# ruff: noqa: INP001 # a script is in no package
"""A thousand video jobs side by side in one event loop, and ten thousand that wait.

    .venv/bin/python benchmarks/jobs.py --rounds 1

Each contender runs in a process of its own, in turns, against a vendor in another one that costs next to nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from frame.figures import Figure
from jobs_vendor import vendor

from tarash.tarash_gateway.flows.retry import pause_before
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import VideoStatus

JOBS = 1000
FEWER_JOBS = 200
"""Jobs at which status requests are compared: with a thousand, the bare SDK comes to none before they are done."""

WAITING_JOBS = 10_000
SECONDS, SPREAD = 8.0, 4.0
"""How long the vendor works after the last submit, and up to how much longer."""

OURS, BARE, SDK = "tarash", "tarash, collector off", "openai SDK"
CONTENDERS = {OURS: "tarash", BARE: "tarash without collector", SDK: "sdk"}

STALL_MS = 20.0
POLL_RATIO = 1.1
WAITING_KB = 20.0
Found = dict[str, dict[str, list[float]]]
"""The runs of each contender, by what was measured."""

LENGTHS = {"5 s": 5.0, "30 s": 30.0, "3 min": 180.0, "20 min": 1200.0}
ANSWER = 0.15
"""Seconds that a status request takes, there and back, where the pace is reckoned rather than measured."""


def measure(rounds: int, jobs: int = JOBS, waiting: int = WAITING_JOBS) -> list[Figure]:
    """The figures: stalls, CPU time, connections, delays and memory."""
    found: Found = {name: defaultdict(list) for name in CONTENDERS}
    memory, fewer = [], min(jobs, FEWER_JOBS)
    for number in range(rounds):
        for name in CONTENDERS if number % 2 else reversed(CONTENDERS):
            sys.stderr.write(f"round {number + 1} of {rounds}: {name}\n")
            for what, value in _side_by_side(name, jobs).items():
                found[name][what].append(value)
            if name != BARE:
                found[name]["poll"].append(_cost_of_a_look(name, fewer))
        sys.stderr.write(f"round {number + 1} of {rounds}: {waiting} waiting jobs\n")
        memory.append(_run("waiting", waiting)[0]["kib_each"] * 1.024)
    return [*_stalls(found, jobs), *_looks(found, fewer), *_rest(found, jobs), _memory(memory, waiting), *_pace()]


def _side_by_side(name: str, jobs: int) -> dict[str, float]:
    """What one contender came to."""
    run, book = _run(CONTENDERS[name], jobs)
    late = sorted(known - book["done"][job] for job, known in run["known"].items())
    looks = [book["looks"][job] for job in run["known"]]
    return {
        "stall": run["cpu_ms"],
        "wall": run["wall_ms"],
        "connections": book["most_connections"],
        "late": late[len(late) * 95 // 100],
        "looks": statistics.median(looks),
    }


def _cost_of_a_look(name: str, jobs: int) -> float:
    """Microseconds of CPU time for a status request, while all jobs wait."""
    run, book = _run(CONTENDERS[name], jobs)
    (began, before), (ended, after) = run["waiting"]
    wanted = sum(began < at < ended for at in book["at"])
    return float((after - before) * 1e6 / wanted)


def _run(contender: str, jobs: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a contender's process says, and what the vendor has seen."""
    script = str(Path(__file__).with_name("jobs_contenders.py"))
    far = 3600.0 if contender == "waiting" else SECONDS
    with vendor(jobs, far, SPREAD) as server, tempfile.TemporaryDirectory(prefix="tarash-jobs-") as folder:
        done = subprocess.run(  # noqa: S603 # our own script
            [sys.executable, script, contender, server.url, str(jobs), folder],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TARASH_DISABLE_PLUGINS": "ledger,opentelemetry"},
        )
        return json.loads(done.stdout.splitlines()[-1]), server.book()


def _stalls(found: Found, jobs: int) -> list[Figure]:
    budgets = {OURS: STALL_MS, BARE: STALL_MS, SDK: None}
    what = f"{jobs:,} jobs: longest stall of the event loop"
    return [
        Figure.of(
            found[name][key],
            topic="jobs",
            what=what,
            contender=name,
            unit=unit,
            budget=budgets[name] if key == "stall" else None,
        )
        for key, unit in (("stall", "ms CPU"), ("wall", "ms"))
        for name in CONTENDERS
    ]


def _looks(found: Found, jobs: int) -> list[Figure]:
    theirs = found[SDK]["poll"]
    return [
        Figure.of(
            found[name]["poll"],
            topic="jobs",
            what=f"{jobs:,} jobs: one status request",
            contender=name,
            unit="us CPU",
            reference=None if name == SDK else (SDK, theirs),
            budget=POLL_RATIO if name == OURS else None,
        )
        for name in (OURS, SDK)
    ]


def _rest(found: Found, jobs: int) -> list[Figure]:
    figures = []
    for key, what, unit in (
        ("connections", "connections at a time", "count"),
        ("late", "done at the vendor to known here, 95 of 100", "s"),
        ("looks", "status requests of a job", "count"),
    ):
        figures += [
            Figure.of(found[name][key], topic="jobs", what=f"{jobs:,} jobs: {what}", contender=name, unit=unit)
            for name in (OURS, SDK)
        ]
    return figures


def _memory(runs: list[float], jobs: int) -> Figure:
    what = f"{jobs:,} waiting jobs: each"
    return Figure.of(runs, topic="jobs", what=what, contender=OURS, unit="KB", budget=WAITING_KB)


def _pace() -> list[Figure]:
    """How late a job is known to be done, and what it costs in requests: reckoned, for jobs of four lengths."""
    figures = []
    chance = random.Random(1)  # noqa: S311 # the same figures in each run
    for name, seconds in LENGTHS.items():
        # Jobs that take a little less or more: what one of them meets is luck.
        ends = [_known_at(seconds * chance.uniform(0.95, 1), chance) for _ in range(500)]
        most = 1.0 if seconds <= 30 else seconds / 20
        for what, runs, unit, budget in (
            ("done at the vendor to known here", [late for late, _ in ends], "s", most),
            ("status requests", [float(count) for _, count in ends], "count", None),
        ):
            figures.append(
                Figure.of(runs, topic="jobs", what=f"a job of {name}: {what}", contender=OURS, unit=unit, budget=budget)
            )
    return figures


def _known_at(done: float, chance: random.Random) -> tuple[float, int]:
    """Seconds after which it is known that a job was done, and after how many requests."""
    status = VideoStatus(VideoJob(provider="acme", model="m", id="1", endpoint="https://acme.test"))
    age, looks = 0.0, 0
    while True:
        reported = age + pause_before(status, age, chance.random(), interval=None, first=looks == 0) + ANSWER / 2
        age, looks = reported + ANSWER / 2, looks + 1
        if reported >= done:
            return age - done, looks


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--waiting", type=int, default=WAITING_JOBS)
    options = parser.parse_args()
    for figure in measure(options.rounds, options.jobs, options.waiting):
        kept = {None: "", True: "  kept", False: "  NOT KEPT"}[figure.kept]
        ratio = "" if figure.ratio is None else f"  {figure.ratio:.2f} x {figure.against}"
        spread = f"({figure.low:.4g} to {figure.high:.4g})"
        sys.stdout.write(
            f"{figure.what}  {figure.contender}: {figure.median:.4g} {figure.unit} {spread}{ratio}{kept}\n"
        )


if __name__ == "__main__":
    main()
