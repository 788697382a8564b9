# ruff: noqa: INP001 # a script is in no package
"""Batches that are killed with `kill -9` again and again: is every file there, and nothing paid for twice?

    .venv/bin/python benchmarks/batch_kills.py --rows 500 --kills 3 --seeds 20

Pictures and clips are mixed. The moments of the kills are random: after so many requests were paid, and a moment. A
last run goes to the end. Then the vendor's book of what was paid is held against the files, and the journal is read
after a cut at random places. The exit code is 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from batch_runner import Runner

from tarash.tarash_gateway import Journal
from tarash.tarash_gateway.media.structure import inspect_file
from tarash_gateway_sandbox import SandboxServer

MUST_BE_NONE = ("paid twice", "rows without a file or a word", "broken files", "wrong sidecars", "torn journals")
CUTS = 20
"""Places at which a copy of the journal is cut."""


def write_rows(path: Path, count: int, chance: random.Random) -> dict[str, str]:
    """Rows of both kinds; gives the kind of each id."""
    kinds = {f"row-{number}": chance.choice(("image", "video")) for number in range(count)}
    lines = [json.dumps({"id": name, "kind": kind, "prompt": f"prompt of {name}"}) for name, kind in kinds.items()]
    path.write_text("\n".join(lines) + "\n")
    return kinds


def killed(
    server: SandboxServer, runner: Runner, folder: Path, options: argparse.Namespace, seed: int
) -> dict[str, Any]:
    """One batch with its kills, and what is wrong afterwards."""
    chance = random.Random(seed)  # noqa: S311 # the same run for the same seed
    server.clear()
    kinds = write_rows(folder / "rows.jsonl", options.rows, chance)
    run = {"url": server.url, "rows": str(folder / "rows.jsonl"), "out": str(folder / "out")}
    run["concurrency"] = options.concurrency
    # Rows that a kill leaves unconfirmed are not paid again: the last kill must come before the rest is done.
    paid_at_last = max(options.rows - (options.kills + 1) * options.concurrency, options.rows // 2)
    moments = sorted(chance.sample(range(1, paid_at_last), options.kills))
    kills = 0
    for moment in moments:
        pid = runner.start(**run)
        kills += _kill_at(server, runner, pid, moment, chance.uniform(0.0, 0.03))
    status = runner.wait(runner.start(**run))
    found = verdict(server, folder, kinds)
    return {"seed": seed, "kills": kills, "last run": "ended" if status == 0 else f"status {status}", **found}


def _kill_at(server: SandboxServer, runner: Runner, pid: int, paid: int, later: float) -> int:
    """Kills a run once so many requests were paid in all; 0 where it was over before."""
    while len(server.paid) < paid:
        if runner.is_over(pid):
            return 0
        time.sleep(0.002)
    time.sleep(later)
    if runner.is_over(pid):
        return 0
    runner.kill(pid)
    # What it had sent belongs to the time before: the next run asks at once for what was made, not half a minute later.
    for _ in range(5):
        with urllib.request.urlopen(f"{server.origin}/car.jpg", timeout=60) as answer:  # noqa: S310 # our own server
            answer.read()
    return 1


def verdict(server: SandboxServer, folder: Path, kinds: dict[str, str]) -> dict[str, Any]:
    """What the vendor's book, the files and the file of results say."""
    out = folder / "out"
    reported = {}
    for line in (out / "results.jsonl").read_text().splitlines():
        outcome = json.loads(line)
        reported[outcome["id"]] = outcome
    paid = Counter(item.prompt for item in server.paid)
    silent = [name for name in kinds if not _is_told(reported.get(name), out)]
    files = [(name, out / file["path"]) for name, outcome in reported.items() for file in outcome["files"]]
    return {
        "paid": sum(paid.values()),
        "files": len(files),
        "unconfirmed": sum(outcome["status"] == "unconfirmed" for outcome in reported.values()),
        "paid twice": sum(count > 1 for count in paid.values()),
        "rows without a file or a word": len(silent),
        "broken files": sum(not _is_whole(path, kinds[name]) for name, path in files),
        "wrong sidecars": sum(not _is_described(path, name) for name, path in files),
        "torn journals": sum(not _is_readable(cut, folder) for cut in _cuts(out / ".journal")),
    }


def _is_told(outcome: dict[str, Any] | None, out: Path) -> bool:
    if outcome is None:
        return False
    return outcome["status"] == "unconfirmed" or (
        outcome["status"] == "done" and all((out / file["path"]).is_file() for file in outcome["files"])
    )


def _is_whole(path: Path, kind: str) -> bool:
    return inspect_file(path).content_type.startswith(kind)


def _is_described(path: Path, name: str) -> bool:
    sidecar = path.with_name(f"{path.name}.json")
    return sidecar.is_file() and json.loads(sidecar.read_text())["prompt"] == f"prompt of {name}"


def _cuts(journal: Path) -> Iterator[bytes]:
    whole = b"".join(path.read_bytes() for path in sorted(journal.glob("*.jsonl")))
    chance = random.Random(len(whole))  # noqa: S311 # guards nothing
    for _ in range(CUTS):
        yield whole[: chance.randrange(len(whole))]


def _is_readable(cut: bytes, folder: Path) -> bool:
    place = folder / "cut"
    place.mkdir(exist_ok=True)
    (place / "1.jsonl").write_bytes(cut)
    intents = {json.loads(line).get("intent") for line in cut.splitlines(keepends=True) if line.endswith(b"\n")}
    return {entry.intent for entry in Journal(place).entries()} == intents - {None}


def main() -> int:
    """Runs, prints, and tells by its exit code whether all is well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=32)
    options = parser.parse_args()
    logging.getLogger("tarash").addHandler(logging.NullHandler())  # a line for each cut would hide the figures
    bad = 0
    runner = Runner()
    try:
        with SandboxServer(quick=True, job_seconds=0.3) as server:
            for seed in range(options.first_seed, options.first_seed + options.seeds):
                with tempfile.TemporaryDirectory(prefix="tarash-batch-") as folder:
                    found = killed(server, runner, Path(folder), options, seed)
                wrong = any(found[name] for name in MUST_BE_NONE) or found["last run"] != "ended"
                bad += wrong
                sys.stdout.write(json.dumps(found) + "\n")
                sys.stdout.flush()
    finally:
        runner.close()
    sys.stdout.write(f"{options.seeds - bad} of {options.seeds} seeds are well\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
