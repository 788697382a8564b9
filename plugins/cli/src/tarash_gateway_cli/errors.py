"""What breaks a command off: errors of its own, and what is told of any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tarash_gateway_cli.exit_codes import HUNG_UP, INTERRUPTED, OUTPUT_LOST, TERMINATED, USAGE, exit_code

if TYPE_CHECKING:
    from tarash.tarash_gateway.errors import TarashError
    from tarash.tarash_gateway.models import GenerationJob


class CommandError(Exception):
    """A command cannot go on.

    Args:
        message: what happened and why.
        code: the exit code.
        hints: what to do next, one line each.
        job: the job that is left, where there is one.
        resume: the command that picks the job up.
        cause: the gateway's error, where it is one.
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
        """One that tells of an error of the gateway."""
        text = str(error)
        options = tuple(told for phrase, told in _OPTIONS.items() if phrase in text)
        if any(problem.nearest is not None for problem in getattr(error, "problems", ())):
            options += ("Here: --nearest sends the nearest values.",)
        return cls(text, code=exit_code(error), hints=options + hints, job=error.job, resume=resume, cause=error)

    @property
    def kind(self) -> str:
        """The name of what went wrong."""
        if self.cause is not None:
            return type(self.cause).__name__
        interrupted = dict.fromkeys((INTERRUPTED, HUNG_UP, TERMINATED), "Interrupted")
        return {USAGE: "UsageError", OUTPUT_LOST: "OutputError", **interrupted}.get(self.code, "UnexpectedError")

    def as_json(self) -> dict[str, Any]:
        """What `--json` prints of it."""
        told: dict[str, Any] = {"type": self.kind, "message": str(self), "exit_code": self.code}
        for name in _KNOWN:
            value = getattr(self.cause, name, None)
            if value is not None:
                told[name] = value
        problems = getattr(self.cause, "problems", ())
        if problems:
            told["problems"] = [problem_as_json(problem) for problem in problems]
        if self.job is not None:
            told["job"] = self.job.model_dump(mode="json", exclude_none=True)
        if self.resume is not None:
            told["resume"] = self.resume
        if self.hints:
            told["hints"] = [hint.strip() for hint in self.hints]
        return told


_OPTIONS = {
    "exists='replace'": "Here: --exists replace, or --exists skip.",
    "fan_out=True": "Here: --fan-out.",
    "max_cost": "Here: --max-cost.",
    "a longer timeout": "Here: --timeout SECONDS.",
    "/journal cannot be written": "TARASH_JOURNAL=FOLDER names another place for the journal.",
}
"""What the gateway's errors say in Python, as it is typed."""

_KNOWN = (
    "provider", "model", "request_id", "status_code", "code", "retryable", "retry_after", "billable", "stage",
    "categories",
)  # fmt: skip


def problem_as_json(problem: Any) -> dict[str, Any]:
    """One problem of a request; what is not known of it is left out."""
    names = ("field", "message", "value", "allowed", "nearest")
    return {name: value for name in names if (value := getattr(problem, name)) is not None}
