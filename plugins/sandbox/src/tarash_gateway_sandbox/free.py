"""What the sandbox's models cost: nothing, counted as their vendor counts it."""

from __future__ import annotations

from typing import TypeVar

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel

RowT = TypeVar("RowT", ImageModel, VideoModel)


def free(row: RowT) -> RowT:
    """A row whose prices are zero where the vendor's are known, so that limits can be tried out as well."""
    if row.price is None:
        return row
    zeros = {name: dict.fromkeys(table, 0.0) for name, table in row.price.tables().items()}
    price = row.price.model_copy(update={**zeros, "basis": "the sandbox is free"})
    return row.model_copy(update={"price": price})
