"""What one call carries along: its ids, its clock and its deadline."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from tarash.tarash_gateway._redaction import Redaction, one_line
from tarash.tarash_gateway.budget import blocks as budgets
from tarash.tarash_gateway.errors import (
    Billable,
    ConfigurationError,
    GenerationTimeoutError,
    TarashError,
    ValidationError,
)
from tarash.tarash_gateway.flows.commands import Emit
from tarash.tarash_gateway.journal.journal import active_journal
from tarash.tarash_gateway.models.config import GenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.models.job import ImageJob, VideoJob
from tarash.tarash_gateway.models.update import ImageGenerationUpdate, VideoGenerationUpdate
from tarash.tarash_gateway.plugins._observers import observers

if TYPE_CHECKING:
    from tarash.tarash_gateway.budget import Budget
    from tarash.tarash_gateway.journal import Journal
    from tarash.tarash_gateway.models.job import GenerationJob
    from tarash.tarash_gateway.plugins.exchange import JobReport
    from tarash.tarash_gateway.plugins.hookspecs import CallContext, Operation

ReportT = TypeVar("ReportT", bound="JobReport[Any]")

logger = logging.getLogger("tarash.calls")


def new_request_id() -> str:
    """Makes our id of one call, for every log line, update, error and response of it."""
    return f"req_{uuid.uuid4().hex}"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient a call is. Times are seconds."""

    first_delay: float = 0.5
    """Before the second try; doubled for each further one, and spread by full jitter."""

    longest_delay: float = 60.0
    """One wait at the most; a vendor that asks for more is an error at once."""

    longest_reading_delay: float = 8.0
    """Between two tries of a request that only reads, at the most."""

    result_tries: int = 6
    """Tries after which the result of a finished job is believed to be gone: it may be there some seconds later."""

    missing_tries: int = 3
    """Tries after which a job that the vendor does not know is believed to be gone: it may show late."""

    download_tries: int = 5
    """Tries to fetch one video."""

    lookup_pauses: tuple[float, ...] = (0.3, 1.0, 3.0)
    """Before each reading of the vendor's job list for a submit whose answer was lost: a new job may show late."""

    lookup_tries: int = 3
    """Tries to read the list once."""

    lookup_seconds: float = 10.0
    """What a submit leaves of its deadline for that lookup."""

    lookup_share: float = 0.2
    """The largest share of the deadline that it leaves."""

    listed_within: float = 30.0
    """A job that the vendor's list does not show this long after its submit was never accepted."""

    def reserve(self, left: float) -> float:
        """Returns the seconds that a submit leaves for a lookup, of the seconds that are left."""
        return min(self.lookup_seconds, left * self.lookup_share)


_policy = RetryPolicy()


def retry_policy() -> RetryPolicy:
    """Returns the policy that a call which begins now follows."""
    return _policy


@contextmanager
def use_retry_policy(**changes: Any) -> Iterator[None]:
    """Lets the calls of this process follow another policy within the block: for tests, which have no time to wait.

    Args:
        changes: fields of `RetryPolicy`.
    """
    global _policy  # noqa: PLW0603 # one policy for the process: a call may begin in any of its threads
    before = _policy
    _policy = replace(before, **changes)
    try:
        yield
    finally:
        _policy = before


@dataclass(frozen=True, slots=True)
class CallScope:
    """What surrounds a call besides its configs and its request."""

    operation: Operation = "generate"
    journal: Journal | None = None
    budgets: tuple[Budget, ...] = ()
    observed: bool = False
    """Whether there is an observer to notify."""

    request_id: str = field(default_factory=new_request_id)


def call_scope(operation: Operation) -> CallScope:
    """Returns what surrounds a call that begins now."""
    return CallScope(operation, active_journal(), budgets.all(), observed=bool(observers.active()))


@dataclass(frozen=True, slots=True)
class Context:
    """One call with one config. Times are seconds on the driver's clock."""

    config: GenerationConfig
    model: str
    """The model's name on the wire."""

    request_id: str
    started: float
    deadline: float
    journal: Journal | None = None
    """Where it is written down what is sent and what becomes of it."""

    call_context: CallContext | None = None
    """What observers know of it; None where there is no observer."""

    policy: RetryPolicy = field(default_factory=retry_policy)
    local: bool = False
    """Whether the provider works in this process, so that its failures cost nothing."""

    request: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The fields of the request: its prompts are taken out of every error's text, where the vendor quotes them."""

    def left(self, now: float, billable: Billable = "no") -> float:
        """Returns the seconds until the deadline.

        Args:
            now: seconds on the driver's clock.
            billable: whether something may have been created by then.

        Raises:
            GenerationTimeoutError: it has passed.
        """
        left = self.deadline - now
        if left <= 0:
            msg = f"the deadline of {self.config.timeout:g} s passed. Give the config a longer timeout."
            raise GenerationTimeoutError(msg, billable=billable)
        return left

    def complete(self, error: TarashError, job: GenerationJob | None = None) -> None:
        """Fills in what `error` does not say yet of this call, and takes out what it must not show; the rest stays."""
        if not isinstance(error, (ConfigurationError, ValidationError)):
            self._redaction().error(error)
        error.provider = error.provider or self.config.provider
        error.model = error.model or self.model
        error.request_id = error.request_id or self.request_id
        error.job = error.job if error.job is not None else job

    def without_prompts(self, report: ReportT) -> ReportT:
        """Takes prompts out of the reason why a job failed, and shortens it."""
        reason = report.job.error_message
        if not reason:
            return report
        text = self._redaction().text(reason)
        if text == reason:
            return report
        return replace(report, job=report.job.model_copy(update={"error_message": text}))

    def _redaction(self) -> Redaction:
        return Redaction(prompts=(self.request.get("prompt"), self.request.get("negative_prompt")))

    def emit(self, status: str, *, job: GenerationJob | None = None, **facts: Any) -> Emit:
        """Tells the progress callback of one step of this call.

        Args:
            status: the update's status.
            job: the job, where there is one.
            facts: further fields of the update.
        """

        def update(now: float) -> ImageGenerationUpdate | VideoGenerationUpdate:
            fields: dict[str, Any] = {
                "status": status,
                "request_id": self.request_id,
                "provider": self.config.provider,
                "model": self.model,
                "elapsed_seconds": now - self.started,
                "queue_position": None if job is None else job.queue_position,
                **facts,
            }
            if isinstance(self.config, VideoGenerationConfig):
                return VideoGenerationUpdate(job=job if isinstance(job, VideoJob) else None, **fields)
            image_job = job if isinstance(job, ImageJob) else None  # an error of a plugin may carry anything
            return ImageGenerationUpdate(job=image_job, **fields)

        return Emit(update)

    def log(self, level: int, message: str, *args: Any) -> None:
        """Writes one log line, with the ids as fields; never a prompt, a key or media."""
        if logger.isEnabledFor(level):
            logger.log(
                level,
                f"%s %s/%s {message}",
                self.request_id,
                self.config.provider,
                self.model,
                # A vendor's id or word cannot begin a line of its own.
                *(one_line(arg) if isinstance(arg, str) else arg for arg in args),
                extra={"request_id": self.request_id, "provider": self.config.provider, "model": self.model},
            )
