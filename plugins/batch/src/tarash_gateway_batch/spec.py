"""What a plugin declares about an engine of batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tarash_gateway_batch.seams import BatchEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """One engine."""

    name: str
    """What `run_batch(engine=…)` and `tarash batch --engine` call it."""

    make: Callable[..., BatchEngine]
    """Makes it, with its options as keywords; raises a `ValidationError` where one cannot be right."""

    options: tuple[str, ...] = ()
    """The options that it takes, such as `address`."""
