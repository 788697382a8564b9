"""What a video costs, from the names that the vendor gives its prices.

The names have no grammar. Those that are known are read; where one of a model is not, the price of that model is not
known, since nobody can tell when which of them counts. What a job has cost is in its own answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tarash.tarash_gateway.capabilities import Price
from tarash.tarash_gateway.capabilities.rules import parse_size

_NAME = re.compile(
    r"duration_seconds(?:_(?P<before>\d{3,4}p|\dk))?(?:_(?P<sound>with|without)_audio)?(?:_(?P<behind>\d{3,4}p|\dk))?",
    re.IGNORECASE,
)
"""`duration_seconds_with_audio_720p`, and the same with fewer or otherwise ordered parts."""

_SOUND = {"with": " audio", "without": " silent", None: ""}

_DEAREST = 1000.0
"""Dollars a second that are believed."""

_TIERS = {2160: "4K", 1440: "2K"}
"""The shorter side of a size, in pixels, to its tier; others are called after it, as 720p."""


def price_of(
    skus: Any, *, resolutions: Iterable[str], sizes: Iterable[str], source: str, checked_on: date, basis: str
) -> Price | None:
    """Returns the price of a second, by tier and by size; None where it is not known.

    Args:
        skus: the vendor's `pricing_skus`.
        resolutions: the tiers that the model makes.
        sizes: the sizes that it makes.
        source: where the figures are from.
        checked_on: when.
        basis: how sure they are.
    """
    read = _read(skus)
    if not read:
        return None
    tiers = {tier.lower(): tier for tier in resolutions}
    named = {tier for tier, _ in read if tier}
    table: dict[str, float] = {}
    for (tier, sound), dollars in read.items():
        if tier is not None:
            table[f"{tiers.get(tier, tier)}{sound}"] = dollars
        else:  # a price without a tier is that of the tiers which have none of their own
            others = [name for low, name in tiers.items() if low not in named] or ["any"] * (not tiers)
            table |= {f"{name}{sound}": dollars for name in others}
    table |= {f"{size}{key.removeprefix(tier)}": cost for size, tier in _tiers(sizes) for key, cost in _of(tier, table)}
    return Price(per_second=table, source=source, checked_on=checked_on, basis=basis) if table else None


def _read(skus: Any) -> dict[tuple[str | None, str], float]:
    """Reads dollars by tier (in lower case) and sound; empty where one of the names or figures cannot be read."""
    if not isinstance(skus, Mapping):
        return {}
    read: dict[tuple[str | None, str], float] = {}
    for name, value in skus.items():
        found = _NAME.fullmatch(name) if isinstance(name, str) else None
        dollars = _dollars(value)
        if found is None or dollars is None or (found["before"] and found["behind"]):
            return {}
        tier = found["before"] or found["behind"]
        read[tier.lower() if tier else None, _SOUND[found["sound"] and found["sound"].lower()]] = dollars
    return read


def _dollars(value: Any) -> float | None:
    try:
        dollars = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return dollars if dollars is not None and math.isfinite(dollars) and 0 <= dollars <= _DEAREST else None


def _tiers(sizes: Iterable[str]) -> list[tuple[str, str]]:
    edges = [(size, min(pixels)) for size in sizes if (pixels := parse_size(size))]
    return [(size, _TIERS.get(short, f"{short}p")) for size, short in edges]


def _of(tier: str, table: Mapping[str, float]) -> list[tuple[str, float]]:
    return [(key, cost) for key, cost in table.items() if key.partition(" ")[0] == tier]
