"""Who is told how far a batch is, and what became of each row."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from tarash_gateway_batch.results import BatchProgress, RowOutcome
from tarash_gateway_batch.tally import Tally

OnProgress = Callable[[BatchProgress], Awaitable[None] | None]
OnRow = Callable[[RowOutcome], Awaitable[None] | None]

EVERY: Final = 1.0
"""Seconds between two looks at how far it is."""

logger = logging.getLogger("tarash.batch")


class Teller:
    """Counts and tells.

    Args:
        tally: the figures.
        on_progress: called each second, and at the end.
        on_row: called when it is known what became of a row. What either raises is logged and goes no further.
    """

    def __init__(self, tally: Tally, on_progress: OnProgress | None = None, on_row: OnRow | None = None) -> None:
        self.tally = tally
        self._on_progress = on_progress
        self._on_row = on_row

    async def tell(self, outcome: RowOutcome) -> None:
        """Tells what became of a row."""
        self.tally.add(outcome)
        await _call(self._on_row, outcome)

    @asynccontextmanager
    async def watching(self, spent: Callable[[], float], paused: Callable[[], str | None]) -> AsyncIterator[None]:
        """Tells how far it is while the block runs, and once more after it."""

        async def tick() -> None:
            while True:
                await _call(self._on_progress, self.tally.progress(spent(), paused=paused()))
                await asyncio.sleep(EVERY)

        ticking = asyncio.create_task(tick())
        try:
            yield
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
        await _call(self._on_progress, self.tally.progress(spent(), finished=True))


async def _call(listener: Callable[[Any], Awaitable[None] | None] | None, news: Any) -> None:
    if listener is None:
        return
    try:
        told = listener(news)
        if inspect.isawaitable(told):
            await told
    except Exception:
        logger.warning("the callback of a batch raised; the batch goes on", exc_info=True)
