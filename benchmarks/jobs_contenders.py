# ruff: noqa: INP001, PLC0415 # a script is in no package; each contender imports its own libraries only
"""One contender of `jobs.py`, in a process of its own: many video jobs side by side, their clips saved to files.

    python benchmarks/jobs_contenders.py CONTENDER URL JOBS FOLDER

It prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jobs_loop import Watched
from soak_measures import resident

Make = Callable[[int], Awaitable[None]]
"""Makes the clip of a job, from its submit to its file."""

SETTLED = 0.5
"""Seconds between the last submit and the first look at the CPU's clock."""


class Clock:
    """When jobs were submitted and known to be done, and how much CPU time the waiting took."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.begin()

    def begin(self) -> None:
        """Forgets what was before."""
        self.submitted = self.received = 0
        self.fixed: dict[str, float] = {}
        self.waiting: list[tuple[float, float]] = []
        """Two moments, and the CPU time of the process at each: all jobs submitted, and the first one done."""

    def was_submitted(self) -> None:
        """One more."""
        self.submitted += 1
        if self.submitted == self.jobs:
            asyncio.get_running_loop().call_later(SETTLED, self._look)

    def was_done(self, name: str) -> None:
        """One is known to be done."""
        if len(self.waiting) == 1:
            self._look()
        self.fixed.setdefault(name, time.monotonic())

    def _look(self) -> None:
        self.waiting.append((time.monotonic(), time.process_time()))


def tarash(url: str, folder: Path, clock: Clock, **settings: Any) -> Make:
    """The gateway."""
    from tarash.tarash_gateway import generate_video_async
    from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest, VideoGenerationUpdate

    fixed = {"provider": "openai", "model": "sora-2", "api_key": "sk-jobs", "base_url": url, "timeout": 3600}
    config = VideoGenerationConfig(**fixed, **settings)

    async def make(number: int) -> None:
        submitted = False

        def reported(update: VideoGenerationUpdate) -> None:
            nonlocal submitted
            if update.job is None:
                return
            if not submitted:
                submitted = True
                clock.was_submitted()
            if update.status == "downloading":
                clock.was_done(update.job.id)
            elif update.status == "in_progress":
                clock.received += 1

        request = VideoGenerationRequest(prompt=f"job {number}", duration_seconds=4)
        await generate_video_async(config, request, save_to=folder / f"{number}.mp4", on_progress=reported)

    return make


def sdk(url: str, folder: Path, clock: Clock) -> Make:
    """The official SDK, as a script uses it, at the gateway's own pace."""
    import httpx2
    import openai

    from tarash.tarash_gateway.flows.retry import pause_at

    # Without so much patience a thousand jobs end it: while its loop stands still, connections that come up are late.
    client = openai.AsyncOpenAI(api_key="sk-jobs", base_url=url, max_retries=0, timeout=600)

    async def make(number: int) -> None:
        body = {"prompt": f"job {number}", "model": "sora-2", "seconds": "4"}
        job: Any = await client.post("/videos", body=body, cast_to=object)
        clock.was_submitted()
        begun = time.monotonic()
        while job["status"] != "completed":
            await asyncio.sleep(pause_at(time.monotonic() - begun))
            job = await client.get(f"/videos/{job['id']}", cast_to=object)
        clock.was_done(job["id"])
        content = await client.get(f"/videos/{job['id']}/content", cast_to=httpx2.Response)
        (folder / f"{number}.mp4").write_bytes(content.content)

    return make


def running(make: Make, clock: Clock) -> dict[str, Any]:
    """All jobs from their submit to their file; stalls, times and CPU time."""

    async def all_of_them() -> None:
        await make(clock.jobs)  # imports, certificates, the first connection
        gc.collect()
        await asyncio.sleep(0)  # ends the turn that the collection was in
        clock.begin()
        watched.turns.clear()
        await asyncio.gather(*(make(number) for number in range(clock.jobs)))

    watched = Watched()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(watched)) as runner:
        runner.run(all_of_them())
    return {"waiting": clock.waiting, "known": clock.fixed, **watched.longest()}


def waiting(make: Make, clock: Clock) -> dict[str, Any]:
    """Memory of jobs that wait for their second look, which is far away."""
    few = min(100, clock.jobs)

    async def begun(numbers: range) -> list[asyncio.Future[None]]:
        tasks = [asyncio.ensure_future(make(number)) for number in numbers]
        received = clock.received + 2 * len(tasks)  # once as they were submitted, once as they were looked at
        while clock.received < received and not any(task.done() for task in tasks):  # noqa: ASYNC110 # the jobs share one clock
            await asyncio.sleep(0.1)
        return tasks

    async def all_of_them() -> float:
        await make(few + clock.jobs)
        tasks = await begun(range(few))
        gc.collect()
        before = resident() or 0.0
        tasks += await begun(range(few, few + clock.jobs))
        gc.collect()
        after = resident() or 0.0
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return (after - before) * 1024 / clock.jobs

    return {"kib_each": asyncio.run(all_of_them())}


def main(contender: str, url: str, jobs: int, folder: Path) -> dict[str, Any]:
    """Runs one."""
    warnings.simplefilter("ignore")  # models that are retired
    clock = Clock(jobs)
    if contender == "waiting":
        return waiting(tarash(url, folder, clock, poll_interval=3000), clock)
    if contender == "tarash without collector":
        gc.disable()
    return running((sdk if contender == "sdk" else tarash)(url, folder, clock), clock)


if __name__ == "__main__":
    inputs = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    print(json.dumps(main(*inputs)))  # noqa: T201 # who started it reads it
