"""One request on several models side by side: made at the same time within one budget, and shown on one page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tarash.tarash_gateway import Budget, RequestPlan, generate_image, generate_video, plan
from tarash.tarash_gateway.errors import SaveError, TarashError, ValidationError
from tarash.tarash_gateway.media.files import ending_of
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
)
from tarash.tarash_gateway.models.rescue import keep_broken
from tarash.tarash_gateway.plugins import expand_home
from tarash_gateway_cli.gallery import make_gallery
from tarash_gateway_cli.gallery.page import is_gallery
from tarash_gateway_cli.results import numbered_paths, save_images, save_sidecars

__all__ = ["ComparedModel", "Comparison", "compare", "plan_comparison"]

Config = ImageGenerationConfig | VideoGenerationConfig
Request = ImageGenerationRequest | VideoGenerationRequest


@dataclass(frozen=True, slots=True)
class ComparedModel:
    """What one model made of the request."""

    plan: RequestPlan
    """What was sent, with the adjustments, and what it was expected to cost."""

    seconds: float
    """From the call to its result or error."""

    response: ImageGenerationResponse | VideoGenerationResponse | None = None
    error: TarashError | None = None
    files: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()
    """Why a file is missing, is in another place, or has no sidecar."""

    @property
    def name(self) -> str:
        """Provider and model."""
        return f"{self.plan.provider}/{self.plan.model}"

    @property
    def cost(self) -> float | None:
        """US dollars; None where the cost is not known."""
        return None if self.response is None else self.response.cost

    @property
    def changes(self) -> list[str]:
        """What was changed or left out for this model, and what else to know."""
        source = self.plan if self.response is None else self.response
        return [*map(str, source.adjustments), *source.warnings, *self.problems]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The models of a comparison, in the order of their configs."""

    page: Path
    """The page that shows them side by side."""

    models: tuple[ComparedModel, ...]

    @property
    def cost(self) -> float:
        """US dollars of the calls whose cost is known."""
        return sum(model.cost or 0.0 for model in self.models)


def plan_comparison(configs: Sequence[Config], request: Request) -> list[tuple[Config, RequestPlan]]:
    """Shows what `compare` would do on each model. Nothing is sent.

    Returns:
        Each config as it is used, with its plan: a value that the model does not take becomes the nearest one.

    Raises:
        ValidationError: there is no config, or one is not of the request's kind.
        PluginError: a provider is not installed, or its plugin is broken.
    """
    if not configs:
        msg = "there is nothing to compare: give at least one config"
        raise ValidationError(msg)
    adjusted = [config.model_copy(update={"unsupported_values": "nearest", "fan_out": True}) for config in configs]
    return [(config, plan(config, request)) for config in adjusted]


def compare(
    configs: Sequence[Config],
    request: Request,
    folder: Path | str = "comparison",
    *,
    max_cost: float | None = None,
    title: str | None = None,
    replace: bool = False,
    on_result: Callable[[ComparedModel], None] | None = None,
) -> Comparison:
    """Sends one request to several models at the same time, and makes a page that shows the results side by side.

    Each model gets the nearest values that it takes; the page and the results say what was changed. An error of one
    model does not stop the others.

    Args:
        configs: the models; fallbacks are used as in any call.
        request: what each of them is to make.
        folder: where the files and the page go; made if it is not there.
        max_cost: US dollars for all of them together. A request that does not fit, or whose price is not known, is not
            sent; the others are.
        title: the page's title; the prompt's beginning where it is not given.
        replace: write into a folder that has files in it.
        on_result: called with each model as it is done.

    Returns:
        The page, and what each model made.

    Raises:
        ValidationError: there is no config, one is not of the request's kind, or `max_cost` is no positive number.
        PluginError: a provider is not installed, or its plugin is broken.
        SaveError: the folder cannot be written, or has files in it.
    """
    planned = plan_comparison(configs, request)
    folder = _empty_folder(expand_home(folder), replace=replace)
    done: dict[int, ComparedModel] = {}
    with nullcontext() if max_cost is None else Budget(max_cost), ThreadPoolExecutor(len(planned)) as threads:
        # Each thread in a context of its own, with the budget and the journal of this one.
        futures = {
            threads.submit(copy_context().run, _make, config, model_plan, request, folder / stem): number
            for number, ((config, model_plan), stem) in enumerate(zip(planned, _stems(planned), strict=True))
        }
        for future in as_completed(futures):
            model = done[futures[future]] = future.result()
            if on_result is not None:
                on_result(model)
    models = tuple(done[number] for number in range(len(planned)))
    shown = {"prompt": request.prompt, "models": [_column(model, folder) for model in models]}
    heading = title or " ".join(request.prompt.split())[:80]
    return Comparison(make_gallery(folder, title=heading, comparison=shown), models)


def _empty_folder(folder: Path, *, replace: bool) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not replace and any(folder.iterdir()):
            msg = f"{folder} has files in it: give another folder, or replace=True to write into it. Nothing was sent."
            raise SaveError(msg)
        page = folder / "index.html"
        if page.exists() and not is_gallery(page):
            msg = f"{page} is there and is no gallery: move it, or give another folder. Nothing was sent."
            raise SaveError(msg)
    except OSError as error:
        msg = f"{folder} cannot be written: {error.strerror}. Nothing was sent."
        raise SaveError(msg, errno=error.errno) from error
    return folder


def _stems(planned: Sequence[tuple[Config, RequestPlan]]) -> Iterator[str]:
    """File names without an ending: the model's, numbered where it is there twice."""
    counts: dict[str, int] = {}
    for _, model_plan in planned:
        stem = re.sub(r"[^A-Za-z0-9.]+", "-", f"{model_plan.provider}-{model_plan.model}").strip("-.")
        counts[stem] = counts.get(stem, 0) + 1
        yield stem if counts[stem] == 1 else f"{stem}+{counts[stem]}"


def _make(config: Config, model_plan: RequestPlan, request: Request, place: Path) -> ComparedModel:
    began = time.monotonic()
    response: Any = None
    try:
        if isinstance(config, ImageGenerationConfig) and isinstance(request, ImageGenerationRequest):
            response = generate_image(config, request)
            seconds = time.monotonic() - began
            path = place.with_name(f"{place.name}{ending_of(response.images[0].content_type)}")
            saved = save_images(response.images, numbered_paths(path, len(response.images)), "replace")
        else:
            path = place.with_name(f"{place.name}.mp4")
            response = generate_video(config, request, save_to=path, exists="replace")  # type: ignore[arg-type] # the plan has compared their kinds
            seconds = time.monotonic() - began
            saved = save_sidecars(response.videos, path, "replace")
    except TarashError as error:
        keep_broken(error, place)
        return ComparedModel(model_plan, time.monotonic() - began, response, error)
    files = tuple(path for _, path in saved.files)
    return ComparedModel(model_plan, seconds, response, files=files, problems=tuple(saved.problems))


def _column(model: ComparedModel, folder: Path) -> dict[str, Any]:
    """What the page shows of a model."""
    column = {
        "provider": model.plan.provider,
        "model": model.plan.model,
        "seconds": round(model.seconds, 2),
        "cost": model.cost,
        "expected": None if model.plan.cost is None else str(model.plan.cost),
        "files": [path.relative_to(folder).as_posix() for path in model.files if path.is_relative_to(folder)],
        "changes": model.changes,
        "error": None if model.error is None else str(model.error),
        "billable": None if model.error is None else model.error.billable,
    }
    return {name: value for name, value in column.items() if value is not None}
