"""`tarash compare`: one request on several models, and a page that shows the results side by side."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import App, Parameter

from tarash_gateway_cli.commands.image import ImageOptions
from tarash_gateway_cli.options import OUTPUT_GROUP, PROVIDER_GROUP, Flag, Json, Prompt, Tag, model_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tarash.tarash_gateway import Journal, RequestPlan
    from tarash_gateway_cli.comparison import ComparedModel
    from tarash_gateway_cli.output import Output

EXAMPLES: Final = """\
Examples:
  tarash compare "A harbour at night" -m openai/gpt-image-2 -m google/gemini-3-pro-image -n 2
  tarash compare "A harbour at night" -m openai/gpt-image-2 -m xai/grok-imagine-image --size 1536x1024 --dry-run"""

DEFAULT_IMAGE: Final = ImageOptions()

app = App(name="compare", help_epilogue=EXAMPLES)


@app.default
def compare(
    prompt: Prompt,
    /,
    *,
    model: Annotated[
        tuple[str, ...],
        Parameter(alias="-m", metavar="PROVIDER/MODEL", negative=(), group=PROVIDER_GROUP, completer=model_names),
    ],
    options: ImageOptions = DEFAULT_IMAGE,
    max_cost: Annotated[float | None, Parameter(metavar="DOLLARS", group=PROVIDER_GROUP)] = None,
    timeout: Annotated[float | None, Parameter(metavar="SECONDS", group=PROVIDER_GROUP)] = None,
    tag: Tag = None,  # noqa: ARG001 # reading it sets it
    output: Annotated[Path, Parameter(alias="-o", metavar="FOLDER", group=OUTPUT_GROUP)] = Path("comparison"),
    replace: Annotated[bool, Flag, Parameter(group=OUTPUT_GROUP)] = False,
    dry_run: Annotated[bool, Flag, Parameter(group=OUTPUT_GROUP)] = False,
    as_json: Json = False,
) -> int:
    """Generates images with several models, and a page that shows them side by side.

    Args:
        prompt: What is to be seen; - reads it from stdin.
        model: A model, such as openai/gpt-image-2. Give it again for more.
        options: The fields of the request. Each model gets the nearest values that it takes, and the page says so.
        max_cost: US dollars for all of them; what does not fit, or has no known price, is not sent.
        timeout: Seconds for each of them.
        tag: The project that the costs belong to, in `tarash costs`.
        output: The folder of the files and the page.
        replace: Write into a folder that has files in it.
        dry_run: Show what each model would get and cost; nothing leaves this machine.
        as_json: Print one JSON object on stdout, errors too.
    """
    from tarash.tarash_gateway import ModelLifecycleWarning
    from tarash.tarash_gateway.models import ImageGenerationConfig
    from tarash_gateway_cli.commands.image import build_request
    from tarash_gateway_cli.comparison import compare as run_comparison
    from tarash_gateway_cli.comparison import plan_comparison
    from tarash_gateway_cli.config import without_unset
    from tarash_gateway_cli.defaults import choose, split_model
    from tarash_gateway_cli.exit_codes import OK, exit_code
    from tarash_gateway_cli.generation import open_journal
    from tarash_gateway_cli.output import Output

    printer = Output(as_json=as_json)
    fields: dict[str, Any] = without_unset(timeout=timeout)
    choices = [choose("image", *split_model(text)) for text in model]
    configs = [ImageGenerationConfig(provider=choice.provider, model=choice.model, **fields) for choice in choices]
    for note in dict.fromkeys(note for choice in choices for note in choice.notes):
        printer.note(note, "cyan")
    request = build_request(prompt, options, configs[0], None)
    plans = [plan for _, plan in plan_comparison(configs, request)]
    _print_quote(printer, plans)
    if dry_run:
        printer.object({"models": [_plan_as_json(plan) for plan in plans]})
        printer.note("Nothing was sent.")
        return OK
    with open_journal() as journal, warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelLifecycleWarning)  # the quote has said it
        result = run_comparison(
            configs,
            request,
            output,
            max_cost=max_cost,
            replace=replace,
            on_result=partial(_print_model, printer, journal),
        )
    printer.path(result.page)
    printer.object(
        {
            "page": str(result.page),
            "cost": result.cost,
            "models": [_model_as_json(compared) for compared in result.models],
        }
    )
    errors = [compared.error for compared in result.models if compared.error is not None]
    return exit_code(errors[0]) if len(errors) == len(result.models) else OK


def _print_quote(output: Output, plans: Sequence[RequestPlan]) -> None:
    from tarash.tarash_gateway.capabilities.price import as_dollars

    for plan in plans:
        output.note(f"{plan.provider}/{plan.model}: {plan.cost or 'the price is known only afterwards'}")
        for line in (*plan.problems, *plan.adjustments, *plan.warnings):
            output.note(f"  {line}")
    costs = [plan.cost.high for plan in plans if plan.cost is not None]
    if costs:
        output.note(f"up to {as_dollars(sum(costs))} for the {len(costs)} of {len(plans)} whose price is known", "bold")


def _print_model(output: Output, journal: Journal, model: ComparedModel) -> None:
    from tarash.tarash_gateway.capabilities.price import as_dollars
    from tarash.tarash_gateway.models import Media
    from tarash_gateway_cli.results import note_saved

    cost = "" if model.cost is None else f", {as_dollars(model.cost)}"
    if model.error is not None:
        output.warn(f"{model.name}: {model.error}")
    else:
        output.note(f"{model.name}: {len(model.files)} in {model.seconds:.1f} s{cost}", "")
    files = [(Media.from_file(path), path) for path in model.files]
    noted = [] if model.response is None else note_saved(journal, model.response, files)
    for problem in (*model.problems, *noted):
        output.warn(problem)


def _plan_as_json(plan: RequestPlan) -> dict[str, Any]:
    return {
        "model": f"{plan.provider}/{plan.model}",
        "problems": [str(problem) for problem in plan.problems],
        "adjustments": [str(adjustment) for adjustment in plan.adjustments],
        "warnings": list(plan.warnings),
        "cost": None if plan.cost is None else plan.cost.model_dump(mode="json"),
    }


def _model_as_json(model: ComparedModel) -> dict[str, Any]:
    return {
        "model": model.name,
        "seconds": model.seconds,
        "cost": model.cost,
        "files": [str(path) for path in model.files],
        "changes": model.changes,
        "error": None if model.error is None else str(model.error),
    }
