# ruff: noqa: INP001 # a script is in no package
"""A batch against a bare script of asyncio and OpenAI's SDK, in the same run: rows a second, and memory.

    .venv/bin/python benchmarks/batch.py --rows 2000 --faults 0.02 --concurrency 64 --rounds 3

The vendor is the sandbox in a process of its own. Both make a picture of each row, so many at a time; the same rows
meet the same faults. The bare script writes the pictures and nothing else: no journal, no sidecars, no resuming. Each
runs in a process of its own, in turns; its time counts from the first request, its memory is its peak.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import logging
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

FAULTS = ("rate_limited_once", "unavailable_once", "dropped_once", "server_error")
"""What a share of the rows meets: refusals that pass, a connection that breaks, and an error that stays."""


def bare(url: str, rows: Path, out: Path, concurrency: int) -> dict[str, Any]:
    """The script that everybody writes."""
    import openai  # what is measured

    failed = 0

    async def work(client: openai.AsyncOpenAI, waiting: Any) -> None:
        nonlocal failed
        for line in waiting:
            row = json.loads(line)
            try:
                answer = await client.images.generate(model=row["model"], prompt=row["prompt"])
            except openai.OpenAIError:
                failed += 1
                continue
            picture = base64.b64decode(answer.data[0].b64_json)  # type: ignore[index, arg-type] # as such scripts do
            (out / f"{row['id']}.png").write_bytes(picture)

    async def run() -> None:
        async with openai.AsyncOpenAI(api_key="sk-bare", base_url=url) as client:
            with rows.open() as waiting:
                await asyncio.gather(*(work(client, waiting) for _ in range(concurrency)))

    out.mkdir()
    began = time.monotonic()
    asyncio.run(run())
    return {"seconds": time.monotonic() - began, "failed": failed}


def ours(url: str, rows: Path, out: Path, concurrency: int) -> dict[str, Any]:
    """The same with `run_batch`."""
    import openai  # noqa: F401 # both have it loaded before their time begins

    from tarash.tarash_gateway import run_batch  # noqa: PLC0415 # as above
    from tarash.tarash_gateway.models import ImageGenerationConfig  # noqa: PLC0415 # as above

    config = ImageGenerationConfig(provider="openai", model="gpt-image-1", api_key="sk-ours", base_url=url)
    began = time.monotonic()
    result = run_batch(rows, out, configs=config, concurrency=concurrency)
    seconds = time.monotonic() - began
    return {"seconds": seconds, "failed": result.failed, "unconfirmed": result.unconfirmed}


SIDES = {"bare": bare, "ours": ours}


def one(side: str, url: str, rows: Path, folder: Path, concurrency: int) -> dict[str, Any]:
    """One side in a process of its own."""
    command = [sys.executable, __file__, "--side", side, "--url", url, "--concurrency", str(concurrency)]
    command += ["--rows", str(sum(1 for _ in rows.open()))]
    # Observers that happen to be installed are no part of it.
    surroundings = {**os.environ, "TARASH_DISABLE_PLUGINS": "opentelemetry,ledger"}
    done = subprocess.run(  # noqa: S603 # our own script
        [*command, str(rows), str(folder / side)], check=True, stdout=subprocess.PIPE, text=True, env=surroundings
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write_rows(path: Path, count: int, faults: float, seed: int) -> None:
    """Rows, a share of which meets a fault."""
    chance = random.Random(seed)  # noqa: S311 # the same run for the same seed
    with path.open("w") as file:
        for number in range(count):
            model = f"gpt-image-1@{chance.choice(FAULTS)}" if chance.random() < faults else "gpt-image-1"
            file.write(json.dumps({"id": f"row-{number}", "prompt": f"prompt {number}", "model": model}) + "\n")


def compared(options: argparse.Namespace) -> dict[str, Any]:
    """Both sides in turns."""
    script = Path(__file__).with_name("soak_vendor.py")
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    report: dict[str, Any] = {"rows": options.rows, "faults": options.faults, "concurrency": options.concurrency}
    vendor = subprocess.Popen(  # noqa: S603 # our own script
        [sys.executable, str(script), "0.2", "0.2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert vendor.stdout is not None  # noqa: S101 # a pipe, see above
    url = json.loads(vendor.stdout.readline())["url"]
    try:
        for number in range(options.rounds):
            for side in SIDES if number % 2 else reversed(SIDES):
                with tempfile.TemporaryDirectory(prefix="tarash-batch-") as folder:
                    rows = Path(folder, "rows.jsonl")
                    write_rows(rows, options.rows, options.faults, number)
                    found = one(side, url, rows, Path(folder), options.concurrency)
                seconds[side].append(found.pop("seconds"))
                report[side] = found
    finally:
        vendor.communicate()
    for side, times in seconds.items():
        report[side]["rows a second"] = round(options.rows / statistics.median(times), 1)
    report["ours / bare"] = round(report["ours"]["rows a second"] / report["bare"]["rows a second"], 2)
    return report


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--faults", type=float, default=0.02, help="the share of rows that meet a fault")
    parser.add_argument("--concurrency", type=int, default=64, help="rows side by side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("places", nargs="*", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side is None:
        found = compared(options)
    else:
        warnings.simplefilter("ignore")
        logging.getLogger("tarash").addHandler(logging.NullHandler())
        found = SIDES[options.side](options.url, *options.places, options.concurrency)
        found["cpu ms a row"] = round(1000 * time.process_time() / options.rows, 2)
        found["peak memory mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    sys.stdout.write(json.dumps(found, indent=2 if options.side is None else None) + "\n")


if __name__ == "__main__":
    main()
