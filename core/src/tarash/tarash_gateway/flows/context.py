"""What one call carries along: its ids, its clock and its deadline."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.budget import blocks as budgets
from tarash.tarash_gateway.errors import Billable, GenerationTimeoutError
from tarash.tarash_gateway.journal.active import active_journal
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.plugins.observers import observers

if TYPE_CHECKING:
    from tarash.tarash_gateway.budget import Budget
    from tarash.tarash_gateway.journal import Journal
    from tarash.tarash_gateway.plugins.observers import CallContext, Operation

logger = logging.getLogger("tarash.calls")


def new_request_id() -> str:
    """Our id of one call, in every log line, update, error and response of it."""
    return f"req_{uuid.uuid4().hex}"


@dataclass(frozen=True, slots=True)
class CallScope:
    """What surrounds a call besides its configs and its request."""

    operation: Operation = "generate"
    journal: Journal | None = None
    budgets: tuple[Budget, ...] = ()
    observed: bool = False
    """Whether there is an observer to tell."""


NO_SCOPE = CallScope()


def call_scope(operation: Operation) -> CallScope:
    """What surrounds a call that begins now."""
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

    seen: CallContext | None = None
    """What observers are told of it; None where there is no observer."""

    def left(self, now: float, billable: Billable = "no") -> float:
        """Seconds until the deadline.

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

    def known(self) -> dict[str, Any]:
        """What every error and update of this call says."""
        return {"provider": self.config.provider, "model": self.model, "request_id": self.request_id}

    def log(self, level: int, message: str, *args: Any) -> None:
        """One log line, with the ids as fields; never a prompt, a key or media."""
        if logger.isEnabledFor(level):
            logger.log(
                level,
                f"%s %s/%s {message}",
                self.request_id,
                self.config.provider,
                self.model,
                *args,
                extra=self.known(),
            )
