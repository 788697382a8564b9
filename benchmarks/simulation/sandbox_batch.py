# run as a script, too
"""The real side of a calibration, in a process of its own: one part of it measures, the other one runs a batch.

sandbox_batch.py measure URL        durations of single requests, of a sync and of a file, in seconds, as JSON
sandbox_batch.py run URL ROWS OUT CONCURRENCY
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from tarash.tarash_gateway import Journal, run_batch
from tarash.tarash_gateway.flows.download import MemorySink
from tarash.tarash_gateway.journal.lines import read_lines
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    Media,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.plugins import Prepared, registry

IMAGE_MODEL: Final = "gpt-image-1@{}slow_first_byte"
VIDEO_MODEL: Final = "sora-2{}"
PICTURES, CLIPS = 200, 60
"""How many are measured."""

SIDE_BY_SIDE: Final = 16


def configs(url: str) -> list[Any]:
    """One for each kind."""
    fixed: dict[str, Any] = {"provider": "openai", "api_key": "sk-calibration", "base_url": url}
    image = ImageGenerationConfig(model=IMAGE_MODEL.format(""), **fixed)
    return [image, VideoGenerationConfig(model=VIDEO_MODEL.format(""), **fixed)]


async def measure(url: str) -> dict[str, list[float]]:
    """Durations of each kind of request, as a plugin sees them."""
    found: dict[str, list[float]] = {name: [] for name in ("picture", "accepting", "reading", "download")}
    room = asyncio.Semaphore(SIDE_BY_SIDE)
    image, video = (registry.create(config) for config in configs(url))

    async def timed(name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        began = time.monotonic()
        answer = await call()
        found[name].append(time.monotonic() - began)
        return answer

    async def picture(number: int) -> None:
        request = ImageGenerationRequest(prompt=f"sample {number}")
        wanted = Prepared(IMAGE_MODEL.format(""), request, f"req_{number}")
        async with room:
            await timed("picture", lambda: image.generate_image_async(wanted, timeout=60))

    async def clip(number: int) -> None:
        request = VideoGenerationRequest(prompt=f"sample {number}")
        wanted = Prepared(VIDEO_MODEL.format(""), request, f"req_{number}")
        async with room:
            job = (await timed("accepting", lambda: video.submit_video_async(wanted, timeout=60))).job
            while not job.finished:
                await asyncio.sleep(0.5)
                job = (await timed("reading", lambda: video.poll_video_async(job, timeout=60))).job  # noqa: B023 # at once
            await timed("download", lambda: video.download_video_async(job, MemorySink(), timeout=60))

    await asyncio.gather(*map(picture, range(PICTURES)), *map(clip, range(CLIPS)))
    # The first ones open connections and load what is loaded once.
    return {name: durations[SIDE_BY_SIDE:] for name, durations in found.items()}


def disk(folder: Path) -> dict[str, float]:
    """What a line of a journal and a picture with its sidecar take."""
    journal, times = Journal(folder / "journal"), 30
    began = time.monotonic()
    for _ in range(times):
        journal.write("batch")
    synced = time.monotonic()
    journal.close()
    picture = Media.from_bytes(_picture())
    for number in range(times):
        picture.save(folder / f"{number}.png", sidecar=True)
    return {"sync": (synced - began) / times, "file": (time.monotonic() - synced) / times}


def _picture() -> bytes:
    from simulation.media import PICTURE  # noqa: PLC0415 # only where this is a script

    return PICTURE


def run(url: str, rows: str, out: str, concurrency: str) -> dict[str, Any]:
    """A batch, and what its journal says of each row's time."""
    import openai  # noqa: F401 # it is loaded once, and no part of a row

    began = time.monotonic()
    result = run_batch(Path(rows), out, configs=configs(url), concurrency=int(concurrency))
    seconds = time.monotonic() - began
    first: dict[str, str] = {}
    label: dict[str, str] = {}
    took: list[float] = []
    for line in sorted(read_lines(Path(out, ".journal")), key=lambda line: str(line["at"])):
        if line["event"] == "intent":
            label[line["intent"]] = line["label"]
            first.setdefault(line["label"], line["at"])
        elif line["event"] == "saved":
            took.append(_between(first[label[line["intent"]]], line["at"]))
    ends = {name: getattr(result, name) for name in ("done", "failed", "unconfirmed")}
    cpu = time.process_time()
    return {"seconds": seconds, "cpu_seconds": cpu, "ends": ends, "row_seconds": took}


def _between(first: str, last: str) -> float:
    from datetime import datetime  # noqa: PLC0415 # of this function alone

    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def main() -> None:
    """Does the part that it is told, and prints it."""
    warnings.simplefilter("ignore")
    logging.getLogger("tarash").addHandler(logging.NullHandler())
    os.environ.setdefault("TARASH_DISABLE_PLUGINS", "opentelemetry,ledger")
    part, url, *rest = sys.argv[1:]
    if part == "run":
        found: dict[str, Any] = run(url, *rest)
    else:
        with tempfile.TemporaryDirectory(prefix="tarash-calibration-") as folder:
            found = {**asyncio.run(measure(url)), **disk(Path(folder))}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    main()
