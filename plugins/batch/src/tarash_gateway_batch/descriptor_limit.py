"""How many rows fit into the files and connections that a process may open."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tarash.tarash_gateway.descriptors import KEPT, free_descriptors
from tarash.tarash_gateway.errors import ConfigurationError
from tarash_gateway_batch.settings import Settings

OF_A_BATCH: Final = 16
"""Descriptors of the batch itself: journal, lock, results, history, event loop, name look-ups."""

OF_A_ROW: Final = 2
"""Descriptors of a row: its connection, and the one over which its result is fetched or the file of a video."""


def fitted(settings: Settings, writers: int) -> tuple[Settings, int, str | None]:
    """Fits the concurrency into what this process may still open, so that what is paid for can be saved.

    Args:
        settings: as the caller wants them.
        writers: threads that write files, each of which has one open.

    Returns:
        The settings and writers that fit, and what to tell where they are fewer.

    Raises:
        ConfigurationError: not a single row fits; nothing was sent.
    """
    free = free_descriptors()
    if free is None:
        return settings, writers, None
    room = free - KEPT - OF_A_BATCH
    writers = min(writers, max(room // 8, 1))
    rows = (room - writers) // OF_A_ROW
    if rows >= settings.concurrency:
        return settings, writers, None
    if rows < 1:
        msg = (
            f"this process may open {free} more files and connections, and a batch needs "
            f"{KEPT + OF_A_BATCH + 1 + OF_A_ROW}. Raise the limit, as with ulimit -n 1024. Nothing was sent."
        )
        raise ConfigurationError(msg)
    notice = (
        f"{rows} rows at the same time instead of {settings.concurrency}: this process may open {free} more files and "
        f"connections. A higher limit takes more, such as ulimit -n {_needed(settings.concurrency)}."
    )
    return replace(settings, concurrency=rows), writers, notice


def _needed(rows: int) -> int:
    """A limit that is enough for so many rows, in the powers of two that people type."""
    return 1 << (rows * OF_A_ROW + KEPT + OF_A_BATCH + 64).bit_length()
