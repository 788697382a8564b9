# ruff: noqa: INP001 # a script is in no package
"""The memory that a clip of 200 MB and a picture of 2 MB of base64 cost, above what was there before.

    .venv/bin/python benchmarks/memory.py --rounds 3

Each contender runs in a process of its own, in turns, against a vendor in another one. It warms up with something
small, so that imports, certificates and connections are no part of the figure.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import subprocess
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import memory_contenders as contenders
from frame.figures import Figure
from frame.peaks import cost

CLIP_MB = 200
PICTURE_MB = 2.0
"""MB of base64, as in the vendor's answer."""

OURS, SDK = "tarash", "openai SDK"
STREAMED = "openai SDK, streamed"
SIZE = "its size"
"""What the memory of a clip that is held is compared with."""

FILE_BUDGET_MB = 10.0
SIZE_BUDGET = 1.1
PICTURE_BUDGET = 1.0


class Way(NamedTuple):
    """One contender's way to do one thing."""

    what: str
    contender: str
    make: str
    """The function in `memory_contenders`."""
    against: str | None = None
    budget: float | None = None
    needs: str | None = None
    """A module without which this contender is not there."""


WAYS = (
    Way("clip to a file, sync", OURS, "tarash_file", None, FILE_BUDGET_MB),
    Way("clip to a file, sync", STREAMED, "sdk_file_streamed"),
    Way("clip to a file, sync", SDK, "sdk_file"),
    Way("clip to a file, sync", "httpx2", "http_file"),
    Way("clip to a file, async", OURS, "tarash_file_async", None, FILE_BUDGET_MB),
    Way("clip to a file, async", STREAMED, "sdk_file_streamed_async"),
    Way("clip in memory, sync", OURS, "tarash_memory", SIZE, SIZE_BUDGET),
    Way("clip in memory, sync", SDK, "sdk_memory", SIZE),
    Way("clip in memory, sync", "httpx2", "http_memory", SIZE),
    Way("clip in memory, async", OURS, "tarash_memory_async", SIZE, SIZE_BUDGET),
    Way("clip in memory, async", SDK, "sdk_memory_async", SIZE),
    Way("picture, sync", OURS, "tarash_picture", SDK, PICTURE_BUDGET),
    Way("picture, sync", SDK, "sdk_picture"),
    Way("picture, sync", "httpx2", "http_picture", SDK),
    Way("picture, sync", "LiteLLM", "litellm_picture", SDK, needs="litellm"),
)
UNITS = ("MB", "ms CPU", "ms")


def measure(rounds: int, clip_mb: float = CLIP_MB, picture_mb: float = PICTURE_MB) -> list[Figure]:
    """The figures of every way, in `MB`, `ms CPU` and `ms`."""
    ways = [way for way in WAYS if way.needs is None or importlib.util.find_spec(way.needs)]
    runs: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    with _vendor(clip_mb, picture_mb) as url:
        for number in range(rounds):
            sys.stderr.write(f"round {number + 1} of {rounds}\n")
            for way in ways if number % 2 else reversed(ways):
                for unit, value in _alone(way, url).items():
                    runs[way.what, way.contender, unit].append(value)

    def figure(way: Way, unit: str) -> Figure:
        against = way.against if way.against != SIZE or unit == "MB" else SDK
        of = None
        if against and against != way.contender:
            theirs = [clip_mb] * rounds if against == SIZE else runs[way.what, against, unit]
            of = (against, theirs)
        what = f"{clip_mb:g} MB {way.what}" if way.what.startswith("clip") else f"{picture_mb:g} MB {way.what}"
        return Figure.of(
            runs[way.what, way.contender, unit],
            topic="memory",
            what=what,
            contender=way.contender,
            unit=unit,
            reference=of,
            budget=way.budget if unit == "MB" else None,
        )

    return [figure(way, unit) for way in ways for unit in UNITS]


@contextlib.contextmanager
def _vendor(clip_mb: float, picture_mb: float) -> Iterator[str]:
    script = Path(__file__).with_name("memory_vendor.py")
    with subprocess.Popen(  # noqa: S603 # our own script
        [sys.executable, str(script), str(clip_mb), str(picture_mb)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as vendor:
        assert vendor.stdout is not None  # noqa: S101 # a pipe, see above
        yield vendor.stdout.readline().strip()
        vendor.communicate()


def _alone(way: Way, url: str) -> dict[str, float]:
    """What a way costs in a process of its own."""
    done = subprocess.run(  # noqa: S603 # our own script
        [sys.executable, __file__, "--way", way.make, "--url", url], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clip-mb", type=float, default=CLIP_MB)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way is None:
        for figure in measure(options.rounds, options.clip_mb):
            sys.stdout.write(f"{figure}\n")
        return
    warnings.simplefilter("ignore")  # models that are retired, and a resource of the SDK that will go
    work = getattr(contenders, options.way)(options.url)
    for _ in range(2):
        work("small")
    sys.stdout.write(json.dumps(cost(lambda: work("big"))) + "\n")


if __name__ == "__main__":
    main()
