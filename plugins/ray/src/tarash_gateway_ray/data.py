"""Rows in, paths out: what Ray Data's `map_batches`, or any other engine that calls a function again, can call."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from tarash_gateway_batch import SeparateRows

COLUMNS: Final = ("id", "status", "path", "sha256", "cost", "error")
"""The columns of the result; `path` and `sha256` are those of the first file."""


class MakeFiles:
    """Makes a file of each row, and returns its path: called again for the same row, it pays nothing again.

    Each row has a journal of its own, as `tarash_gateway_batch.SeparateRows` says. No key travels: each node has it in
    its environment.

    Args:
        out: the folder of the files, shared by all nodes.
        options: those of `SeparateRows`: `journal`, `configs`, `defaults`, `concurrency` and `rate` in one process,
            `retry_failed`, `retry_unconfirmed`.

    Raises:
        ValidationError: an option cannot be right.

    Example:
        ```python
        rows = ray.data.read_json("prompts.jsonl")
        files = rows.map_batches(MakeFiles, fn_constructor_kwargs={"out": "/shared/out"}, concurrency=4)
        ```
    """

    def __init__(self, out: Path | str | os.PathLike[str], **options: Any) -> None:
        self._rows = SeparateRows(out, **options)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Takes and returns columns, as `map_batches` does.

        Raises:
            SaveError: the folder cannot be written to.
        """
        with ThreadPoolExecutor(1) as thread:  # whoever calls may have an event loop of its own
            outcomes = thread.submit(lambda: asyncio.run(self._rows.run(_rows(batch)))).result()
        columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        for outcome in outcomes:
            file = outcome.files[0] if outcome.files else None
            columns["path"].append(file and str(file.path))
            columns["sha256"].append(file and file.sha256)
            for name in ("id", "status", "cost", "error"):
                columns[name].append(getattr(outcome, name))
        return columns


def _rows(batch: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Makes rows of columns; NumPy's and Arrow's values are unwrapped, and an empty cell is a missing field."""
    return [
        {name: value for name, cell in zip(batch, cells, strict=True) if (value := _plain(cell)) is not None}
        for cells in zip(*batch.values(), strict=True)
    ]


def _plain(cell: Any) -> Any:
    unwrap = getattr(cell, "tolist", None) or getattr(cell, "as_py", None)
    value = unwrap() if callable(unwrap) else cell
    if isinstance(value, float) and value != value:  # noqa: PLR0124 # not a number: an empty cell of a number column
        return None
    return value
