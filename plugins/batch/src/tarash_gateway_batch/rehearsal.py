"""A dry run: every check, what would be sent, and what it may cost. Nothing is sent, and nothing is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.errors import SaveError
from tarash_gateway_batch.checking import against_the_model
from tarash_gateway_batch.deciding import decide
from tarash_gateway_batch.history import History
from tarash_gateway_batch.places import Places
from tarash_gateway_batch.results import RowOutcome
from tarash_gateway_batch.rows import Row, RowChecker
from tarash_gateway_batch.settings import Settings
from tarash_gateway_batch.source import Source, breathing
from tarash_gateway_batch.telling import Teller


async def rehearse(source: Source, checker: RowChecker, settings: Settings, history: History, teller: Teller) -> None:
    """Tells of every row what would become of it.

    Raises:
        SaveError: the folder could not be written to.
    """
    _check_folder(settings.out)
    places = Places(settings.out)
    async for raw in breathing(source):
        row = checker.check(raw)
        await teller.tell(row if isinstance(row, RowOutcome) else _foreseen(row, places, settings, history, teller))


def _foreseen(row: Row, places: Places, settings: Settings, history: History, teller: Teller) -> RowOutcome:
    decision = decide(row, history.of_row(row.id), places, settings)
    known: dict[str, Any] = {"id": row.id, "line": row.line}
    match decision.step:
        case "resume" | "adopt":
            return RowOutcome(status="ready", warning=decision.warning, **known)
        case "send":
            refused, cost = against_the_model(row)
            if refused is None:
                teller.tally.estimated(cost)
            return refused or RowOutcome(status="ready", **known)
        case status:
            known |= {"files": decision.files, "error": decision.error, "warning": decision.warning}
            return RowOutcome(status=status, **known)


def _check_folder(out: Path) -> None:
    nearest = next((folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists()), out)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        msg = f"{out} cannot be written to: {nearest} is no folder, or not one that you may write to."
        raise SaveError(msg)
