# ruff: noqa: INP001 # a script is in no package
"""One call through the gateway against the raw OpenAI SDK, plain HTTP and LiteLLM: CPU, time and memory.

    .venv/bin/python benchmarks/calls.py --rounds 15

An image of some hundred bytes and one of 2 MB, blocking and awaited, base64 decoded by everybody; and one poll of a
video job. Each contender is a process of its own and keeps its client; they take turns, some calls at a time, against
a server of canned bytes in another process. In the mixed rows all contenders are in one process and take turns call by
call, as in an application that does other work between two calls: no cache of the processor is warm for anybody. The
garbage collector runs as it does for everybody. What is told is CPU of the caller's process and time on the clock, for
one call.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
import warnings
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

from canned_server import LARGE, serving
from frame.figures import Figure

KEY = "sk-proj-" + base64.urlsafe_b64encode(hashlib.sha512(b"a benchmark's key").digest()).decode()
"""As long and as random as a key: what is masked in an answer is looked for in it."""

MODEL = "gpt-image-2"
ASKED: dict[str, Any] = {"prompt": "A lighthouse at dusk, seen from the sea", "size": "1024x1024", "quality": "low"}
JOB = "video_0123456789abcdef"

CALLS = {
    "small answer, sync": 150,
    "small answer, async": 150,
    "2 MB answer, sync": 12,
    "2 MB answer, async": 12,
    "status poll, sync": 150,
    "status poll, async": 150,
}
"""What is measured, and how many calls make one turn."""

MIXED = ("small answer, sync", "small answer, async", "status poll, sync", "status poll, async")
"""What is measured in one process for all, too."""

BUDGETS = {"answer": 0.95, "poll": 1.1}
"""The largest ratio to the raw SDK's CPU, by a word of what is measured."""

Work = Callable[[str], Callable[[], Any]]
"""Gives a function that makes one call, for the beginning of the server's address."""


def _sdk(base: str) -> dict[str, Callable[[], Any]]:
    import openai

    client = openai.OpenAI(api_key=KEY, base_url=f"{base}/v1", max_retries=0)
    awaited = openai.AsyncOpenAI(api_key=KEY, base_url=f"{base}/v1", max_retries=0)

    def image() -> bytes:
        answer = client.images.generate(model=MODEL, **ASKED)
        return base64.b64decode(answer.data[0].b64_json)  # type: ignore[index, arg-type] # as such scripts do

    async def image_async() -> bytes:
        answer = await awaited.images.generate(model=MODEL, **ASKED)
        return base64.b64decode(answer.data[0].b64_json)  # type: ignore[index, arg-type] # see above

    return {
        "image": image,
        "image_async": image_async,
        "poll": lambda: client.videos.retrieve(JOB),
        "poll_async": lambda: awaited.videos.retrieve(JOB),
    }


def _http(base: str) -> dict[str, Callable[[], Any]]:
    import httpx2

    headers = {"Authorization": f"Bearer {KEY}"}
    client = httpx2.Client(headers=headers, timeout=60)
    awaited = httpx2.AsyncClient(headers=headers, timeout=60)
    images, job = f"{base}/v1/images/generations", f"{base}/v1/videos/{JOB}"

    def image() -> bytes:
        answer = client.post(images, json={"model": MODEL, **ASKED})
        return base64.b64decode(answer.raise_for_status().json()["data"][0]["b64_json"])

    async def image_async() -> bytes:
        answer = await awaited.post(images, json={"model": MODEL, **ASKED})
        return base64.b64decode(answer.raise_for_status().json()["data"][0]["b64_json"])

    async def poll_async() -> Any:
        return (await awaited.get(job)).raise_for_status().json()

    return {
        "image": image,
        "image_async": image_async,
        "poll": lambda: client.get(job).raise_for_status().json(),
        "poll_async": poll_async,
    }


def _tarash(base: str) -> dict[str, Callable[[], Any]]:
    from tarash.tarash_gateway import (  # noqa: PLC0415 # its own process only
        generate_image,
        generate_image_async,
        poll_video,
        poll_video_async,
    )
    from tarash.tarash_gateway.models import (  # noqa: PLC0415 # as above
        ImageGenerationConfig,
        ImageGenerationRequest,
        VideoGenerationConfig,
        VideoJob,
    )

    home = {"provider": "openai", "api_key": KEY, "base_url": f"{base}/v1"}
    pictures, videos = ImageGenerationConfig(model=MODEL, **home), VideoGenerationConfig(model="sora-2", **home)
    job = VideoJob(provider="openai", model="sora-2", id=JOB, endpoint=f"{base}/v1")

    def image() -> bytes:
        return generate_image(pictures, ImageGenerationRequest(**ASKED)).images[0].content

    async def image_async() -> bytes:
        return (await generate_image_async(pictures, ImageGenerationRequest(**ASKED))).images[0].content

    return {
        "image": image,
        "image_async": image_async,
        "poll": lambda: poll_video(videos, job),
        "poll_async": lambda: poll_video_async(videos, job),
    }


def _litellm(base: str) -> dict[str, Callable[[], Any]]:
    import litellm  # type: ignore[import-not-found] # noqa: PLC0415 # only where it is installed

    fixed = {"model": f"openai/{MODEL}", "api_key": KEY, "api_base": f"{base}/v1", "max_retries": 0, **ASKED}

    async def image_async() -> bytes:
        return base64.b64decode((await litellm.aimage_generation(**fixed)).data[0].b64_json)

    return {
        "image": lambda: base64.b64decode(litellm.image_generation(**fixed).data[0].b64_json),
        "image_async": image_async,
    }


CONTENDERS = {"openai SDK": _sdk, "httpx2": _http, "tarash": _tarash, "LiteLLM": _litellm}
REFERENCE = "openai SDK"


def _made(contender: str, url: str, what: str) -> Callable[[], Any] | None:
    """The call that `what` means for a contender; None where it has no such call."""
    base = f"{url}/{'large' if what.startswith('2 MB') else 'small'}"
    name = "poll" if "poll" in what else "image"
    return CONTENDERS[contender](base).get(f"{name}_async" if what.endswith("async") else name)


def _turn(call: Callable[[], Any], calls: int, loop: asyncio.AbstractEventLoop | None) -> dict[str, float]:
    """Microseconds of one call, in the middle of so many."""

    async def in_loop(call: Callable[[], Awaitable[Any]]) -> None:
        for _ in range(calls):
            await call()

    wall, cpu = time.perf_counter(), time.process_time()
    if loop is None:
        for _ in range(calls):
            call()
    else:
        loop.run_until_complete(in_loop(call))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": cpu / calls * 1e6, "wall": wall / calls * 1e6}


def _mixed_turn(
    made: dict[str, Callable[[], Any]], calls: int, loop: asyncio.AbstractEventLoop | None
) -> dict[str, list[float]]:
    """Microseconds of CPU of each contender's calls; after each call it is another one's turn."""
    taken: dict[str, list[float]] = {name: [] for name in made}

    def note(name: str, begun: float) -> None:
        taken[name].append((time.process_time() - begun) * 1e6)

    async def in_loop() -> None:
        for _ in range(calls):
            for name, call in made.items():
                begun = time.process_time()
                await call()
                note(name, begun)

    if loop is not None:
        loop.run_until_complete(in_loop())
        return taken
    for _ in range(calls):
        for name, call in made.items():
            begun = time.process_time()
            call()
            note(name, begun)
    return taken


def _work_mixed(url: str, contenders: list[str]) -> None:
    """The process of all contenders: does what it reads, a line at a time."""
    warnings.simplefilter("ignore")  # as below
    loop = asyncio.new_event_loop()
    made: dict[str, dict[str, Callable[[], Any]]] = {}
    for line in sys.stdin:
        what, calls = json.loads(line)
        if what not in made:
            made[what] = {name: call for name in contenders if (call := _made(name, url, what)) is not None}
        taken = _mixed_turn(made[what], calls, loop if what.endswith("async") else None)
        sys.stdout.write(json.dumps(taken) + "\n")
        sys.stdout.flush()
    loop.run_until_complete(loop.shutdown_asyncgens())
    os._exit(0)  # as below


def _memory(call: Callable[[], Any], loop: asyncio.AbstractEventLoop | None) -> dict[str, float]:
    """Bytes that one call holds at the most, and those that stay with its result."""
    tracemalloc.start()
    result = call() if loop is None else loop.run_until_complete(call())
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return {"peak": peak, "held": held}


def _work(contender: str, url: str) -> None:
    """A contender's process: does what it reads, a line at a time."""
    warnings.simplefilter("ignore")  # the video API is deprecated, and everybody's clients say so
    loop = asyncio.new_event_loop()
    made: dict[str, Any] = {}
    for line in sys.stdin:
        what, calls = json.loads(line)
        if what not in made:
            made[what] = _made(contender, url, what)
        call, runs_in = made[what], loop if what.endswith("async") else None
        done = None if call is None else _turn(call, calls, runs_in) if calls else _memory(call, runs_in)
        sys.stdout.write(json.dumps(done) + "\n")
        sys.stdout.flush()
    loop.run_until_complete(loop.shutdown_asyncgens())
    os._exit(0)  # the clients of LiteLLM and others end with threads of their own; nothing is left to be done


class _Contender:
    """A contender, seen from here."""

    def __init__(self, name: str, url: str, stack: ExitStack) -> None:
        # Observers that happen to be installed are no part of it.
        surroundings = {**os.environ, "TARASH_DISABLE_PLUGINS": "opentelemetry,ledger", "PYTHONHASHSEED": "0"}
        surroundings |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # it fetches its prices from the network otherwise
        self._process = stack.enter_context(
            subprocess.Popen(  # noqa: S603 # our own script
                [sys.executable, __file__, "--contender", name, "--url", url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=surroundings,
            )
        )
        assert self._process.stdin is not None  # noqa: S101 # a pipe, see above
        stack.callback(self._process.stdin.close)

    def does(self, what: str, calls: int) -> Any:
        """One turn."""
        assert self._process.stdin is not None  # noqa: S101 # a pipe, see above
        assert self._process.stdout is not None  # noqa: S101 # as above
        self._process.stdin.write(json.dumps([what, calls]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def measure(rounds: int) -> list[Figure]:
    """CPU and time of each call, and the memory of the large ones."""
    names = [name for name in CONTENDERS if name != "LiteLLM" or importlib.util.find_spec("litellm")]
    figures: list[Figure] = []
    with serving() as url, ExitStack() as stack:
        contenders = {name: _Contender(name, url, stack) for name in names}
        for what, calls in CALLS.items():
            able = {name: item for name, item in contenders.items() if item.does(what, max(calls // 3, 5))}
            turns: dict[str, list[dict[str, float]]] = {name: [] for name in able}
            for number in range(rounds):
                for name in able if number % 2 else reversed(able):
                    turns[name].append(able[name].does(what, calls) or {})
            for unit, key in (("us CPU", "cpu"), ("us", "wall")):
                runs = {name: [turn[key] for turn in each] for name, each in turns.items()}
                figures += _compared(what, unit, runs)
            if what.startswith("2 MB"):
                figures += [_peak(what, name, item) for name, item in able.items()]
        figures += _mixed(rounds, names, url, stack)
    return figures


def _mixed(rounds: int, names: list[str], url: str, stack: ExitStack) -> list[Figure]:
    """CPU of small calls where all contenders take turns in one process; the middle call of each round counts."""
    together = _Contender(",".join(names), url, stack)
    figures: list[Figure] = []
    for what in MIXED:
        together.does(what, 10)  # warms up
        turns = [together.does(what, 60) for _ in range(rounds)]
        runs = {name: [statistics.median(turn[name]) for turn in turns] for name in turns[0]}
        figures += _compared(f"{what}, mixed", "us CPU", runs)
    return figures


def _compared(what: str, unit: str, runs: dict[str, list[float]]) -> list[Figure]:
    fixed = {"topic": "call", "what": what, "unit": unit}
    budget = next(most for word, most in BUDGETS.items() if word in what)
    return [
        Figure.of(
            each,
            **fixed,
            contender=name,
            reference=None if name == REFERENCE else (REFERENCE, runs[REFERENCE]),
            budget=budget if (name, unit) == ("tarash", "us CPU") else None,
        )
        for name, each in runs.items()
    ]


def _peak(what: str, name: str, item: _Contender) -> Figure:
    """Memory that a call takes at the most, in sizes of its picture."""
    peaks = [(item.does(what, 0) or {})["peak"] / LARGE for _ in range(3)]
    return Figure.of(peaks, topic="memory", what=f"peak of a {what}", contender=name, unit="sizes of the picture")


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender is not None:
        several = options.contender.split(",")
        if len(several) > 1:
            _work_mixed(options.url, several)
        _work(options.contender, options.url)
        return
    for figure in measure(options.rounds):
        ratio = "" if figure.ratio is None else f"{figure.ratio:6.2f} x"
        spread = f"{figure.low:8.0f} to {figure.high:6.0f}" if figure.topic == "call" else ""
        amount = f"{figure.median:8.0f}" if figure.topic == "call" else f"{figure.median:8.2f}"
        kept = {None: "", True: f"  kept (≤ {figure.budget})", False: f"  NOT KEPT (≤ {figure.budget})"}[figure.kept]
        sys.stdout.write(f"{figure.what:28}{figure.contender:12}{amount} {figure.unit:8}{spread:18}{ratio}{kept}\n")


if __name__ == "__main__":
    main()
