# ruff: noqa: INP001 # a script is in no package
"""A batch on a Ray cluster of three nodes on this machine, one of them killed on the way: what is lost or paid twice?

    scripts/setup scale
    .venv/bin/python benchmarks/batch_ray.py --rows 1000

Pictures and clips are mixed. The batch is `tarash batch --engine ray`, in a process of its own; once a part of the rows
is paid for, the workers and the raylet of one node are killed with `kill -9`. Then the vendor's book of what was paid
is held against the files. The exit code is 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from batch_kills import MUST_BE_NONE, verdict, write_rows

from tarash_gateway_sandbox import SandboxServer

TARASH = (sys.executable, "-m", "tarash_gateway_cli")
KEY = "sk-of-the-nodes-0123456789"


@contextmanager
def cluster(nodes: int, environment: dict[str, str]) -> Iterator[Any]:
    """A cluster on this machine, whose nodes have this environment."""
    os.environ.update(environment, RAY_USAGE_STATS_ENABLED="0")
    from ray.cluster_utils import Cluster  # after its environment is set, which it hands on

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        for _ in range(nodes - 1):
            made.add_node(num_cpus=1)
        made.wait_for_nodes()
        yield made
    finally:
        made.shutdown()


def kill_node(made: Any) -> int:
    """Kills the last node of a cluster, its workers first; gives how many processes that were."""
    node = list(made.worker_nodes)[-1]
    raylet = node.all_processes["raylet"][0].process.pid
    pids = [*_children(raylet), raylet]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    made.remove_node(node, allow_graceful=False)  # what else belongs to it
    return len(pids)


def _children(parent: int) -> list[int]:
    return [int(pid) for path in Path(f"/proc/{parent}/task").glob("*/children") for pid in path.read_text().split()]


def killed(server: SandboxServer, made: Any, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One batch whose cluster loses a node, and what is wrong afterwards."""
    rows: int = options.rows
    kinds = write_rows(folder / "rows.jsonl", rows, random.Random(options.seed))  # noqa: S311 # the same rows each time
    lines = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    for line in lines:
        line |= {"provider": "openai", "model": "gpt-image-2" if line["kind"] == "image" else "openai/sora-2"}
    (folder / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = [*TARASH, "batch", str(folder / "rows.jsonl"), "-o", str(folder / "out"), "--concurrency", "48"]
    command += ["--engine", "ray", "--address", made.address, "--json"]
    command += ["--kind", "video", "-p", "openai", "-m", "openai/sora-2"]  # of clips; pictures name their own
    began = time.monotonic()
    with (folder / "told").open("w") as reported, subprocess.Popen(command, stdout=reported, stderr=reported) as batch:  # noqa: S603 # our own script
        while len(server.paid) < rows * options.at and batch.poll() is None:
            time.sleep(0.01)
        processes = kill_node(made) if batch.poll() is None else 0
        kill_at = time.monotonic() - began
        status = batch.wait(600)
    found = {"exit code": status, "seconds": round(time.monotonic() - began, 1)}
    found |= {"killed at": round(kill_at, 1), "processes killed": processes}
    found["workers"] = len(list((folder / "out" / ".journal").glob("*.jsonl"))) - 1  # and the batch's own file
    if status not in (0, 3):
        found["it said"] = (folder / "told").read_text()[-3000:]
    return found | verdict(server, folder, kinds)


def main() -> int:
    """Runs, prints, and tells by its exit code whether all is well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--at", type=float, default=0.4, help="the part of the rows that is paid for when a node dies")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with (
        SandboxServer(quick=True, job_seconds=0.5) as server,
        tempfile.TemporaryDirectory(prefix="tarash-ray-") as folder,
    ):
        # Some rows are to be on their way at the moment of the kill.
        server.slow_seconds = 0.2
        server.fail("slow_first_byte", method="POST", times=None)
        environment = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}
        with cluster(options.nodes, environment) as made:
            found = killed(server, made, Path(folder), options)
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
        wrong = any(found[name] for name in MUST_BE_NONE)
        expected = 3 if found.get("unconfirmed") else 0
        return 1 if wrong or found["exit code"] != expected or not found["processes killed"] else 0


if __name__ == "__main__":
    sys.exit(main())
