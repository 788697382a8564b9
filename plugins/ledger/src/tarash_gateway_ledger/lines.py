"""Lines at the end of a file, each written at once, so that those of several processes do not mix."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.plugins import data_folder

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
"""A pipe that nobody reads must not hold up the call."""

logger = logging.getLogger("tarash.ledger")


def append(path: str, entry: dict[str, Any]) -> None:
    """Writes one line. A failure is only logged: the call that it is about has been made."""
    # ASCII: some readers end a line at characters that are not, and a vendor's words may hold them.
    data = json.dumps(entry, separators=(",", ":"), default=str).encode() + b"\n"
    try:
        # Opened for each line: a file that is moved away by a rotation is created again.
        file = _open(Path(path).expanduser())
        try:
            written = os.write(file, data)
        finally:
            os.close(file)
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home for a `~`
        logger.warning("%s: the ledger %s cannot be written: %s", entry.get("request_id"), path, error)
        return
    if written < len(data):
        logger.warning("%s: the ledger %s took only a part of the line, its disk is full", entry["request_id"], path)


def _open(path: Path) -> int:
    """Opens the file; makes the user's data folder where nothing was kept in it before, and no other folder."""
    try:
        return os.open(path, _FLAGS, 0o600)
    except FileNotFoundError:
        if path.parent != data_folder():
            raise
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, _FLAGS, 0o600)
