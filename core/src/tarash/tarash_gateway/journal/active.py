"""Which journal a call writes to: the one of the `with` block around it, or the one that TARASH_JOURNAL names."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tarash.tarash_gateway.journal.folder import Journal

_in_context: ContextVar[tuple[Journal, ...]] = ContextVar("tarash_journal", default=())
_in_process: list[Journal] = []
"""Journals whose block is open somewhere: a thread that the block started has no context of it."""

_of_environment: dict[str, Journal] = {}


def enter(journal: Journal) -> None:
    """Makes it the active one."""
    _in_context.set((*_in_context.get(), journal))
    _in_process.append(journal)


def leave(journal: Journal) -> None:
    """Makes the one before it active again."""
    here = _in_context.get()
    if journal in here:
        at = len(here) - 1 - here[::-1].index(journal)
        _in_context.set(here[:at] + here[at + 1 :])
    if journal in _in_process:
        _in_process.remove(journal)


def active_journal() -> Journal | None:
    """The journal that a call of this moment writes to; None where there is none."""
    here = _in_context.get()
    if here:
        return here[-1]
    if _in_process:
        return _in_process[-1]
    path = os.environ.get("TARASH_JOURNAL")
    if not path:
        return None
    if path not in _of_environment:
        from tarash.tarash_gateway.journal.folder import Journal  # noqa: PLC0415 # that module needs this one

        _of_environment[path] = Journal(path)
    return _of_environment[path]
