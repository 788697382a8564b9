"""A plan: one config and one request, checked against the provider's rows before anything is sent."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from tarash.tarash_gateway.capabilities.check import Checked, check
from tarash.tarash_gateway.capabilities.cost import CostEstimate, estimate
from tarash.tarash_gateway.capabilities.lifecycle import ModelLifecycleWarning
from tarash.tarash_gateway.capabilities.lookup import find_row
from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.errors import Problem, TarashError, ValidationError
from tarash.tarash_gateway.flows.inputs import Input, load_inputs
from tarash.tarash_gateway.models.config import GenerationConfig, ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.models.request import (
    GenerationRequest,
    ImageGenerationRequest,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.models.response import Adjustment
from tarash.tarash_gateway.plugins._registry import PluginRegistry, registry
from tarash.tarash_gateway.plugins.provider import Provider
from tarash.tarash_gateway.plugins.spec import ProviderSpec

RequestT = TypeVar("RequestT", ImageGenerationRequest, VideoGenerationRequest)


logger = logging.getLogger("tarash.calls")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A config of a chain that cannot take the request, and why."""

    provider: str
    model: str
    error: TarashError


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """What `generate_image` or `generate_video` would do with a config and a request. Nothing was sent for it."""

    provider: str
    model: str
    """The model's name on the wire."""

    request: ImageGenerationRequest | VideoGenerationRequest
    """The request as it would go out."""

    requests: int
    """Creating requests that would be sent; more than 1 only with `fan_out`."""

    problems: tuple[Problem, ...]
    """What keeps the request from being sent; empty when it is fine."""

    adjustments: tuple[Adjustment, ...]
    """Values that would be sent otherwise than asked for."""

    left_out: tuple[str, ...]
    """Fields that the model does not have and that would not be sent, also where `unsupported="ignore"`."""

    warnings: tuple[str, ...]
    """What `response.warnings` would begin with: where the model stands in its life, and what is left out."""

    cost: CostEstimate | None
    """What the call may cost in US dollars; None where the price is not known."""


@dataclass(slots=True)
class Plan(Generic[RequestT]):
    """What will be sent, to whom, and what was changed on the way."""

    config: GenerationConfig
    spec: ProviderSpec
    model: str
    """The model's name on the wire."""

    row: ModelRow | None
    priced: ModelRow | None
    """The row, where it is this model's own: a provider's default row converts values and knows no price."""

    checked: Checked[RequestT]
    images: list[Input]
    mask: Input | None
    problems: list[Problem]
    make_provider: Callable[[], Provider]

    notices: list[str] = field(default_factory=list)
    """Warnings that are not about a field: a model's lifecycle."""

    _provider: Provider | None = None

    def open_provider(self) -> Provider:
        """Returns the provider, made when its turn comes, since that may import an SDK."""
        if self._provider is None:
            self._provider = self.make_provider()
        return self._provider

    @property
    def subject(self) -> str:
        """Provider and model, for the head of a message."""
        return f"{self.config.provider}/{self.model}"

    def refusal(self, *problems: Problem) -> ValidationError:
        """Makes the error that says why the request is not sent."""
        return ValidationError.of(self.subject, list(problems), provider=self.config.provider, model=self.model)

    def expected_cost(self) -> CostEstimate | None:
        """Estimates what the request may cost; None where the price is not known."""
        return estimate(self.checked.request, self.priced)

    def summary(self) -> RequestPlan:
        """Returns what a caller may know of the plan."""
        return RequestPlan(
            provider=self.config.provider,
            model=self.model,
            request=self.checked.request,
            requests=len(self.checked.batches) if self.config.fan_out else 1,
            problems=tuple(self.problems),
            adjustments=tuple(self.checked.adjustments),
            left_out=tuple(self.checked.left_out),
            warnings=(*self.notices, *self.checked.warnings),
            cost=self.expected_cost(),
        )

    def refuse_problems(self) -> None:
        """Stops here if the request cannot be right.

        Raises:
            ValidationError: with every problem at once.
        """
        if self.problems:
            raise self.refusal(*self.problems)


def make_plan(
    config: GenerationConfig, request: RequestT, registry: PluginRegistry, *, stream: bool = False
) -> Plan[RequestT]:
    """Checks `request` for `config`. Reads files that are at hand, fetches and sends nothing.

    Raises:
        PluginError: there is no such provider, or its plugin is broken.
    """
    spec = registry.spec(config.provider)
    row, refuses = find_row(config, spec)
    model = spec.wire_model(config.model)
    checked = check(
        request,
        row,
        refuses=refuses,
        model=model,
        unsupported=config.unsupported,
        unsupported_values=config.unsupported_values,
        fan_out=config.fan_out,
        stream=stream,
    )
    own: ModelRow | None = row if refuses else None
    images, mask, unreadable = load_inputs(checked.request, own)
    problems = checked.problems + unreadable + _cost_problem(config.max_cost, checked.request, own)
    notice = None if own is None else own.lifecycle.notice(model, datetime.now(UTC).date())
    notices = [notice] if notice else []
    create = partial(registry.create, config)
    return Plan(config, spec, model, row, own, checked, images, mask, problems, create, notices)


_warned: set[tuple[str, str]] = set()


def warn_of_lifecycle(plan: Plan[RequestT]) -> None:
    """Warns once for each process and model, before anything is sent: `-W error` must not lose what is paid."""
    key = (plan.config.provider, plan.model)
    if plan.notices and key not in _warned:
        _warned.add(key)
        for notice in plan.notices:
            warnings.warn(notice, ModelLifecycleWarning, stacklevel=_frames_of_ours())


def _frames_of_ours() -> int:
    """Counts how far up the caller's own line is: the warning points there."""
    here = str(Path(__file__).parent.parent)
    frame, level = sys._getframe(1), 1  # noqa: SLF001 # the documented way to a frame, and what warnings itself uses
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame, level = frame.f_back, level + 1
    return level


def _cost_problem(limit: float | None, request: GenerationRequest, row: ModelRow | None) -> list[Problem]:
    expected = None if limit is None else estimate(request, row)
    if limit is None or (expected is not None and expected.high <= limit):
        return []
    msg = "the price of this request is not known, so the limit cannot be kept; leave max_cost out"
    if expected is not None:
        amounts = f"up to {as_dollars(expected.high)}, the limit is {as_dollars(limit)}"
        msg = f"the request may cost {amounts}; raise it or ask for less"
    return [Problem("max_cost", msg, value=limit)]


def checked_chain(config: GenerationConfig, request: Any, *, stream: bool = False) -> list[Plan[Any] | Skipped]:
    """Checks every config of the chain before anything is sent; the first one must be able to take the request."""
    first = plan_of(config, request, stream=stream)
    first.refuse_problems()
    first.open_provider()
    chain: list[Plan[Any] | Skipped] = [first]
    for attempt, fallback in enumerate(_fallbacks(config), start=2):
        try:
            plan = plan_of(fallback, request, stream=stream)
            plan.refuse_problems()
            plan.checked.adjustments = [
                adjustment.model_copy(update={"attempt": attempt}) for adjustment in plan.checked.adjustments
            ]
            chain.append(plan)
        except TarashError as error:
            logger.warning("the fallback %s/%s is skipped: %s", fallback.provider, fallback.model, error)
            chain.append(Skipped(fallback.provider, fallback.model, error))
    for link in chain:
        if isinstance(link, Plan):
            warn_of_lifecycle(link)
            for warning in link.checked.warnings:
                logger.warning("%s: %s", link.subject, warning)
    return chain


def _fallbacks(config: GenerationConfig) -> Iterator[GenerationConfig]:
    """Yields the configs to try after this one; the fallbacks of a fallback come right behind it."""
    for link in config.fallback_configs:
        yield link
        yield from _fallbacks(link)


def plan_of(config: Any, request: Any, *, stream: bool = False) -> Plan[Any]:
    """Checks one config with one request. Nothing is sent.

    Raises:
        ValidationError: they are not of one kind.
        PluginError: the provider is not installed, or its plugin is broken.
    """
    for value, kinds in (
        (config, (ImageGenerationConfig, VideoGenerationConfig)),
        (request, (ImageGenerationRequest, VideoGenerationRequest)),
    ):
        if not isinstance(value, kinds):
            names = ", ".join(kind.__name__ for kind in kinds)
            msg = f"a {type(value).__name__} was given where one of {names} belongs"
            raise ValidationError(msg)
    if isinstance(config, ImageGenerationConfig) is not isinstance(request, ImageGenerationRequest):
        pair = f"{type(config).__name__} and {type(request).__name__}"
        msg = f"{pair} do not go together: use both of images or both of videos"
        raise ValidationError(msg)
    return make_plan(config, request, registry, stream=stream)
