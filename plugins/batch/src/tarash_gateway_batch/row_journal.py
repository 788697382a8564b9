"""The journal as the call of one row sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Literal

from tarash.tarash_gateway.journal import Journal
from tarash.tarash_gateway.journal.entries import EntryStatus, status_of
from tarash.tarash_gateway.journal.group_commit import BatchedJournal

_HELD_BACK: Final = ("made", "saved")
"""Lines that the batch writes itself, once a result and its sidecar are in place."""


class RowJournal(Journal):
    """Writes to the batch's journal under the name of one row, and knows what the row's requests came to.

    Args:
        journal: the batch's.
        label: the row's id.
        expected: US dollars that the call may cost at the most, where that is known.
        replaces: whether the row's place holds a file now.
        digest: what tells the row from another one under its id.
        intent: the request that is taken up again; without one, the call makes its own.
        on_news: called when it is known whether a request created something.
    """

    def __init__(
        self,
        journal: BatchedJournal,
        label: str,
        *,
        expected: float | None = None,
        replaces: bool = False,
        digest: str | None = None,
        intent: str | None = None,
        on_news: Callable[[EntryStatus], None] | None = None,
    ) -> None:
        super().__init__(journal.path)
        self._journal = journal
        self._label = label
        self._expected = expected
        self._replaces = replaces or None
        self._digest = digest
        self._resumed = intent
        self._on_news = on_news
        self.intents = [] if intent is None else [intent]
        self.status: EntryStatus | None = None if intent is None else "submitted"
        """The last word on the row's last request; None where none was sent."""

    async def intend_async(self, kind: Literal["image", "video"], **facts: Any) -> str:
        """Writes that a request of the row is about to be sent."""
        # Of several requests of one call, the first carries what all may cost.
        expected = None if self.intents else self._expected
        intent = await self._journal.intend_async(
            kind, label=self._label, expected=expected, replaces=self._replaces, row=self._digest, **facts
        )
        self.intents.append(intent)
        self.status = "open"
        return intent

    async def write_async(self, event: str, **facts: Any) -> None:
        """Writes what became of a request."""
        if event == "job" and self._resumed is not None:
            return  # that it is taken up again, where its job is known
        if event not in _HELD_BACK:
            if facts.get("intent") is None:
                facts["intent"] = self.intents[-1] if self.intents else None
            await self._journal.write_async(event, **facts)
        # Not before it is on the disk: until then the row must not be broken off.
        self.status = status_of(event)
        if self._on_news is not None:
            self._on_news(self.status)

    async def lost(self, error: str) -> None:
        """Writes that a result came which is in no file."""
        intent = self.intents[-1] if self.intents else None
        await self._journal.write_async("made", intent=intent, error=error)

    def saved(self, path: str, sha256: str | None, cost: float | None = None) -> asyncio.Future[None]:
        """Writes that a result is in a file, and what the call cost.

        It need not be waited for: where the line is lost, the next run finds the file.
        """
        self.status = "saved"
        intent = self.intents[0] if self.intents else None
        return self._journal.write_soon("saved", intent=intent, path=path, sha256=sha256, cost=cost)
