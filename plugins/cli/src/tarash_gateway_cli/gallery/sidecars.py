"""The facts in a sidecar, read leniently: it may be old, new, or edited by hand."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.media.sidecar import MARK, READ_LIMIT

__all__ = ["BrokenSidecarError", "fields_of", "moment", "number", "text"]


class BrokenSidecarError(Exception):
    """The file is no sidecar; the message says why."""


def fields_of(path: Path) -> dict[str, Any]:
    """Returns the fields of a sidecar, with their values as in the file.

    Unlike `media.sidecar.read_sidecar`, it raises what is wrong with an unusable one.

    Raises:
        BrokenSidecarError: it cannot be read, or is no sidecar.
    """
    try:
        with path.open("rb") as file:
            content = file.read(READ_LIMIT + 1)
        if len(content) > READ_LIMIT:
            msg = f"has more than {READ_LIMIT:,} bytes"
            raise BrokenSidecarError(msg)
        # Python reads and writes NaN and Infinity, which are no JSON for a browser.
        fields = json.loads(content.decode("utf-8-sig"), parse_constant=lambda _: None, parse_float=_finite)
    except OSError as error:
        msg = f"cannot be read ({error.strerror})"
        raise BrokenSidecarError(msg) from error
    except json.JSONDecodeError as error:
        msg = f"is no JSON ({error.msg}, line {error.lineno})"
        raise BrokenSidecarError(msg) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, a number of thousands of digits, a thousand brackets
        msg = "is no JSON"
        raise BrokenSidecarError(msg) from error
    if not isinstance(fields, dict) or MARK not in fields:
        msg = f"is no sidecar: it has no {MARK}"
        raise BrokenSidecarError(msg)
    return fields


def text(value: Any) -> str | None:
    """Returns the value if it is text that is not blank."""
    return value if isinstance(value, str) and value.strip() else None


def number(value: Any) -> float | None:
    """Returns the value if it is a number of at least 0."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


def moment(value: Any) -> int | None:
    """Returns the milliseconds since 1970 of a time in ISO 8601; UTC is the default time zone."""
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None
