"""What is measured of each request to a vendor: how long it took, its tokens, its cost."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tarash_gateway_opentelemetry.usage import tokens_by_modality

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, Meter

SECONDS = tuple(0.01 * 2**step for step in range(18))
"""Bounds of the buckets: those of the conventions up to 81.92 s, and four more, since a video takes minutes."""

TOKENS = tuple(4**step for step in range(14))
"""Bounds of the buckets, as the conventions have them."""

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Instruments:
    """The instruments of one meter."""

    seconds: Histogram
    dollars: Counter
    count_tokens: Callable[[Mapping[str, Any], dict[str, Any]], None]
    """Takes a vendor's usage and the attributes of the request."""


def instruments_of(meter: Meter) -> Instruments:
    """Makes the instruments by their names in conventions 1.41, or in GenAI conventions 0.1 if the user opted in."""
    latest = "gen_ai_latest_experimental" in os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "").split(",")
    return Instruments(
        seconds=meter.create_histogram(
            "gen_ai.client.inference.duration" if latest else "gen_ai.client.operation.duration",
            unit="s",
            description="GenAI operation duration.",
            explicit_bucket_boundaries_advisory=SECONDS,
        ),
        dollars=meter.create_counter(
            "tarash.client.cost", unit="{USD}", description="What the vendor's answers cost, where that is known."
        ),
        count_tokens=_counters(meter) if latest else _histogram(meter),
    )


def _histogram(meter: Meter) -> Callable[[Mapping[str, Any], dict[str, Any]], None]:
    tokens = meter.create_histogram(
        "gen_ai.client.token.usage",
        unit="{token}",
        description="Number of input and output tokens used.",
        explicit_bucket_boundaries_advisory=TOKENS,
    )

    def count(usage: Mapping[str, Any], attributes: dict[str, Any]) -> None:
        for direction, by_modality in tokens_by_modality(usage).items():
            tokens.record(sum(by_modality.values()), {**attributes, "gen_ai.token.type": direction})

    return count


def _counters(meter: Meter) -> Callable[[Mapping[str, Any], dict[str, Any]], None]:
    counters = {
        direction: meter.create_counter(
            f"gen_ai.client.inference.usage.{direction}_tokens",
            unit="{token}",
            description=f"Number of {direction} tokens used.",
        )
        for direction in ("input", "output")
    }

    def count(usage: Mapping[str, Any], attributes: dict[str, Any]) -> None:
        for direction, by_modality in tokens_by_modality(usage).items():
            for modality, number in by_modality.items():
                counters[direction].add(number, {**attributes, "gen_ai.token.modality": modality})

    return count
