"""The old name of `tarash_gateway_batch`, for one release."""

from typing import Any

from tarash.tarash_gateway._lazy import moved


def __getattr__(name: str) -> Any:
    return moved(__name__, "tarash_gateway_batch", "batch", name)
