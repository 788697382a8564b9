"""The first look at the rows: what is wrong with them is told before anything is sent, and how many there are."""

from __future__ import annotations

from tarash.tarash_gateway.capabilities.cost import CostEstimate
from tarash.tarash_gateway.errors import TarashError, ValidationError
from tarash.tarash_gateway.flows.plan import plan_of
from tarash_gateway_batch.reading import RawRow
from tarash_gateway_batch.results import RowOutcome
from tarash_gateway_batch.rows import Row, RowChecker, failure, refusal
from tarash_gateway_batch.source import Source, breathing
from tarash_gateway_batch.telling import Teller

MOST_LISTED = 20
"""Rows that the error of a strict batch names."""


class FirstLook:
    """Looks at all rows, and remembers which of them need no second look."""

    def __init__(self, checker: RowChecker, teller: Teller, *, strict: bool) -> None:
        self._checker = checker
        self._teller = teller
        self._strict = strict
        self._told = bytearray()

    async def at(self, source: Source) -> None:
        """Looks at every row of `source`.

        Raises:
            ValidationError: the batch is strict, and a row cannot be right.
        """
        count = wrong = 0
        listed: list[str] = []
        async for raw in breathing(source):
            count += 1
            outcome = self._outcome(raw)
            if outcome is None:
                continue
            wrong += 1
            if not self._strict:
                self._mark(raw.line)
                await self._teller.tell(outcome)
            elif len(listed) < MOST_LISTED:
                listed.append(str(outcome))
        self._teller.tally.total = count
        if listed:
            listed += [f"and {wrong - MOST_LISTED:,} more"] if wrong > MOST_LISTED else []
            msg = f"{wrong:,} of {count:,} rows cannot be right, and nothing was sent"
            raise ValidationError("\n  - ".join([f"{msg}:", *listed]))

    def knows(self, line: int) -> bool:
        """Whether the row was told of already."""
        return line < len(self._told) and bool(self._told[line])

    def _outcome(self, raw: RawRow) -> RowOutcome | None:
        row = self._checker.check(raw)
        if isinstance(row, RowOutcome):
            return row
        # Pictures are read when their row's turn comes, unless all is to be right before anything is sent.
        if _has_media(row) and not self._strict:
            return None
        return against_the_model(row)[0]

    def _mark(self, line: int) -> None:
        if line >= len(self._told):
            self._told.extend(bytes(max(line + 1 - len(self._told), 4096)))
        self._told[line] = 1


def against_the_model(row: Row) -> tuple[RowOutcome | None, CostEstimate | None]:
    """What the model's capability row has against a row, and what it may cost. Reads the pictures that are at hand."""
    try:
        plan = plan_of(row.config, row.request)
        problems, cost = plan.problems, plan.expected_cost()
    except TarashError as error:
        return failure(row, error), None
    return (refusal(row.id, row.line, problems) if problems else None), cost


def _has_media(row: Row) -> bool:
    request = row.request
    return bool(request.image_list) or any(getattr(request, name, None) for name in ("mask_image", "video"))
