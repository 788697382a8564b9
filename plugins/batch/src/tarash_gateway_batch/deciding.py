"""What is to be done about a row, by what earlier runs did about it. Nothing that may have been paid is paid again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from tarash.tarash_gateway.errors import DownloadError, SaveError, UnconfirmedGenerationError, ValidationError
from tarash.tarash_gateway.journal.entries import Entry, EntryStatus
from tarash_gateway_batch.history import Past, prompt_digest
from tarash_gateway_batch.places import Places
from tarash_gateway_batch.results import SavedFile
from tarash_gateway_batch.rows import Row, row_digest
from tarash_gateway_batch.settings import Settings

Step = Literal["send", "resume", "adopt", "done", "kept", "failed", "unconfirmed"]
"""What is to be done:

- `send`: the request;
- `resume`: wait for the job that there is, and fetch its video;
- `adopt`: its files are in place, only the journal does not know it yet;
- `done`, `kept`, `failed`, `unconfirmed`: nothing; see `RowStatus`.
"""

OF_THE_ROW: Final = ("ContentPolicyError", "InvalidRequestError", "UnsupportedOperationError")
"""Refusals that are about what a row asks for. Others are about the account or the moment, and pass."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, and with what."""

    step: Step
    past: Past | None = None
    files: tuple[SavedFile, ...] = ()
    error: str | None = None
    replaces: bool = False
    """Whether there are files that the results replace."""

    warning: str | None = None
    """What else to know."""

    entry: Entry | None = None
    """All that the journal knows of the request that is taken up again; `Desk` looks it up."""


def decide(row: Row, pasts: Iterable[Past], places: Places, settings: Settings) -> Decision:
    """What is to be done about `row`. Looks at the folder, writes nothing."""
    pasts = list(pasts)
    digest = row_digest(row) if pasts else None
    # One that was paid for this very request counts, whatever an earlier request under the same id came to.
    best = max(
        pasts, key=lambda past: (past.row == digest and _weight(past) >= _MAY_BE_PAID, _weight(past)), default=None
    )
    if best is None or _weight(best) < _MAY_BE_PAID:
        if best is not None and not settings.retry_failed and _is_final(best):
            return _failed(f"{best.error or 'it failed'} (in an earlier run; retry_failed=True sends it again)")
        return _fresh(row, places, settings)
    if best.prompt != prompt_digest({"prompt": row.request.prompt}) or best.kind != row.kind:
        if settings.changed == "redo" and best.kind == row.kind:
            return _again(row, places)
        msg = "an earlier run sent another prompt under this id; give the row an id of its own"
        return _failed(f"{ValidationError.__name__}: id: {msg}")
    if best.row is None or best.row == digest:
        return _paid(row, best, places, settings)
    return _changed(row, best, places, settings)


def _changed(row: Row, past: Past, places: Places, settings: Settings) -> Decision:
    if settings.changed == "redo":
        return _again(row, places)
    if settings.changed == "refuse":
        return _failed(f"{ValidationError.__name__}: id: {_CHANGED}; give the row an id of its own")
    kept = _paid(row, past, places, settings)
    return replace(kept, warning=f"{_CHANGED}, whose result is kept (changed='redo' makes it again)")


def _again(row: Row, places: Places) -> Decision:
    return Decision("send", replaces=bool(places.taken(row.id, row.request.n)))


_CHANGED: Final = "an earlier run sent another request or model under this id"


def _paid(row: Row, past: Past, places: Places, settings: Settings) -> Decision:
    """What is to be done about a row that an earlier run may have paid for."""
    if past.status == "saved":
        return _saved(row, past, places, settings)
    if past.has_job:
        return Decision("resume", past)
    return _lost(row, past, places, settings)


_WEIGHTS: Final[dict[EntryStatus, int]] = {
    "absent": 0,
    "refused": 1,
    "failed": 2,
    "open": 3,
    "unconfirmed": 3,
    "made": 4,
    "submitted": 5,
    "saved": 6,
}
"""Of several requests of one row, the one that weighs most says how the row stands."""

_MAY_BE_PAID: Final = 3
"""From here on a request may be paid for, and something may come of it."""


def _weight(past: Past) -> int:
    return _WEIGHTS[past.status]


def _is_final(past: Past) -> bool:
    if past.status == "refused":
        return (past.error or "").startswith(OF_THE_ROW)
    return past.status == "failed"


def _fresh(row: Row, places: Places, settings: Settings) -> Decision:
    taken = places.taken(row.id, row.request.n)
    if not taken or settings.exists == "replace":
        return Decision("send", replaces=bool(taken))
    folder = places.place(row.id)
    if settings.exists == "skip":
        kept = (folder / name for name in taken if not name.endswith(".json"))
        return Decision("kept", files=tuple(SavedFile(path=path) for path in kept))
    msg = f"{folder / taken[0]} is already there, and no run of this batch made it"
    return _failed(f"{SaveError.__name__}: {msg} (exists: error, skip or replace)")


def _saved(row: Row, past: Past, places: Places, settings: Settings) -> Decision:
    found = places.found(row.id, past.files)
    if found and len(found) == len(past.files):
        return Decision("done", past, tuple(found))
    if past.has_job:
        return Decision("resume", past)  # fetching it again costs nothing
    if settings.retry_failed:
        return _fresh(row, places, settings)
    gone = past.files[0].path.name if past.files else "its file"
    return _failed(f"{DownloadError.__name__}: {gone} was saved and is gone (retry_failed=True pays for a new one)")


def _lost(row: Row, past: Past, places: Places, settings: Settings) -> Decision:
    files = places.left_by(row.id, row.request.n, past)
    if files:
        return Decision("adopt", past, tuple(files))
    if settings.retry_unconfirmed:
        return _fresh(row, places, settings)
    told = past.error or (
        f"{UnconfirmedGenerationError.__name__}: an earlier run was broken off while the request was on its way"
    )
    return Decision(
        "unconfirmed", past, error=f"{told} (it may have been billed; retry_unconfirmed=True sends it again)"
    )


def _failed(error: str) -> Decision:
    return Decision("failed", error=error)
