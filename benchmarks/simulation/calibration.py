"""The simulation held against a real batch: the same rows, the same faults, the sandbox in a process of its own.

First a small sample is measured, request by request. What was measured goes into the model of the vendor, and the
simulation predicts the batch. Then the batch is run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from simulation.cluster import Cluster
from simulation.options import Options
from simulation.profiles import Profile, Spread
from simulation.report import figures, text_table
from simulation.rows import Mix, Row
from simulation.sandbox_batch import IMAGE_MODEL, VIDEO_MODEL

HERE: Final = Path(__file__).parent
JOB_SECONDS: Final = 3.0
PICTURE_SECONDS: Final = 0.5
"""How long the sandbox waits before it answers with a picture."""

POLL_AFTER: Final = JOB_SECONDS / 4
"""When the sandbox asks to look at such a job again."""

CONCURRENCY: Final = 32
SAMPLE_ROWS: Final = 640
"""Pictures of the small batch that is measured."""

PICTURE_PRICE, SECOND_PRICE = 0.04, 0.10
VIDEOS: Final = 0.1
CLIP_PRICE: Final = SECOND_PRICE * 8

NAMES: Final = (
    "rate_limited_once",
    "unavailable_once",
    "moderation_blocked",
    "dropped_once",
    "server_error",
    "dropped_after_creation_once",
    "server_error_after_creation_once",
    "job_failed",
    "poll_500*3",
    "poll_dropped_once",
    "content_cut_once",
    "content_500_once",
)
"""Those of the simulation's faults that take no five minutes."""


def calibrated(rows: int, faults: float, seed: int) -> dict[str, Any]:
    """A prediction and what it is held against."""
    mix = Mix(rows, videos=VIDEOS, faults=faults, names=NAMES, by_model=True)
    with Sandbox() as sandbox:
        sample = sandbox.asked("measure")
        sample |= _batch_of(sandbox, sample)
        paid_before = sandbox.summary()
        predicted = figures(Cluster((fitted(sample),), mix, _options(sample, seed)).run())
        real = sandbox.batch(mix.draw((fitted(sample),), seed))
        after = sandbox.summary()
    requests = sum(after["requests"].values()) - sum(paid_before["requests"].values())
    paid = after["paid"][len(paid_before["paid"]) :]
    clips = sum(1 for _, job in paid if job)
    times = [prompt for prompt, _ in paid]
    took = sorted(real["row_seconds"])
    measured = {
        "rows_a_second": rows / real["seconds"],
        "requests_per_row": requests / rows,
        **{name: real["ends"][name] for name in ("done", "failed", "unconfirmed")},
        "paid": len(paid),
        "paid_twice": len(times) - len(set(times)),
        "dollars": (len(paid) - clips) * PICTURE_PRICE + clips * CLIP_PRICE,
        "p50_seconds": took[len(took) // 2],
        "p95_seconds": took[int(len(took) * 0.95)],
    }
    reported = {name: predicted.get(name, predicted["ends"].get(name, 0)) for name in measured}
    reported["rows_a_second"] = rows / predicted["seconds"]
    sizes = {name: len(value) for name, value in sample.items() if isinstance(value, list)}
    return {
        "rows": rows,
        "faults": faults,
        "seed": seed,
        "concurrency": CONCURRENCY,
        "sample": {**sizes, **{name: value for name, value in sample.items() if not isinstance(value, list)}},
        "predicted": reported,
        "real": measured,
        "real_cpu_ms_a_row": 1000 * real["cpu_seconds"] / rows,
        "real_requests": after["requests"],
        "predicted_requests": predicted["requests_by_kind"],
    }


def _batch_of(sandbox: Sandbox, sample: dict[str, Any]) -> dict[str, Any]:
    """What a small batch of pictures without faults shows: what a row's request takes among others, and the rest."""
    real = sandbox.batch(Mix(SAMPLE_ROWS, videos=0.0, faults=0.0).draw((fitted(sample),), 0), "sample-")
    mean = sum(real["row_seconds"]) / SAMPLE_ROWS
    own = sample["sync"] + sample["file"]
    between = max(CONCURRENCY * real["seconds"] / SAMPLE_ROWS - mean, 0.0)
    return {"picture": [max(took - own, 0.0) for took in real["row_seconds"]], "between": between}


def compared(report: dict[str, Any]) -> str:
    """Both side by side, with the error of the prediction."""
    lines = [["", "predicted", "real", "error"]]
    for name, real in report["real"].items():
        reported = report["predicted"][name]
        lines.append([name.replace("_", " "), f"{reported:,.4g}", f"{real:,.4g}", _error(reported, real)])
    settings = f"{report['concurrency']} side by side, faults in {report['faults']:.0%}"
    head = f"{report['rows']:,} rows at the sandbox, {settings}"
    return f"{head}\n\n{text_table(lines)}"


def _error(reported: float, real: float) -> str:
    if reported == real:
        return "0 %"
    return "-" if real == 0 else f"{(reported / real - 1) * 100:+.1f} %"


def fitted(sample: dict[str, Any]) -> Profile:
    """The sandbox, as the sample shows it: what is on the way is in the measured durations."""
    return Profile(
        name="sandbox",
        picture=Spread(0.0, measured=sample["picture"]),
        job=Spread(JOB_SECONDS),
        picture_price=PICTURE_PRICE,
        second_price=SECOND_PRICE,
        reach=Spread(0.0),
        reading=Spread(0.0, measured=sample["reading"]),
        accepting=Spread(0.0, measured=sample["accepting"]),
        download=Spread(0.0, measured=sample["download"]),
        shows_after=0.0,
        poll_after=POLL_AFTER,
    )


def _options(sample: dict[str, Any], seed: int) -> Options:
    return Options(
        in_flight=CONCURRENCY,
        seed=seed,
        sync_seconds=sample["sync"],
        file_seconds=sample["file"],
        between_seconds=sample["between"],
    )


class Sandbox:
    """The sandbox in a process, and what is done with it in others."""

    def __enter__(self) -> Sandbox:
        command = [sys.executable, str(HERE.parent / "soak_vendor.py"), str(JOB_SECONDS), str(PICTURE_SECONDS)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 # our own script
        self.url: str = self._answer()["url"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def summary(self) -> dict[str, Any]:
        """The vendor's book, and the requests that it had."""
        assert self._process.stdin is not None  # noqa: S101 # a pipe, see above
        self._process.stdin.write("summary\n")
        self._process.stdin.flush()
        return self._answer()

    def wanted(self, part: str, *arguments: str) -> dict[str, Any]:
        """One part of the real side."""
        surroundings = {**os.environ, "TARASH_DISABLE_PLUGINS": "opentelemetry,ledger"}
        command = [sys.executable, str(HERE / "sandbox_batch.py"), part, self.url, *arguments]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=surroundings)  # noqa: S603 # our own script
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def batch(self, rows: Iterable[Row], prefix: str = "") -> dict[str, Any]:
        """A real batch of these rows; `prefix` is put before their ids."""
        with tempfile.TemporaryDirectory(prefix="tarash-calibration-") as folder:
            place = Path(folder, "rows.jsonl")
            place.write_text("".join(f"{json.dumps(_line(row, prefix))}\n" for row in rows))
            return self.asked("run", str(place), str(Path(folder, "out")), str(CONCURRENCY))

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 # as above
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def _line(row: Row, prefix: str) -> dict[str, str]:
    if row.kind == "image":
        model = IMAGE_MODEL.format(f"{row.model}," if row.model else "")
    else:
        model = VIDEO_MODEL.format(f"@{row.model}" if row.model else "")
    name = f"{prefix}{row.id}"
    return {"id": name, "kind": row.kind, "prompt": name, "model": model}
