# ruff: noqa: INP001 # a script is in no package
"""Which capability rows are no longer fresh. `scripts/check-rows` runs it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import get_args

from tarash.tarash_gateway import list_models, list_providers
from tarash.tarash_gateway.capabilities import ImageModel, VideoModel

FRESH = timedelta(days=30)
"""How long a row stays fresh, and how long before its end a model is listed."""


def findings(today: date) -> Iterator[str]:
    """Yields a sentence for each row that should be looked at again, and for each name that no row has."""
    for provider in list_providers():
        if provider == "sandbox":
            continue
        rows = list_models(provider)
        for row in rows:
            yield from (f"{provider}/{row.model}: {why}" for why in _reasons(row, today))
        if provider == "openai":
            names = {name for row in rows for name in row.names()}
            yield from (f"{provider}: the SDK names {name}, no row does" for name in sorted(_sdk_names() - names))


def _reasons(row: ImageModel | VideoModel, today: date) -> Iterator[str]:
    if today - row.checked_on > FRESH:
        yield f"compared with its source on {row.checked_on}, {(today - row.checked_on).days} days ago"
    end, status = row.lifecycle.shutdown, row.lifecycle.status
    if end is not None and status != "retired" and end < today:
        yield f"its end ({end}) is past, and the row says {status}"
    elif end is not None and today <= end <= today + FRESH:
        yield f"it ends on {end}"


def _sdk_names() -> set[str]:
    from openai.types import ImageModel as ImageName  # heavy
    from openai.types import VideoModel as VideoName  # heavy

    parts = [part for kind in (ImageName, VideoName) for part in (kind, *get_args(kind))]
    return {name for part in parts for name in get_args(part) if isinstance(name, str)}


if __name__ == "__main__":
    day = date.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else date.today()  # noqa: DTZ011 # a day of people
    found = list(findings(day))
    print("\n".join(found) or f"All rows are fresh on {day}.")  # noqa: T201 # what the script is for
