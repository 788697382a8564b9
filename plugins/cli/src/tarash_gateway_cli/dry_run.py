"""`--dry-run`: what would be sent, what is wrong with it, what is changed on the way, and what it may cost."""

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


def preview(
    output: Output,
    config: ImageGenerationConfig | VideoGenerationConfig,
    request: ImageGenerationRequest | VideoGenerationRequest,
    *,
    stream: bool = False,
) -> int:
    """Shows what would happen. Nothing is sent, fetched or written.

    Returns:
        The exit code: that of a request that cannot be right, where it has problems.
    """
    plan = plan_of(config, request, stream=stream)
    sent = _sent(plan)
    cost = plan.expected_cost()
    warnings = [*plan.notices, *plan.checked.warnings]
    output.object(
        {
            "dry_run": True,
            "provider": config.provider,
            "model": plan.model,
            "request": sent,
            "requests": _requests(plan),
            "problems": [problem_as_json(problem) for problem in plan.problems],
            "adjustments": [one.model_dump(mode="json") for one in plan.checked.adjustments],
            "left_out": plan.checked.left_out,
            "warnings": warnings,
            "estimated_cost": None if cost is None else cost.model_dump(mode="json"),
        }
    )
    output.show(_table(plan, sent, warnings))
    output.note("Nothing was sent.")
    return exit_code(ValidationError("")) if plan.problems else OK


def _requests(plan: Plan[Any]) -> int:
    return len(plan.checked.batches) if plan.config.fan_out else 1


def _sent(plan: Plan[Any]) -> dict[str, Any]:
    """The request as it would go out, with addresses in place of what would have to be fetched."""
    here = [one for one in plan.images if isinstance(one, InputFile)]
    mask = plan.mask if isinstance(plan.mask, InputFile) else None
    sent = request_snapshot(plan.checked.request, here, mask)
    remote = [{"type": one.source.type, "url": one.url} for one in plan.images if not isinstance(one, InputFile)]
    if remote:
        sent["image_list"] = [*sent.get("image_list", []), *remote]
    return sent


def _table(plan: Plan[Any], sent: dict[str, Any], warnings: list[str]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")

    def add(label: str, text: object, style: str = "") -> None:
        table.add_row(Text(label), Text(str(text), style))

    add("to", plan.subject, "bold")
    for name, value in sent.items():
        add(name, value)
    for at, one in enumerate(plan.images):
        if isinstance(one, InputFile):
            add(f"picture {at + 1}", f"{one.content_type} {one.width}x{one.height}, {len(one.content):,} bytes")
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
