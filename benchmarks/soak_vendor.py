# ruff: noqa: INP001 # a script is in no package
"""The vendor of the soak, in a process of its own: it answers one line of JSON to each line that it reads.

`cure` lets every job go on as it would without its faults, `summary` tells what was paid and asked; the end of the
input ends the process.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox import SandboxServer
from tarash_gateway_sandbox.faults.fault import USUAL
from tarash_gateway_sandbox.operations import facts_of

if TYPE_CHECKING:
    from tarash_gateway_sandbox import RecordedRequest

FAILED = ("failed", "cancelled", "expired")


def main(job_seconds: float, slow_seconds: float) -> None:
    """Serves until the input ends."""
    received: Counter[str] = Counter()

    def count(request: RecordedRequest, status: int) -> None:  # noqa: ARG001 # a listener's signature
        received[facts_of(request).operation] += 1

    with SandboxServer(quick=True, job_seconds=job_seconds, slow_seconds=slow_seconds, on_request=count) as server:
        tell({"url": server.url})
        for line in sys.stdin:
            if line.strip() == "cure":
                cure(server)
                tell({})
            else:
                paid = [[item.prompt, item.id] for item in server.paid]
                tell({"paid": paid, "requests": dict(received), "connections": server.connections})


def cure(server: SandboxServer) -> None:
    """Takes the faults from the jobs, but leaves failed what has failed."""
    jobs = server._vendor.jobs  # noqa: SLF001 # a job that heals is nothing that a server offers
    for job in jobs.all():
        failed = job.course.steps[-1][1] in FAILED
        jobs.add(dataclasses.replace(job, faults=(), course=job.course if failed else USUAL))


def tell(content: dict[str, Any]) -> None:
    """Writes one line."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
