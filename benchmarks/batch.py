# ruff: noqa: INP001 # a script is in no package
"""A batch against a bare script of asyncio and OpenAI's SDK, in turns: time and CPU for a row, and memory.

    .venv/bin/python benchmarks/batch.py --rows 20000 --rounds 1

The vendor is the sandbox in a process of its own. Both make a picture of each row, so many at a time; the same rows
meet the same faults. The bare script writes the pictures and nothing else: no journal, no sidecars, no resuming. Each
runs in a process of its own; its time counts from the first request. Memory is what the process holds when a quarter of
the rows is done, and when all are.
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
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from frame.figures import Figure

FAULTS = ("rate_limited_once", "unavailable_once", "dropped_once", "server_error")
"""What a share of the rows meets: refusals that pass, a connection that breaks, and an error that stays."""

ROWS = 1000
SHARE = 0.02
"""Of rows that meet a fault."""

CONCURRENCY = 64


class Watch:
    """How many rows are done, and the memory at each quarter of them."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._done = 0
        self.memory: list[float] = []

    def __call__(self, _outcome: object = None) -> None:
        self._done += 1
        if self._done * 4 // self._rows > len(self.memory):
            self.memory.append(round(held() / 1e6, 1))


def bare(url: str, rows: Path, out: Path, concurrency: int, watch: Watch) -> int:
    """The script that everybody writes; gives the number of rows without a file."""
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
            else:
                picture = base64.b64decode(answer.data[0].b64_json)  # type: ignore[index, arg-type] # as such scripts do
                (out / f"{row['id']}.png").write_bytes(picture)
            watch()

    async def run() -> None:
        async with openai.AsyncOpenAI(api_key="sk-bare", base_url=url) as client:
            with rows.open() as waiting:
                await asyncio.gather(*(work(client, waiting) for _ in range(concurrency)))

    out.mkdir()
    asyncio.run(run())
    return failed


def ours(url: str, rows: Path, out: Path, concurrency: int, watch: Watch) -> int:
    """The same with `run_batch`."""
    from tarash.tarash_gateway import run_batch  # noqa: PLC0415 # of this side alone
    from tarash.tarash_gateway.models import ImageGenerationConfig  # noqa: PLC0415 # as above

    config = ImageGenerationConfig(provider="openai", model="gpt-image-1", api_key="sk-ours", base_url=url)
    result = run_batch(rows, out, configs=config, concurrency=concurrency, on_row=watch)
    return result.failed + result.unconfirmed


SIDES: dict[str, Callable[[str, Path, Path, int, Watch], int]] = {"bare script": bare, "tarash": ours}


def compared(rows: int, rounds: int, *, share: float = SHARE, concurrency: int = CONCURRENCY) -> dict[str, list[Any]]:
    """What each side's runs found, made in turns."""
    found: dict[str, list[Any]] = defaultdict(list)
    with vendor() as url:
        for number in range(rounds):
            for side in SIDES if number % 2 else reversed(SIDES):
                with tempfile.TemporaryDirectory(prefix="tarash-batch-") as folder:
                    place = Path(folder, "rows.jsonl")
                    write_rows(place, rows, share, number)
                    found[side].append(_apart(side, url, place, rows, concurrency))
    return found


def measure(rounds: int) -> list[Figure]:
    """The figures for the table of all benchmarks."""
    found = compared(ROWS, rounds)
    what = f"{ROWS:,} rows, {SHARE:.0%} faults, {CONCURRENCY} at a time"
    # 0.9 times as many rows a second.
    figures = _figures(found, what, "ms a row", 1 / 0.9) + _figures(found, what, "ms CPU a row")
    for side, runs in found.items():
        grown = [run["memory"][-1] - run["memory"][0] for run in runs]
        figures.append(Figure.of(grown, topic="batch", what="memory, last 3 quarters", contender=side, unit="MB"))
    return figures


def _figures(found: dict[str, list[Any]], what: str, unit: str, budget: float | None = None) -> list[Figure]:
    times = {side: [run[unit] for run in runs] for side, runs in found.items()}
    fixed: dict[str, Any] = {"topic": "batch", "what": what, "unit": unit}
    reference = ("bare script", times["bare script"])
    return [
        Figure.of(times["tarash"], contender="tarash", reference=reference, budget=budget, **fixed),
        Figure.of(times["bare script"], contender="bare script", **fixed),
    ]


@contextmanager
def vendor() -> Iterator[str]:
    """The sandbox in a process of its own; gives its address."""
    command = [sys.executable, str(Path(__file__).with_name("soak_vendor.py")), "0.2", "0.2"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 # our own script
    assert process.stdout is not None  # noqa: S101 # a pipe, see above
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.communicate()


def write_rows(path: Path, count: int, faults: float, seed: int) -> None:
    """Rows, a share of which meets a fault."""
    chance = random.Random(seed)  # noqa: S311 # the same run for the same seed
    with path.open("w") as file:
        for number in range(count):
            model = f"gpt-image-1@{chance.choice(FAULTS)}" if chance.random() < faults else "gpt-image-1"
            file.write(json.dumps({"id": f"row-{number}", "prompt": f"prompt {number}", "model": model}) + "\n")


def held() -> int:
    """Bytes of memory that this process holds now; where that is not told, the most that it ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


def _apart(side: str, url: str, rows: Path, count: int, concurrency: int) -> dict[str, Any]:
    """One side in a process of its own."""
    command = [sys.executable, __file__, "--side", side, "--url", url, "--rows", str(count)]
    command += ["--concurrency", str(concurrency), str(rows)]
    # Observers that happen to be installed are no part of it.
    surroundings = {**os.environ, "TARASH_DISABLE_PLUGINS": "opentelemetry,ledger"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=surroundings)  # noqa: S603 # our own script
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _side(options: argparse.Namespace) -> dict[str, Any]:
    """What one side finds out, in its process."""
    import openai  # noqa: F401 # both have it loaded before their time begins

    warnings.simplefilter("ignore")
    logging.getLogger("tarash").addHandler(logging.NullHandler())
    watch = Watch(options.rows)
    cpu, began = time.process_time(), time.monotonic()
    failed = SIDES[options.side](options.url, options.place, options.place.with_name("out"), options.concurrency, watch)
    seconds, used = time.monotonic() - began, time.process_time() - cpu
    return {
        "ms a row": 1000 * seconds / options.rows,
        "ms CPU a row": 1000 * used / options.rows,
        "failed": failed,
        "memory": watch.memory,
        "peak": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1),
    }


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--faults", type=float, default=SHARE, help="the share of rows that meet a fault")
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY, help="rows side by side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("place", nargs="?", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side is not None:
        sys.stdout.write(json.dumps(_side(options)) + "\n")
        return
    found = compared(options.rows, options.rounds, share=options.faults, concurrency=options.concurrency)
    for side, runs in found.items():
        for run in runs:
            sys.stdout.write(f"{side:12} {json.dumps(run)}\n")
    for figure in _figures(found, "a row", "ms a row", 1 / 0.9) + _figures(found, "a row", "ms CPU a row"):
        sys.stdout.write(f"{json.dumps(asdict(figure))}\n")


if __name__ == "__main__":
    main()
