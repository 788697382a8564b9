"""What a worker and the batch tell each other about one row: the batch keeps the limits and the money, it answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import GenerationJob
from tarash_gateway_batch.results import RowOutcome
from tarash_gateway_ray.grant import Granted


@dataclass(frozen=True, slots=True)
class WantsTurn:
    """May a request be sent? Answered by the number of the turn, or by the error that says why not."""

    account: str
    model: str


@dataclass(frozen=True, slots=True)
class WantsMoney:
    """May so much be spent? Answered by what the call is kept to; None for no limit."""

    dollars: float | None


@dataclass(frozen=True, slots=True)
class WasRefused:
    """The vendor refused a request. Answered by whether the row waits for its next turn."""

    error: TarashError
    turn: int


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The vendor took a request."""


@dataclass(frozen=True, slots=True)
class Left:
    """The turn is over."""


@dataclass(frozen=True, slots=True)
class Paid:
    """The call is over, and cost so much; None where that is not known."""

    cost: float | None


@dataclass(frozen=True, slots=True)
class Corrected:
    """What an earlier run had counted turned out to be more by so many US dollars, or less."""

    dollars: float


@dataclass(frozen=True, slots=True)
class HasJob:
    """The vendor made this job for the row."""

    job: GenerationJob


@dataclass(frozen=True, slots=True)
class Trouble:
    """Nothing more can be written."""

    error: Exception


Question = WantsTurn | WantsMoney | WasRefused
News = Succeeded | Left | Paid | Corrected | HasJob | Trouble
Answer = int | bool | Granted | TarashError | None


@dataclass(slots=True)
class Said:
    """What a worker says at once: what happened since it last spoke, and what it wants to know, or how it ended."""

    news: list[News] = field(default_factory=list)
    question: Question | None = None
    outcome: RowOutcome | None = None
    on_its_way: bool = False
    """Whether to break the row off now would cost money."""
