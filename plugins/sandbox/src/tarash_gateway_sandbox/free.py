"""What the sandbox's models cost: nothing, counted as their vendor counts it."""

from __future__ import annotations

from typing import TypeVar

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel

RowT = TypeVar("RowT", ImageModel, VideoModel)


def free(row: RowT) -> RowT:
    """A row whose prices are zero where the vendor's are known, so that limits can be tried out as well."""
    if row.price is None:
        return row
    price = row.price.model_copy(
        update={
            "per_image": dict.fromkeys(row.price.per_image, 0.0),
            "per_second": dict.fromkeys(row.price.per_second, 0.0),
            "per_million_tokens": dict.fromkeys(row.price.per_million_tokens, 0.0),
            "basis": "the sandbox is free",
        }
    )
    return row.model_copy(update={"price": price})
