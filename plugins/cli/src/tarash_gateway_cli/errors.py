"""What ends a command early: an error, or a signal. Also what is printed about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tarash.tarash_gateway.signals import StopSignals
from tarash_gateway_cli.exit_codes import HUNG_UP, INTERRUPTED, OUTPUT_LOST, TERMINATED, USAGE, exit_code

if TYPE_CHECKING:
    from tarash.tarash_gateway.errors import TarashError
    from tarash.tarash_gateway.models import GenerationJob


class CommandError(Exception):
    """A command cannot continue.

    Args:
        message: what happened and why.
        code: the exit code.
        hints: what to do next, one line each.
        job: the job that is left at the vendor, if there is one.
        resume: the command that resumes the job.
        cause: the error of the gateway, if it is one.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int = USAGE,
        hints: tuple[str, ...] = (),
        job: GenerationJob | None = None,
        resume: str | None = None,
        cause: TarashError | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.hints = hints
        self.job = job
        self.resume = resume
        self.cause = cause

    @classmethod
    def of(cls, error: TarashError, *, hints: tuple[str, ...] = (), resume: str | None = None) -> CommandError:
        """Makes one from an error of the gateway, with the options that would help."""
        message = str(error)
        options = tuple(option for phrase, option in _OPTIONS.items() if phrase in message)
        if any(problem.nearest is not None for problem in getattr(error, "problems", ())):
            options += ("Here: --nearest sends the nearest values.",)
        return cls(message, code=exit_code(error), hints=options + hints, job=error.job, resume=resume, cause=error)

    @property
    def kind(self) -> str:
        """The name of the error class, as `--json` prints it."""
        if self.cause is not None:
            return type(self.cause).__name__
        interrupted = dict.fromkeys((INTERRUPTED, HUNG_UP, TERMINATED), "Interrupted")
        return {USAGE: "UsageError", OUTPUT_LOST: "OutputError", **interrupted}.get(self.code, "UnexpectedError")

    def as_json(self) -> dict[str, Any]:
        """Returns what `--json` prints about it."""
        fields: dict[str, Any] = {"type": self.kind, "message": str(self), "exit_code": self.code}
        for name in _FIELDS:
            value = getattr(self.cause, name, None)
            if value is not None:
                fields[name] = value
        problems = getattr(self.cause, "problems", ())
        if problems:
            fields["problems"] = [problem_as_json(problem) for problem in problems]
        if self.job is not None:
            fields["job"] = self.job.model_dump(mode="json", exclude_none=True)
        if self.resume is not None:
            fields["resume"] = self.resume
        if self.hints:
            fields["hints"] = [hint.strip() for hint in self.hints]
        return fields


_OPTIONS: Final = {
    "exists='replace'": "Here: --exists replace, or --exists skip.",
    "fan_out=True": "Here: --fan-out.",
    "max_cost": "Here: --max-cost.",
    "a longer timeout": "Here: --timeout SECONDS.",
    "/journal cannot be written": "TARASH_JOURNAL=FOLDER names another folder for the journal.",
}
"""Phrases of the gateway's errors, which speak Python, and the option of the command line."""

_FIELDS: Final = (
    "provider", "model", "request_id", "status_code", "code", "retryable", "retry_after", "billable", "stage",
    "categories",
)  # fmt: skip
"""The attributes of an error that `--json` prints."""


def problem_as_json(problem: Any) -> dict[str, Any]:
    """Returns one problem of a request without the fields that are None."""
    names = ("field", "message", "value", "allowed", "nearest")
    return {name: value for name in names if (value := getattr(problem, name)) is not None}


class Interrupted(KeyboardInterrupt):  # as Python's own
    """A signal stopped the command.

    Args:
        number: the number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


_must_wait: list[Callable[[int], bool]] = []


@contextmanager
def interruptible() -> Iterator[None]:
    """Turns Ctrl-C, SIGTERM and SIGHUP into `Interrupted`, unless `defer_signals` has a reason to wait.

    The second signal ends the process at once.
    """

    def stop(number: int) -> None:
        if not any(must_wait(number) for must_wait in _must_wait):
            raise Interrupted(number)

    try:
        with StopSignals(stop, ends=True):
            yield
    finally:
        _must_wait.clear()


def defer_signals(must_wait: Callable[[int], bool]) -> None:
    """Asks `must_wait(signal number)` whether a signal must wait, until the command ends."""
    _must_wait.append(must_wait)
