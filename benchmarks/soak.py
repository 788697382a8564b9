# ruff: noqa: INP001 # a script is in no package
"""Thousands of video jobs with faults of all kinds: is anything lost, paid twice, or left open?

    .venv/bin/python benchmarks/soak.py --jobs 2000 --faults 0.1 --seed 1 --concurrency 200

The vendor is the sandbox in a process of its own. A share of the jobs meets a fault of its catalogue, once, twice or
always. Then the faults are over, and whatever was left behind is resumed: from the journal, which must know every job
that an error named. At the end the vendor's book of what was paid is compared with the files and errors that came of
it. The exit code is 1 where something was lost, paid twice or left open.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soak_measures import Samples
from soak_verdict import FINAL, Outcome, verdict

from tarash.tarash_gateway import (
    Journal,
    ModelLifecycleWarning,
    generate_video_async,
    recover_videos_async,
    resume_video_async,
)
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest, VideoJob
from tarash_gateway_sandbox import FAULTS

PROMPT = "soak job "
TIMES = ("", "_once", "*2")
"""How often a job meets its fault: always, once, twice."""

MUST_BE_NONE = ("lost", "paid_twice", "said_to_be_free", "half_files", "sockets_left")
MOST_ROUNDS = 3
"""How often what was left behind is resumed, since a slow machine may leave some behind again."""

BEFORE = {"content_range_ignored": "content_cut_once,", "content_416": "content_cut_once,"}
"""Faults that nothing meets by itself: a part of a file is asked for after a cut."""


@dataclass
class Soak:
    """One run."""

    url: str
    folder: Path
    options: argparse.Namespace
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    left: int = 0
    """Jobs that the first round left behind."""

    def config(self, fault: str | None = None) -> VideoGenerationConfig:
        """The config of a job that meets a fault."""
        model = f"sora-2@{fault}" if fault else "sora-2"
        fixed = {"provider": "openai", "api_key": "sk-soak", "base_url": self.url, "timeout": self.options.timeout}
        return VideoGenerationConfig(model=model, base_model="sora-2", **fixed)

    def place(self, number: int) -> Path:
        """The file of a job."""
        return self.folder / "clips" / f"{number}.mp4"

    async def make(self, number: int, fault: str | None) -> None:
        """One job from its submit to its file."""
        request = VideoGenerationRequest(prompt=f"{PROMPT}{number}", duration_seconds=4)
        await self._kept(number, generate_video_async(self.config(fault), request, save_to=self.place(number)))

    async def resume(self, number: int, job: VideoJob) -> None:
        """The file of a job that was left behind."""
        await self._kept(number, resume_video_async(self.config(), job, save_to=self.place(number)))

    async def _kept(self, number: int, call: Awaitable[Any]) -> None:
        try:
            job = (await call).job
            self.outcomes[number] = Outcome(job.id)
        except TarashError as error:
            self.errors[type(error).__name__] += 1
            job = error.job
            self.outcomes[number] = Outcome(job and job.id, type(error).__name__, error.billable)


def drawn(options: argparse.Namespace) -> list[tuple[int, str | None]]:
    """Each job's number, and the fault that it meets."""
    chance = random.Random(options.seed)  # noqa: S311 # the same run for the same seed
    names = [name for name, row in FAULTS.items() if not row.on or {*row.on} - {"image"}]

    def fault() -> str:
        name = chance.choice(names)
        if name.startswith("list_"):
            # What a list answers is the same for all jobs: it must not stay broken for the whole run.
            return f"dropped_after_creation,{name}*5"
        return BEFORE.get(name, "") + name + chance.choice(TIMES)

    return [(number, fault() if chance.random() < options.faults else None) for number in range(options.jobs)]


async def side_by_side(
    work: Iterable[tuple[Any, ...]], call: Callable[..., Awaitable[None]], most: int, done: Callable[[], None]
) -> None:
    """Calls with each piece of work, so many at a time."""
    waiting = iter(work)

    async def worker() -> None:
        for piece in waiting:
            await call(*piece)
            done()

    await asyncio.gather(*(worker() for _ in range(most)))


async def run(soak: Soak, vendor: Vendor, samples: Samples) -> dict[str, float]:
    """Makes all jobs, then fetches what was left behind; seconds of each part."""
    journal = Journal(soak.folder / "journal")
    seconds, begun = {}, time.monotonic()
    with journal:
        async with samples.watching(soak.options.jobs):
            await side_by_side(drawn(soak.options), soak.make, soak.options.concurrency, samples.done)
        seconds["made"] = time.monotonic() - begun

        vendor.ask("cure")
        begun = time.monotonic()
        named = {item.job for item in soak.outcomes.values() if item.error and item.error not in FINAL and item.job}
        for _ in range(MOST_ROUNDS):
            left = await recover_videos_async(soak.config(), journal)
            unknown = named - {job.id for job in left}
            if unknown:
                msg = f"the journal does not know jobs that errors named: {sorted(unknown)}"
                raise AssertionError(msg)
            if not left:
                break
            soak.left = soak.left or len(left)
            work = [(int(job.request["prompt"].removeprefix(PROMPT)), job) for job in left]
            await side_by_side(work, soak.resume, soak.options.concurrency, lambda: None)
            named = set()
        seconds["resumed"] = time.monotonic() - begun
    return seconds


class Vendor:
    """The vendor's process."""

    def __init__(self, options: argparse.Namespace) -> None:
        script = Path(__file__).with_name("soak_vendor.py")
        command = [sys.executable, str(script), str(options.job_seconds), str(options.job_seconds)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 # our own script
        self.url: str = self._answer()["url"]

    def ask(self, line: str) -> dict[str, Any]:
        """What it answers to a line."""
        assert self._process.stdin is not None  # noqa: S101 # a pipe, see above
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 # as above
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """Ends it."""
        self._process.communicate()


def soaked(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Runs it all; what there is to report."""
    (folder / "clips").mkdir()
    vendor, samples = Vendor(options), Samples(trace=options.trace)
    try:
        soak = Soak(vendor.url, folder, options)
        seconds = asyncio.run(run(soak, vendor, samples))
        book = vendor.ask("summary")
    finally:
        vendor.close()
    numbered = [(int(prompt.removeprefix(PROMPT)), job) for prompt, job in book["paid"]]
    found = verdict(soak.outcomes, numbered, folder / "clips")
    return {
        "jobs": options.jobs,
        "faults": options.faults,
        "seed": options.seed,
        "concurrency": options.concurrency,
        "seconds": {part: round(time, 1) for part, time in seconds.items()},
        **found,
        "errors_on_the_way": dict(soak.errors.most_common()),
        "left_and_resumed": soak.left,
        "requests": book["requests"],
        "requests_per_job": round(sum(book["requests"].values()) / options.jobs, 2),
        "connections_made": book["connections"],
        **samples.report(),
    }


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    return "\n".join(f"{name.replace('_', ' '):>22}  {_words(value)}" for name, value in report.items())


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items()) or "none"
    return str(value)


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--faults", type=float, default=0.1, help="the share of jobs that meet a fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=200, help="jobs side by side")
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds of one call")
    parser.add_argument("--job-seconds", type=float, default=0.5, help="how long the vendor works on a job")
    parser.add_argument("--trace", action="store_true", help="look at Python's own memory, too, which takes time")
    parser.add_argument("--json", type=Path, help="a file for the report")
    return parser.parse_args()


def main() -> int:
    """Runs, prints, and tells by its exit code whether all is well."""
    warnings.simplefilter("ignore", ModelLifecycleWarning)
    logging.getLogger("tarash").addHandler(logging.NullHandler())  # a line for each fault would hide the figures
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="tarash-soak-") as folder:
        report = soaked(options, Path(folder))
    sys.stdout.write(table(report) + "\n")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 1 if any(report[name] for name in MUST_BE_NONE) else 0


if __name__ == "__main__":
    sys.exit(main())
