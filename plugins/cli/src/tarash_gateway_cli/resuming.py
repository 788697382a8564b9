"""What is left behind when a video is broken off, and the exact command that picks it up."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.media.files import Exists
from tarash.tarash_gateway.models import GenerationJob
from tarash.tarash_gateway.plugins import normalize_name
from tarash_gateway_cli.defaults import SANDBOX
from tarash_gateway_cli.errors import CommandError
from tarash_gateway_cli.exit_codes import INTERRUPTED, interrupted_by
from tarash_gateway_cli.generation import Watch
from tarash_gateway_cli.journals import NotSentError
from tarash_gateway_cli.output import on_one_line

_LOST = ("failed", "cancelled", "expired")
"""A job in one of these has no video to fetch."""


class LeftBehind:
    """What to say of a job that goes on without us.

    Args:
        output: the file that the clip is to be written to.
        exists: what becomes of a file that is there.
        base_url: the address, where the command line gave one.
    """

    def __init__(self, output: Path | None, *, exists: Exists = "error", base_url: str | None = None) -> None:
        self._output = output
        self.exists = exists
        self._base_url = base_url

    def of_error(self, error: TarashError) -> CommandError:
        """An error that knows how to go on."""
        if isinstance(error, NotSentError):
            return CommandError("Interrupted. Nothing was made.", code=INTERRUPTED)
        if error.job is None or error.job.status in _LOST:
            return CommandError.of(error)
        hints, resume = self._hints(error.job)
        return CommandError.of(error, hints=hints, resume=resume)

    def of_interrupt(self, watch: Watch, interrupt: KeyboardInterrupt) -> CommandError:
        """What Ctrl-C or another signal leaves behind."""
        code = interrupted_by(getattr(interrupt, "number", signal.SIGINT))
        if watch.job is not None:
            hints, resume = self._hints(watch.job)
            msg = f"Interrupted. Job {watch.job.id} was left running."
            return CommandError(msg, code=code, hints=hints, job=watch.job, resume=resume)
        return CommandError("Interrupted. Nothing was made.", code=code)

    def _hints(self, job: GenerationJob) -> tuple[tuple[str, ...], str | None]:
        if self._embedded(job):
            told = "The embedded sandbox ends with this command, and its jobs end with it."
            return (
                told,
                "One that outlives its clients: tarash sandbox serve, then --base-url with its address.",
            ), None
        resume = self.command(job)
        return ("Fetch it later, at no further cost:", f"  {resume}"), resume

    def _embedded(self, job: GenerationJob) -> bool:
        """Whether the job lives in a server that this process has started."""
        return normalize_name(job.provider) == SANDBOX and self._base_url is None

    def command(self, job: GenerationJob) -> str:
        """The command that picks `job` up."""
        words: list[str] = []
        if self._output is not None:
            words += ["-o", str(self._output)]
        if self.exists != "error":
            words += ["--exists", self.exists]
        if self._base_url is not None:
            words += ["--base-url", self._base_url]
        return resume_command(job.id, *words)


def shell_command(*words: str) -> str:
    """Returns a command as it is typed, quoted for a shell, on one line."""
    return on_one_line(shlex.join(words))


def resume_command(job_id: str, *options: str) -> str:
    """Returns the command that picks a job up, quoted for a shell.

    Args:
        job_id: the vendor's id; one that begins with a hyphen must not become an option.
        *options: further words.
    """
    words = [*options, "--", job_id] if job_id.startswith("-") else [job_id, *options]
    return shell_command("tarash", "jobs", "resume", *words)
