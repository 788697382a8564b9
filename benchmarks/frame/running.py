"""Runs topics one after the other, each in a process of its own, and says how far it is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from frame import machine
from frame.figures import Figure
from frame.report import Report

SETTINGS = {
    # Observers that happen to be installed cost time of their own.
    "TARASH_DISABLE_PLUGINS": "ledger,opentelemetry",
    # A proxy would be measured instead.
    "NO_PROXY": "*",
    # Importing LiteLLM asks the network for a list of prices otherwise.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    # It would read keys from a file called .env.
    "LITELLM_MODE": "PRODUCTION",
}
LEFT_OUT = ("TARASH_", "OPENAI_", "AZURE_OPENAI_", "LITELLM_", "OTEL_")
"""Beginnings of names that must not change what is measured: journals, ledgers, keys, addresses."""

TAIL = 20
"""Lines of a topic's output that are shown where it breaks."""


def surroundings(inputs: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a topic."""
    kept = {name: value for name, value in inputs.items() if not name.startswith(LEFT_OUT)}
    return {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")} | SETTINGS


def run(rounds: Mapping[str, int], out: TextIO = sys.stderr) -> Report:
    """The figures of some topics.

    Args:
        rounds: each topic's name, which is that of its module, and how many rounds it makes.
        out: where it is told how far it is.
    """
    about = machine.described()  # first: it tells how busy the machine was with something else
    figures: list[Figure] = []
    broken: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="tarash-bench-") as folder:
        for topic, count in rounds.items():
            place = Path(folder, f"{topic}.json")
            last = _run_one(topic, count, place, out)
            if place.exists():
                figures += Report.load(place).figures
            else:
                broken[topic] = last
    return Report(about, figures, broken)


def _run_one(topic: str, rounds: int, place: Path, out: TextIO) -> str:
    """Runs one; gives the last line that it wrote."""
    script = Path(__file__).parents[1] / "one_topic.py"
    lines: deque[str] = deque(maxlen=TAIL)
    began = time.monotonic()
    with subprocess.Popen(  # noqa: S603 # our own script
        [sys.executable, str(script), topic, str(rounds), str(place)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=surroundings(),
    ) as running:
        assert running.stderr is not None  # noqa: S101 # a pipe, see above
        reader = threading.Thread(target=_collect, args=(running.stderr, lines))
        reader.start()
        try:
            while not _ended(running, 1.0):
                _tell(out, f"{topic} {time.monotonic() - began:.0f} s  {lines[-1] if lines else ''}", stays=False)
        finally:
            reader.join()  # Ctrl-C reaches the topic too, and what it still says is read to its end
    how = f"done in {time.monotonic() - began:.0f} s" if place.exists() else "BROKEN"
    _tell(out, f"{topic} {how}", stays=True)
    if not place.exists():
        out.write("".join(f"    {line}\n" for line in lines))
    return lines[-1] if lines else "it said nothing"


def _ended(running: subprocess.Popen[str], seconds: float) -> bool:
    """Waits so long at the most."""
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _collect(stream: Iterable[str], lines: deque[str]) -> None:
    for line in stream:
        if line.strip():
            lines.append(line.rstrip())


def _tell(out: TextIO, line: str, *, stays: bool) -> None:
    """One line: at a terminal it is written over, elsewhere only what stays is written."""
    if out.isatty():
        out.write(f"\r\033[K{line[:100]}" + ("\n" if stays else ""))
    elif stays:
        out.write(f"{line}\n")
    out.flush()
