"""What every function begins with: the registry, and a chain of configs checked before anything is sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from tarash.tarash_gateway.budget import blocks as budgets
from tarash.tarash_gateway.errors import TarashError, ValidationError
from tarash.tarash_gateway.flows.context import Around
from tarash.tarash_gateway.flows.fallback import Skipped
from tarash.tarash_gateway.flows.plan import Plan, make_plan, warn_of_lifecycle
from tarash.tarash_gateway.journal.active import active_journal
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.plugins.observers import Operation, observers
from tarash.tarash_gateway.plugins.registry import registry


def around(operation: Operation) -> Around:
    """What surrounds a call that begins now."""
    return Around(operation, active_journal(), budgets.all(), observed=bool(observers.active()))


logger = logging.getLogger("tarash.calls")


def checked_chain(config: GenerationConfig, request: Any, *, stream: bool = False) -> list[Plan[Any] | Skipped]:
    """Checks every config of the chain before anything is sent; the first one must be able to take the request."""
    first = plan_of(config, request, stream=stream)
    first.refuse_problems()
    provider = first.open_provider()
    first.open_provider = lambda: provider
    chain: list[Plan[Any] | Skipped] = [first]
    for link in _fallbacks(config):
        try:
            plan = plan_of(link, request, stream=stream)
            plan.refuse_problems()
            chain.append(plan)
        except TarashError as error:
            logger.warning("the fallback %s/%s is skipped: %s", link.provider, link.model, error)
            chain.append(Skipped(link.provider, link.model, error))
    for checked in chain:
        if isinstance(checked, Plan):
            warn_of_lifecycle(checked)
            for warning in checked.checked.warnings:
                logger.warning("%s: %s", checked.subject, warning)
    return chain


def _fallbacks(config: GenerationConfig) -> Iterator[GenerationConfig]:
    """The configs to try after this one; the fallbacks of a fallback come right behind it."""
    for link in config.fallback_configs:
        yield link
        yield from _fallbacks(link)


def plan_of(config: Any, request: Any, *, stream: bool = False) -> Plan[Any]:
    """Checks one config with one request. Nothing is sent.

    Raises:
        ValidationError: they are not of one kind.
        PluginError: the provider is not installed, or its plugin is broken.
    """
    for given, kinds in (
        (config, (ImageGenerationConfig, VideoGenerationConfig)),
        (request, (ImageGenerationRequest, VideoGenerationRequest)),
    ):
        if not isinstance(given, kinds):
            msg = (
                f"a {type(given).__name__} was given where one of {', '.join(kind.__name__ for kind in kinds)} belongs"
            )
            raise ValidationError(msg)
    if isinstance(config, ImageGenerationConfig) is not isinstance(request, ImageGenerationRequest):
        pair = f"{type(config).__name__} and {type(request).__name__}"
        msg = f"{pair} do not go together: use both of images or both of videos"
        raise ValidationError(msg)
    return make_plan(config, request, registry, stream=stream)
