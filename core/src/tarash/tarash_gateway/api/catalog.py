"""What there is and what would happen: providers, models, checks and costs. Nothing is sent."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Literal

from tarash.tarash_gateway.api.planning import plan_of, registry
from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash.tarash_gateway.capabilities.cost import CostEstimate
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.plugins.registry import Registration
from tarash.tarash_gateway.problems import Problem

logger = logging.getLogger("tarash.calls")


def check_request(
    config: ImageGenerationConfig | VideoGenerationConfig,
    request: ImageGenerationRequest | VideoGenerationRequest,
) -> list[Problem]:
    """Every problem that would keep `request` from being sent with `config`; empty when it is fine. Nothing is sent.

    Raises:
        PluginError: the provider is not installed, or its plugin is broken.
    """
    return list(plan_of(config, request).problems)


def estimate_cost(
    config: ImageGenerationConfig | VideoGenerationConfig, request: ImageGenerationRequest | VideoGenerationRequest
) -> CostEstimate | None:
    """What the call may cost, as a range with its basis; None where the price is not known. Nothing is sent.

    Raises:
        PluginError: the provider is not installed, or its plugin is broken.
    """
    return plan_of(config, request).expected_cost()


def list_providers() -> list[str]:
    """The names of the providers that are installed, sorted. No plugin is imported."""
    return registry.names()


def list_models(
    provider: str | None = None,
    *,
    kind: Literal["image", "video"] | None = None,
    status: Literal["current", "deprecated", "retired"] | None = None,
) -> list[ImageModel | VideoModel]:
    """The capability rows of one provider, or of all; no SDK is imported.

    A broken plugin has no rows here when all are listed; asked for by name it raises.

    Args:
        provider: only this one's.
        kind: only `image` or only `video` models.
        status: only models that stand there in their life today.

    Raises:
        PluginError: `provider` is not installed, or its plugin is broken.
    """
    today = datetime.now(UTC).date()
    return [
        row
        for row in _rows(provider)
        if (kind is None or isinstance(row, ImageModel if kind == "image" else VideoModel))
        and (status is None or row.lifecycle.status_on(today) == status)
    ]


def _rows(provider: str | None) -> list[ImageModel | VideoModel]:
    if provider is not None:
        spec = registry.spec(provider)
        return [*spec.image_models, *spec.video_models]
    rows: list[ImageModel | VideoModel] = []
    for name in registry.names():
        try:
            rows += _rows(name)
        except TarashError as error:
            logger.warning("%s has no rows here: %s", name, error)
    return rows


def register_plugin(plugin: object, *, replace: bool = False) -> Registration:
    """Registers a plugin of this process, for tests and notebooks.

    Args:
        plugin: a module or an object whose functions are marked with `hookimpl`.
        replace: take the place of a provider of the same name.

    Returns:
        What unregisters it again: `registration.unregister()`, or `with register_plugin(plugin): …`.

    Raises:
        PluginConflictError: a provider of that name is there already.
        PluginLoadError: the plugin is broken.
        PluginApiVersionError: it was written for another version of the contract.
    """
    return registry.register(plugin, replace=replace)
