# ruff: noqa: INP001 # a script is in no package
"""Runs batches in processes that can be killed: one process loads everything once, and forks one for each run.

It reads lines of JSON. `{"run": {…}}` forks a process that runs `run_batch` with these arguments, and answers its pid;
`{"wait": pid}` answers how it ended. The end of the input ends it.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

SHOWS_WITHIN = 0.2
"""Seconds within which the sandbox shows a job in its list: it shows it at once, where a vendor takes half a minute."""


class Runner:
    """The process, from outside."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 # our own script

    def start(self, **run: Any) -> int:
        """Starts a batch in a process of its own; gives its pid."""
        return int(self._ask({"run": run})["pid"])

    def kill(self, pid: int) -> None:
        """Ends a run as a power cut would."""
        os.kill(pid, signal.SIGKILL)
        self.wait(pid)

    def wait(self, pid: int) -> int:
        """Waits for the end of a run: 0 where it came to its end."""
        return int(self._ask({"wait": pid})["status"])

    def is_over(self, pid: int) -> bool:
        """Whether a run has ended."""
        return bool(self._ask({"poll": pid})["over"])

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 # a pipe, see above
        assert self._process.stdout is not None  # noqa: S101 # as above
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def main() -> None:
    """The process, from inside."""
    import openai  # noqa: F401 # loaded once for all

    from tarash.tarash_gateway import run_batch  # noqa: PLC0415 # as above
    from tarash.tarash_gateway.flows.context import use_retry_policy  # noqa: PLC0415 # as above
    from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig  # noqa: PLC0415 # as above
    from tarash.tarash_gateway.plugins import registry  # noqa: PLC0415 # as above

    warnings.simplefilter("ignore")
    logging.getLogger("tarash").addHandler(logging.NullHandler())
    registry.spec("openai")
    with use_retry_policy(listed_within=SHOWS_WITHIN):
        _serve(run_batch, ImageGenerationConfig, VideoGenerationConfig)


def _serve(run_batch: Any, image: Any, video: Any) -> None:
    over: dict[int, int] = {}
    for line in sys.stdin:
        question = json.loads(line)
        answer: dict[str, Any] = {}
        if "run" in question:
            pid = os.fork()
            if pid == 0:
                _run(question["run"], run_batch, image, video)
            answer = {"pid": pid}
        elif "wait" in question:
            pid = question["wait"]
            answer = {"status": over.pop(pid) if pid in over else os.waitpid(pid, 0)[1]}
        else:
            pid, status = os.waitpid(question["poll"], os.WNOHANG)
            over |= {pid: status} if pid else {}
            answer = {"over": question["poll"] in over}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _run(run: dict[str, Any], run_batch: Any, image: Any, video: Any) -> None:
    fixed = {"provider": "openai", "api_key": "sk-batch", "base_url": run.pop("url")}
    configs = [
        image(model=run.pop("image_model", "gpt-image-1"), **fixed),
        video(model=run.pop("video_model", "sora-2"), poll_interval=0.05, **fixed),
    ]
    try:
        result = run_batch(run.pop("rows"), run.pop("out"), configs=configs, **run)
    except BaseException:
        logging.getLogger("tarash.batch").exception("the batch raised")
        os._exit(1)
    os._exit(0 if result.stopped is None else 2)


if __name__ == "__main__":
    main()
