"""What there is and what would happen: providers, models, checks and costs. Nothing is sent."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Literal

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel, live
from tarash.tarash_gateway.capabilities.cost import CostEstimate
from tarash.tarash_gateway.capabilities.live import live_rows
from tarash.tarash_gateway.errors import Problem, TarashError
from tarash.tarash_gateway.flows.commands import Blocking, Flow, ProviderCall
from tarash.tarash_gateway.flows.driver import run, run_async
from tarash.tarash_gateway.flows.plan import RequestPlan, plan_of
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.models.job import MediaKind
from tarash.tarash_gateway.plugins._registry import Registration, registry
from tarash.tarash_gateway.plugins.provider import Provider

REFRESH_SECONDS = 30.0
"""Seconds that fetching a vendor's rows may take."""

logger = logging.getLogger("tarash.calls")


def plan(
    config: ImageGenerationConfig | VideoGenerationConfig,
    request: ImageGenerationRequest | VideoGenerationRequest,
    *,
    stream: bool = False,
) -> RequestPlan:
    """Shows what a call would do: its problems, what is changed or left out, what goes out, and what it may cost.

    Nothing is sent. What a call with the same config and request sends later is `plan(…).request`.

    Args:
        config: who would make it; of its chain only this one config is checked.
        request: what is to be made.
        stream: whether it would be streamed with `stream_image`.

    Raises:
        ValidationError: config and request are not of one kind.
        PluginError: the provider is not installed, or its plugin is broken.
    """
    return plan_of(config, request, stream=stream).summary()


def check_request(
    config: ImageGenerationConfig | VideoGenerationConfig,
    request: ImageGenerationRequest | VideoGenerationRequest,
) -> list[Problem]:
    """Lists the problems that would keep `request` from being sent, as `plan` does; empty when it is fine.

    Raises:
        PluginError: the provider is not installed, or its plugin is broken.
    """
    return list(plan_of(config, request).problems)


def estimate_cost(
    config: ImageGenerationConfig | VideoGenerationConfig, request: ImageGenerationRequest | VideoGenerationRequest
) -> CostEstimate | None:
    """Estimates what the call may cost, as `plan` does: a range with its basis; None where the price is not known.

    Raises:
        PluginError: the provider is not installed, or its plugin is broken.
    """
    return plan_of(config, request).expected_cost()


def list_providers() -> list[str]:
    """Lists the names of the providers that are installed, sorted. No plugin is imported."""
    return registry.names()


def list_models(
    provider: str | None = None,
    *,
    kind: MediaKind | None = None,
    status: Literal["current", "deprecated", "retired"] | None = None,
) -> list[ImageModel | VideoModel]:
    """Lists the capability rows of one provider, or of all; no SDK is imported.

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
        shipped: list[ImageModel | VideoModel] = [*spec.image_models, *spec.video_models]
        rows = {(type(row), row.model): row for row in shipped}
        if spec.live_models:
            rows |= {(type(row), row.model): row for row in live_rows(spec.name)}
        return list(rows.values())
    found: list[ImageModel | VideoModel] = []
    for name in registry.names():
        try:
            found += _rows(name)
        except TarashError as error:
            logger.warning("%s has no rows here: %s", name, error)
    return found


def refresh_models(config: ImageGenerationConfig | VideoGenerationConfig) -> list[ImageModel | VideoModel]:
    """Fetches the rows that a vendor publishes of its models, and keeps them in the user's cache folder.

    From then on requests are checked against them: for a day they may refuse a value, later they only convert.

    Args:
        config: which provider, and with which key where it wants one; the model does not matter.

    Returns:
        The rows.

    Raises:
        UnsupportedOperationError: the vendor publishes none.
        TarashError: they could not be fetched; what is in the cache stays.
    """
    return run(_refresh_flow(config))


async def refresh_models_async(config: ImageGenerationConfig | VideoGenerationConfig) -> list[ImageModel | VideoModel]:
    """The same as `refresh_models`, to be awaited."""
    return await run_async(_refresh_flow(config))


def _refresh_flow(
    config: ImageGenerationConfig | VideoGenerationConfig,
) -> Flow[list[ImageModel | VideoModel]]:
    name = registry.spec(config.provider).name
    provider = registry.create(config)
    rows = yield ProviderCall(provider, Provider.fetch_models).within(min(config.timeout, REFRESH_SECONDS))
    own = [row for row in rows if isinstance(row, (ImageModel, VideoModel))]
    yield Blocking(live.keep, name, own)
    return own


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
