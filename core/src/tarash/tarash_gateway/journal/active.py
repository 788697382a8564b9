"""Which journal a call writes to: the one of the `with` block around it, or the one that TARASH_JOURNAL names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash.tarash_gateway._environment import read_variable
from tarash.tarash_gateway._scopes import ScopeStack

if TYPE_CHECKING:
    from tarash.tarash_gateway.journal.folder import Journal

blocks: ScopeStack[Journal] = ScopeStack("tarash_journal")
_of_environment: dict[str, Journal] = {}


def active_journal() -> Journal | None:
    """The journal that a call of this moment writes to; None where there is none."""
    here = blocks.all()
    if here:
        return here[-1]
    path = read_variable("TARASH_JOURNAL")
    if not path:
        return None
    if path not in _of_environment:
        from tarash.tarash_gateway.journal.folder import Journal  # noqa: PLC0415 # that module needs this one

        _of_environment[path] = Journal(path)
    return _of_environment[path]
