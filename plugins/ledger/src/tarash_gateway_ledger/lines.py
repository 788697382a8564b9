"""Lines at the end of a file, each written at once, so that those of several processes do not mix."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
"""A pipe that nobody reads must not hold up the call."""

logger = logging.getLogger("tarash.ledger")


def append(path: str, entry: dict[str, Any]) -> None:
    """Writes one line. A failure is only logged: the call that it is about has been made."""
    # ASCII: some readers end a line at characters that are not, and a vendor's words may hold them.
    data = json.dumps(entry, separators=(",", ":"), default=str).encode() + b"\n"
    try:
        # Opened for each line: a file that is moved away by a rotation is begun anew.
        file = os.open(Path(path).expanduser(), _FLAGS, 0o600)
        try:
            written = os.write(file, data)
        finally:
            os.close(file)
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home for a `~`
        logger.warning("%s: the ledger %s cannot be written: %s", entry.get("request_id"), path, error)
        return
    if written < len(data):
        logger.warning("%s: the ledger %s took only a part of the line, its disk is full", entry["request_id"], path)
