"""What agents may spend: the budget of `--budget`, and what each request sets aside of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tarash.tarash_gateway import Budget, plan
from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.models import VideoGenerationRequest
from tarash_gateway_cli.errors import CommandError

UNKNOWN_SECONDS: Final = 10.0
"""The length that is set aside for a video whose length the model decides."""


def read_budget(text: str, path: Path | None) -> Budget | None:
    """Reads `--budget`: None for `none`.

    Args:
        text: `5/day`, `5/session` or `none`.
        path: the file that the servers of one user share a daily budget in; None where there is no home folder.

    Raises:
        CommandError: it is none of these.
    """
    if text == "none":
        return None
    match = re.fullmatch(r"\$?(\d+(?:\.\d+)?)/(day|session)", text.strip())
    if match is None or not float(match[1]):
        msg = f"--budget {text}: give US dollars as 5/day or 5/session, or none for no limit"
        raise CommandError(msg)
    if match[2] == "day":
        return Budget(float(match[1]), per="day", path=path)
    return Budget(float(match[1]))


def describe_budget(budget: Budget | None) -> str:
    """Says what is left, for every answer."""
    if budget is None:
        return "none: the user set no limit"
    per = "day (UTC)" if budget.per == "day" else "session"
    return f"${budget.left:.2f} of ${budget.dollars:g} per {per} are left"


def dollars_to_reserve(config: Any, request: Any, unpriced: float) -> float:
    """Returns the most that a request may cost, in US dollars.

    Args:
        config: who would make it.
        request: what.
        unpriced: what counts for an image, or for a second of video, whose price is known only afterwards.
    """
    cost = plan(config, request).cost
    if cost is not None:
        return cost.high
    seconds = 1.0
    if isinstance(request, VideoGenerationRequest):
        seconds = request.duration_seconds or UNKNOWN_SECONDS
    return float(unpriced * request.n * seconds)


@dataclass(slots=True)
class Reservation:
    """Dollars that are set aside for one request. What is not settled counts: it may have been billed.

    Raises:
        ValidationError: the budget has no room for them.
    """

    budget: Budget | None
    dollars: float

    def __post_init__(self) -> None:
        if self.budget is not None and self.dollars and not self.budget.take(self.dollars):
            msg = (
                f"the request may cost up to ${self.dollars:.2f}, and ${self.budget.left:.2f} of the budget are left; "
                "nothing was sent. Ask for less, or let the user raise it with tarash mcp --budget"
            )
            raise ValidationError(msg)

    def settle(self, cost: float | None) -> None:
        """Gives back what was not spent; nothing where the cost is not known."""
        if self.budget is not None and cost is not None and self.dollars:
            self.budget.give_back(self.dollars - cost)
