"""The messages of a worker and the batch about one row: the batch keeps the limits and the budget, and answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import GenerationJob
from tarash_gateway_batch import RowOutcome
from tarash_gateway_ray.budget_lease import LeasedBudget


@dataclass(frozen=True, slots=True)
class AcquirePermit:
    """Asks for a permit to send a request. The reply is its number, or the error that refuses it."""

    account: str
    model: str


@dataclass(frozen=True, slots=True)
class ReserveBudget:
    """Asks for the budget of a call. The reply is what the call must fit into; None for no limit."""

    dollars: float | None


@dataclass(frozen=True, slots=True)
class ReportRefusal:
    """Reports that the vendor refused a request. The reply is whether the row waits for its next permit."""

    error: TarashError
    permit: int


@dataclass(frozen=True, slots=True)
class RequestAccepted:
    """The vendor accepted a request."""


@dataclass(frozen=True, slots=True)
class PermitReleased:
    """The request is no longer in flight."""


@dataclass(frozen=True, slots=True)
class CostSettled:
    """The call is over, and cost that many US dollars; None where that is not known."""

    cost: float | None


@dataclass(frozen=True, slots=True)
class CostCorrected:
    """The cost of an earlier run differs by that many US dollars from what was counted."""

    dollars: float


@dataclass(frozen=True, slots=True)
class JobCreated:
    """The vendor made this job for the row."""

    job: GenerationJob


@dataclass(frozen=True, slots=True)
class FatalError:
    """Nothing more can be written."""

    error: Exception


Query = AcquirePermit | ReserveBudget | ReportRefusal
Notice = RequestAccepted | PermitReleased | CostSettled | CostCorrected | JobCreated | FatalError
Reply = int | bool | LeasedBudget | TarashError | None


@dataclass(slots=True)
class MessageBatch:
    """What a worker sends at once: what happened since the last one, and a query, or the row's outcome."""

    notices: list[Notice] = field(default_factory=list)
    query: Query | None = None
    outcome: RowOutcome | None = None
    must_finish: bool = False
    """Whether cancelling the row now could lose what was paid for."""
