# ruff: noqa: INP001 # a script is in no package
"""The memory of a batch of a million rows, of which so many are in flight.

    .venv/bin/python benchmarks/batch_memory.py --rows 1000000 --sent 20000 --in-flight 500

A million requests take hours at any vendor, so most of the rows failed in an earlier run, as the journal has it: they
are read, checked twice, looked up in the journal and told again, and not sent. The last ones are sent
to the sandbox, in a process of its own. What is told is the peak of the batch's process, and what it holds at
each tenth of the rows. What a row costs that is sent is what `benchmarks/batch.py` tells of its later quarters.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batch import held, vendor

MODEL = "gpt-image-1"


def write(folder: Path, rows: int, sent: int) -> None:
    """The file of rows, and the journal of the run in which most of them failed."""
    at = datetime.now(UTC).isoformat()
    (folder / "journal").mkdir()
    with (
        (folder / "rows.jsonl").open("w") as file,
        (folder / "journal" / "20260101T000000-1-a.jsonl").open("w") as past,
    ):
        for number in range(rows):
            row = {"id": f"row-{number}", "prompt": f"A lighthouse at dusk, seen from the sea, number {number}"}
            file.write(json.dumps(row) + "\n")
            if number >= rows - sent:
                continue
            fixed = {"v": 1, "at": at, "intent": f"int_{number:032x}"}
            wanted = {"prompt": row["prompt"], "n": 1}
            intent = {"event": "intent", "kind": "image", "label": row["id"], "provider": "openai", "model": MODEL}
            past.write(json.dumps({**fixed, **intent, "request_id": f"req_{number:032x}", "asked": wanted}) + "\n")
            error = "ContentPolicyError: refused by the safety system"
            past.write(json.dumps({**fixed, "event": "refused", "error": error}) + "\n")


def run(url: str, folder: Path, rows: int, in_flight: int) -> dict[str, Any]:
    """The batch, in a process of its own; what it held, in MB."""
    import openai  # noqa: F401 # it counts from the beginning

    from tarash.tarash_gateway import run_batch  # noqa: PLC0415 # of this process alone
    from tarash.tarash_gateway.models import ImageGenerationConfig  # noqa: PLC0415 # as above

    warnings.simplefilter("ignore")
    logging.getLogger("tarash").addHandler(logging.NullHandler())
    done = most = 0
    tenths: list[float] = []

    def count(_outcome: object) -> None:
        nonlocal done
        done += 1
        if done * 10 // rows > len(tenths):
            tenths.append(round(held() / 1e6, 1))

    def look(progress: Any) -> None:
        nonlocal most
        most = max(most, progress.in_flight)

    config = ImageGenerationConfig(provider="openai", model=MODEL, api_key="sk-memory", base_url=url)
    began, before = time.monotonic(), held()
    result = run_batch(
        folder / "rows.jsonl",
        folder / "out",
        configs=config,
        concurrency=in_flight,
        journal=folder / "journal",
        on_row=count,
        on_progress=look,
    )
    return {
        "rows": result.rows,
        "sent": result.made,
        "failed earlier": result.failed,
        "most in flight": most,
        "MB before": round(before / 1e6, 1),
        "MB at each tenth": tenths,
        "MB at the peak": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1),
        "seconds": round(time.monotonic() - began),
        "CPU seconds": round(time.process_time()),
    }


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sent", type=int, default=20_000, help="of the rows, how many are sent")
    parser.add_argument("--in-flight", type=int, default=500)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.url:
        found = run(options.url, options.folder, options.rows, options.in_flight)
        sys.stdout.write(json.dumps(found) + "\n")
        return
    with vendor() as url, tempfile.TemporaryDirectory(prefix="tarash-batch-") as folder:
        write(Path(folder), options.rows, options.sent)
        command = [sys.executable, __file__, f"--rows={options.rows}", f"--in-flight={options.in_flight}"]
        surroundings = {**os.environ, "TARASH_DISABLE_PLUGINS": "opentelemetry,ledger"}
        subprocess.run([*command, f"--url={url}", folder], check=True, env=surroundings)  # noqa: S603 # our own script


if __name__ == "__main__":
    main()
