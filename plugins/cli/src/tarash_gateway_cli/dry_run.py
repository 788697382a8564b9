"""`--dry-run`: prints what would be sent, its problems, its adjustments, and what it may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.flows.plan import Plan, plan_of
from tarash.tarash_gateway.flows.recording import request_snapshot
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.plugins import InputFile
from tarash_gateway_cli.errors import problem_as_json
from tarash_gateway_cli.exit_codes import OK, exit_code
from tarash_gateway_cli.output import Output

if TYPE_CHECKING:
    from rich.table import Table


def print_plan(
    output: Output,
    config: ImageGenerationConfig | VideoGenerationConfig,
    request: ImageGenerationRequest | VideoGenerationRequest,
    *,
    stream: bool = False,
) -> int:
    """Prints what would happen. Nothing is sent, fetched or written.

    Returns:
        The exit code: that of an invalid request if there are problems.
    """
    plan = plan_of(config, request, stream=stream)
    request_fields = _request_fields(plan)
    cost = plan.expected_cost()
    warnings = [*plan.notices, *plan.checked.warnings]
    output.object(
        {
            "dry_run": True,
            "provider": config.provider,
            "model": plan.model,
            "request": request_fields,
            "requests": _requests(plan),
            "problems": [problem_as_json(problem) for problem in plan.problems],
            "adjustments": [adjustment.model_dump(mode="json") for adjustment in plan.checked.adjustments],
            "left_out": plan.checked.left_out,
            "warnings": warnings,
            "estimated_cost": None if cost is None else cost.model_dump(mode="json"),
        }
    )
    output.show(_table(plan, request_fields, warnings))
    output.note("Nothing was sent.")
    return exit_code(ValidationError("")) if plan.problems else OK


def _requests(plan: Plan[Any]) -> int:
    return len(plan.checked.batches) if plan.config.fan_out else 1


def _request_fields(plan: Plan[Any]) -> dict[str, Any]:
    """Returns the request as it would be sent, with the addresses of files that would be fetched."""
    files = [image for image in plan.images if isinstance(image, InputFile)]
    mask = plan.mask if isinstance(plan.mask, InputFile) else None
    fields = request_snapshot(plan.checked.request, files, mask)
    remote = [
        {"type": image.source.type, "url": image.url} for image in plan.images if not isinstance(image, InputFile)
    ]
    if remote:
        fields["image_list"] = [*fields.get("image_list", []), *remote]
    return fields


def _table(plan: Plan[Any], request_fields: dict[str, Any], warnings: list[str]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")

    def add(label: str, text: object, style: str = "") -> None:
        table.add_row(Text(label), Text(str(text), style))

    add("to", plan.subject, "bold")
    for name, value in request_fields.items():
        add(name, value)
    for number, image in enumerate(plan.images, start=1):
        if isinstance(image, InputFile):
            size = f"{image.width}x{image.height}, {len(image.content):,} bytes"
            add(f"image {number}", f"{image.content_type} {size}")
    if _requests(plan) > 1:
        add("requests", _requests(plan))
    for adjustment in plan.checked.adjustments:
        add("changed", adjustment, "yellow")
    for warning in warnings:
        add("warning", warning, "yellow")
    for problem in plan.problems:
        add("problem", problem, "red")
    add("cost", plan.expected_cost() or "not known beforehand")
    return table
